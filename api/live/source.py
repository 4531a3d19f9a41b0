"""What a live subscription watches, said in data: so that a group can watch at once."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from api.moment import Moment
from domain.model.premium_query import PremiumFilter

D = TypeVar("D")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BoardWatch:
    """The board under a filter, at most one event in `throttle_ms`."""

    wanted: PremiumFilter
    throttle_ms: int


@dataclass(frozen=True, slots=True)
class CoinWatch:
    """One coin on the board (canonical symbol), at most one event in `throttle_ms`."""

    symbol: str
    throttle_ms: int


Watch = BoardWatch | CoinWatch


class LiveSource(Generic[D, T]):
    """The source of a subscription's events, for one subscriber or for a group.

    Iterated, it is the ordinary stream of one subscriber (`events`). The engine reads
    `watch` instead, and `form` where it needs an event in its GraphQL form.
    """

    def __init__(
        self,
        watch: Watch,
        events: Callable[[], AsyncGenerator[T, None]],
        form: Callable[[D, Moment], T],
    ) -> None:
        self.watch = watch
        self.form = form
        self._events = events

    def __aiter__(self) -> AsyncGenerator[T, None]:
        """Begin the stream of one subscriber."""
        return self._events()
