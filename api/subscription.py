"""What can be watched."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing
from typing import Annotated, TypeVar, cast

import strawberry
from strawberry import UNSET

from api.argument import (
    BOARD_THROTTLE_MS,
    COIN_THROTTLE_MS,
    premium_filter,
    throttle_ms,
)
from api.context import ApiContext
from api.live.source import BoardWatch, CoinWatch, LiveSource, Watch
from api.moment import Moment
from api.query import ContextInfo, Symbol
from api.type.filter import PremiumFilter
from api.type.health import Health
from api.type.premium import Premium
from api.type.resolver import watcher
from api.type.update import PremiumsUpdate
from domain.model.error import UnknownCoin
from domain.model.pace import MAX_THROTTLE_MS, MIN_THROTTLE_MS

D = TypeVar("D")
T = TypeVar("T")
Throttle = Annotated[
    int | None,
    strawberry.argument(
        name="throttleMs",
        description=(
            "At most one event in so many milliseconds, "
            f"{MIN_THROTTLE_MS} to {MAX_THROTTLE_MS}, rounded up to a multiple of "
            "100; changes meanwhile are merged, none is lost."
        ),
    ),
]


@strawberry.type(description="What can be watched.")
class Subscription:
    """The subscription root.

    Arguments are checked before the stream begins, so that what is wrong with them
    ends the operation with one `error` instead of an empty event.
    """

    @watcher("The board: all that matches at first, then what changes.")
    def premiums(
        self,
        info: ContextInfo,
        wanted: Annotated[
            PremiumFilter | None,
            strawberry.argument(
                name="filter", description="Conditions; all hold at once."
            ),
        ] = UNSET,
        throttle: Throttle = BOARD_THROTTLE_MS,
    ) -> AsyncIterable[PremiumsUpdate]:
        """Watch the board."""
        least_ms = info.context.deps.limits.throttle_ms
        pace = throttle_ms(throttle, BOARD_THROTTLE_MS, least_ms)
        watch = BoardWatch(premium_filter(wanted), pace)
        events = info.context.deps.watch.premiums(watch.wanted, pace)
        return live(watch, events, PremiumsUpdate.from_domain, info.context)

    @watcher(
        "One coin, now and after every change; ends when it leaves the board. An "
        "unknown symbol is one error, NOT_FOUND."
    )
    def premium(
        self,
        info: ContextInfo,
        symbol: Symbol,
        throttle: Throttle = COIN_THROTTLE_MS,
    ) -> AsyncIterable[Premium]:
        """Watch one coin."""
        context = info.context
        least_ms = context.deps.limits.throttle_ms
        pace = throttle_ms(throttle, COIN_THROTTLE_MS, least_ms)
        if context.moment().board.premium(symbol.upper()) is None:
            raise UnknownCoin(symbol)
        watch = CoinWatch(symbol.upper(), pace)
        events = context.deps.watch.premium(symbol, pace)
        return live(watch, events, Premium.from_domain, context)

    @watcher(
        "The health now, then whenever a status, breaker or channel changes; at "
        "most once a second."
    )
    def health(self, info: ContextInfo) -> AsyncIterator[Health]:
        """Watch the health."""
        return told(info.context.deps.health.watch(), Health.from_domain)


def live(
    watch: Watch,
    events: AsyncIterator[D],
    form: Callable[[D, Moment], T],
    context: ApiContext,
) -> LiveSource[D, T]:
    """Return a source that one subscriber may iterate, or the engine read."""

    def ordinary() -> AsyncGenerator[T, None]:
        context.subscribed()
        return told(events, lambda event: form(event, context.moment()))

    return LiveSource(watch, ordinary, form)


async def told(
    events: AsyncIterator[D], form: Callable[[D], T]
) -> AsyncGenerator[T, None]:
    """Yield each event in its GraphQL form, made when it is about to be sent.

    The source is closed together with this generator, not when it is collected.
    """
    async with aclosing(cast("AsyncGenerator[D, None]", events)) as source:
        async for event in source:
            yield _formed(form, event)


def _formed(form: Callable[[D], T], event: D) -> T:
    """Return an event in its form; a failure takes the event's place, not the stream's.

    graphql-core raises an exception that it is given as a value: it becomes the error
    of this event, masked as every other.
    """
    try:
        return form(event)
    except Exception as exc:  # noqa: BLE001 (told and logged where results are finished)
        return cast("T", exc)
