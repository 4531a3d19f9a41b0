"""Traces of what was done: which part of an answer took how long.

The implementation is chosen where the server is composed. Without one nothing is
traced, and a span costs two empty calls.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final, Protocol, TypeAlias

Attribute: TypeAlias = str | int | float | bool


class Span(Protocol):
    """Something that is being done."""

    def set(self, name: str, value: Attribute) -> None:
        """Add what became known meanwhile."""
        ...


class Tracer(Protocol):
    """Where spans go. Names and attributes hold no text that a client sent."""

    @property
    def is_on(self) -> bool:
        """Whether spans go anywhere: attributes that cost are made only then."""
        ...

    def span(
        self,
        name: str,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> AbstractContextManager[Span]:
        """Return a span around a block; spans begun inside are parts of it.

        `parent` is a W3C `traceparent` header; without one the span around this one
        is the parent.
        """
        ...

    def record(
        self,
        name: str,
        duration_s: float,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> None:
        """Tell of something that ends now, for what no block can enclose."""
        ...


class _Nothing:
    """A span, a block and a tracer that leave no trace."""

    is_on = False

    def set(self, name: str, value: Attribute) -> None:
        """Do nothing."""

    def span(
        self,
        name: str,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> "_Nothing":
        """Return a block that does nothing."""
        return self

    def record(
        self,
        name: str,
        duration_s: float,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> None:
        """Do nothing."""

    def __enter__(self) -> "_Nothing":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


NO_TRACER: Final[Tracer] = _Nothing()
