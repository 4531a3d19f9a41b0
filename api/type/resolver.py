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
READY = "kimp-ready"
"""Where a root field says what gives its domain value without waiting."""


def resolver(
    description: str,
    name: str | None = None,
    *,
    moving: bool = False,
    ready: Callable[..., object] | None = None,
) -> Callable[[Method[S, P, R]], Method[S, P, R]]:
    """Make a method a field; `name` where camel case does not give the right one.

    `moving`: it reads the clock or the board, so it is asked anew at each sending.
    `ready`: a root's, which gives its domain value without waiting (see `api.ready`).
    """
    metadata: dict[str, object] = {MOVING: True} if moving else {}
    if ready is not None:
        metadata[READY] = ready
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
