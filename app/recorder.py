"""Connects to the venues as the live server does, so that all of it can be recorded.

The tap of the factory sees every byte; what is decoded here only tells which markets
to watch, and is let go.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from app.upstream import Rate, Venue
from domain.model.catalog import reconcile
from domain.model.coin import DOMESTIC, GLOBAL
from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedEvent
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, VenueMarket
from domain.ports.clock import Clock
from domain.services.market_service import markets_of

# Answers come before frames in a recording, but no dead upstream holds it up longer.
START_PATIENCE_S: Final = 15.0
LIST_REFRESH_S: Final = 3_600.0
# A replay answers REST questions with what is at most this old.
QUOTES_REFRESH_S: Final = 300.0
RETRY_S: Final = 5.0
# Without these there is no KRW-USDT and no KRW-USDC basis.
ALWAYS: Final = frozenset({"USDT", "USDC"})
_QUOTE: Final = dict((DOMESTIC, GLOBAL))

_log = logging.getLogger(__name__)

Markets = Mapping[Exchange, frozenset[str]]


def chosen_markets(
    heard: Mapping[Exchange, Sequence[VenueMarket]],
    symbols: Collection[str] | None,
    identity: IdentityTable,
    now: datetime,
) -> Markets:
    """Return the markets to watch: those of the board, or those of some coins.

    `symbols` are of coins, None: all. Without the domestic venue's list nobody knows
    the board: every market in the venue's main currency is taken then.
    """
    wanted = None if symbols is None else frozenset(symbols) | ALWAYS
    coins = [
        coin
        for coin in reconcile((), heard, identity, now).coins.values()
        if wanted is None or coin.symbol in wanted
    ]
    found = {exchange: frozenset(markets_of(coins, exchange)) for exchange in heard}
    if Exchange.UPBIT not in heard:
        for exchange, markets in heard.items():
            found[exchange] = frozenset(
                each.market
                for each in markets
                if each.quote == _QUOTE[exchange]
                and (wanted is None or each.base_symbol in wanted)
            )
    return found


class _Question:
    """Something asked again and again; soon where the last answer failed."""

    def __init__(
        self, name: str, ask: Callable[[], Awaitable[bool]], every_s: float
    ) -> None:
        self.name = name
        self._ask = ask
        self._every_s = every_s
        self._answered = False

    async def put(self) -> None:
        """Ask once; no answer is a line in the log."""
        try:
            self._answered = await self._ask()
        except UpstreamUnavailable as exc:
            self._answered = False
            _log.warning(
                "record.unanswered", extra={"what": self.name, "why": str(exc)}
            )

    async def repeat(self, clock: Clock) -> None:
        """Ask for ever; the first time was at the start."""
        while True:
            await clock.sleep(self._every_s if self._answered else RETRY_S)
            await self.put()


class Recorder:
    """Runs the streams of the venues and asks what a server asks at its start."""

    def __init__(
        self,
        venues: Collection[Venue],
        rates: Collection[Rate],
        identity: IdentityTable,
        clock: Clock,
        symbols: Collection[str] | None = None,
    ) -> None:
        self.watched: Markets = {}
        self._venues = {venue.source.exchange: venue for venue in venues}
        self._rates = rates
        self._identity = identity
        self._clock = clock
        self._symbols = symbols
        self._heard: dict[Exchange, Sequence[VenueMarket]] = {}
        self._lists = [
            _Question(
                f"{each.lower()}.lists", partial(self._list, each), LIST_REFRESH_S
            )
            for each in self._venues
        ]
        self._quotes = [
            _Question(
                f"{each.lower()}.quotes", partial(self._quote, each), QUOTES_REFRESH_S
            )
            for each in self._venues
        ]
        self._rate_questions = [
            _Question(
                f"fx.{rate.source.name}",
                partial(_rate, rate),
                rate.source.poll_interval_s,
            )
            for rate in rates
        ]

    async def run(self) -> None:
        """Record until cancelled; a venue that is away is tried for ever."""
        try:
            await self._ask_first()
            async with asyncio.TaskGroup() as group:
                for exchange, venue in self._venues.items():
                    name = f"{exchange.lower()}.stream"
                    group.create_task(venue.stream.run(_let_go), name=name)
                for each in (*self._lists, *self._quotes, *self._rate_questions):
                    group.create_task(each.repeat(self._clock), name=each.name)
        finally:
            for venue in self._venues.values():
                await venue.close()
            for rate in self._rates:
                await rate.http.close()

    async def _ask_first(self) -> None:
        """Ask everything once, within a time limit; the rest follows when it can."""
        try:
            async with asyncio.timeout(START_PATIENCE_S):
                asking = (*self._lists, *self._rate_questions)
                await asyncio.gather(*(each.put() for each in asking))
                await asyncio.gather(*(each.put() for each in self._quotes))
        except TimeoutError:
            _log.warning("record.start_slow", extra={"waited_s": START_PATIENCE_S})

    async def _list(self, exchange: Exchange) -> bool:
        self._heard[exchange] = await self._venues[exchange].source.markets()
        self._watch()
        return True

    async def _quote(self, exchange: Exchange) -> bool:
        watched = self.watched.get(exchange)
        if watched:
            await self._venues[exchange].source.quotes(watched)
        return bool(watched)

    def _watch(self) -> None:
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        self.watched = chosen_markets(self._heard, self._symbols, self._identity, now)
        for exchange, markets in self.watched.items():
            if not markets:
                _log.warning("record.no_market", extra={"venue": exchange.lower()})
            self._venues[exchange].stream.watch(markets)


async def _rate(rate: Rate) -> bool:
    await rate.source.latest()
    return True


def _let_go(event: FeedEvent) -> None:
    """The tap has it already."""
