"""Strawberry's decorators with types: they return `Any`, and methods would lose theirs.

What is decorated becomes a field of the schema, no longer callable from Python.
"""

from collections.abc import AsyncIterable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import strawberry

P = ParamSpec("P")
S = TypeVar("S")
R = TypeVar("R")

Method = Callable[Concatenate[S, P], R]
MOVING = "kimp-moving"
"""Where a field says that its value moves on while its object stays the same."""


def resolver(
    description: str, name: str | None = None, *, moving: bool = False
) -> Callable[[Method[S, P, R]], Method[S, P, R]]:
    """Make a method a field; `name` where camel case does not give the right one.

    `moving`: it reads the clock or the board, so it is asked anew at each sending.
    """
    metadata = {MOVING: True} if moving else {}
    decorator: Any = strawberry.field(
        description=description, name=name, metadata=metadata
    )
    return cast("Callable[[Method[S, P, R]], Method[S, P, R]]", decorator)


def watcher(
    description: str,
) -> Callable[[Method[S, P, AsyncIterable[R]]], Method[S, P, AsyncIterable[R]]]:
    """Make a method a subscription field."""
    decorator: Any = strawberry.subscription(description=description)
    return decorator  # type: ignore[no-any-return]  # what strawberry returns
