"""Strawberry's decorators with types: they return `Any`, and methods would lose theirs.

What is decorated becomes a field of the schema, no longer callable from Python.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import strawberry

P = ParamSpec("P")
S = TypeVar("S")
R = TypeVar("R")

Method = Callable[Concatenate[S, P], R]


def resolver(
    description: str, name: str | None = None
) -> Callable[[Method[S, P, R]], Method[S, P, R]]:
    """Make a method a field; `name` where camel case does not give the right one."""
    decorator: Any = strawberry.field(description=description, name=name)
    return cast("Callable[[Method[S, P, R]], Method[S, P, R]]", decorator)


def watcher(
    description: str,
) -> Callable[[Method[S, P, AsyncIterator[R]]], Method[S, P, AsyncIterator[R]]]:
    """Make a method a subscription field."""
    decorator: Any = strawberry.subscription(description=description)
    return decorator  # type: ignore[no-any-return]  # what strawberry returns
