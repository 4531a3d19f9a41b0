"""The one entry point for one-off reads of market data.

Each question is put to the channel that the table of `domain.model.route` chooses,
measured, answered by the other channel or by the stored value where that one fails,
and tells the channel it was served by. A forced channel is honoured: no other one and
no stored value answers for it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TypeVar

from domain.model.board import PremiumBoard
from domain.model.candle_series import CandleSeries, span_of
from domain.model.error import (
    InvalidArgument,
    UnknownMarket,
    UnsupportedRead,
    UpstreamUnavailable,
)
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, MarketKey
from domain.model.order_book import OrderBook
from domain.model.quote import Quote
from domain.model.route import Decision, Question, ReadKind
from domain.model.shelf import Shelf
from domain.model.trade import Trade
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader
from domain.services.cache import Cache, CacheReporter
from domain.services.candle_reading import CandleLimits, CandleReading
from domain.services.channel_line import ChannelLine
from domain.services.channel_router import ChannelRouter, RouteStats, Served
from domain.services.ticker_reading import TickerReading

MAX_MARKETS = 200
MAX_DEPTH = 30
MAX_CANDLES = 1_000
MAX_TRADES = 500

T = TypeVar("T")
Lists = Callable[[MarketKey], bool | None]
BookKey = tuple[MarketKey, Channel, int]


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How long answers are good, in seconds, and how many are kept.

    At `max_kept` the value that was not asked for longest goes.
    """

    order_book_ttl_s: float = 1.0
    max_kept: int = 1_000
    candles: CandleLimits = field(default_factory=CandleLimits)


class MarketDataService:
    """Tickers, order books, candles and trades, per unit of the venue's market.

    `lists` tells whether a venue lists a market; None: nobody knows yet, the venue
    will say. Every read raises `InvalidArgument` (with the argument's name in the
    API), `UnknownMarket`, and `UpstreamUnavailable` where no channel answers in time
    and nothing is stored.
    """

    def __init__(
        self,
        router: ChannelRouter,
        board: PremiumBoard,
        lists: Lists,
        clock: Clock,
        limits: ReadLimits | None = None,
    ) -> None:
        limits = limits or ReadLimits()
        self._router = router
        self._board = board
        self._lists = lists
        self._clock = clock
        self._tickers = TickerReading(router, board, clock)
        self._candles = CandleReading(router, clock, limits.candles)
        self._books: Cache[BookKey, OrderBook] = Cache(
            "order_books",
            ttl_s=limits.order_book_ttl_s,
            max_entries=limits.max_kept,
            clock=clock,
        )
        self._kept_books: Shelf[MarketKey, OrderBook] = Shelf(
            ttl_s=inf, max_entries=limits.max_kept
        )
        self._kept_trades: Shelf[MarketKey, tuple[Trade, ...]] = Shelf(
            ttl_s=inf, max_entries=limits.max_kept
        )

    @property
    def stats(self) -> RouteStats:
        """Decisions, answers, calls and failures since the start."""
        return self._router.stats

    @property
    def caches(self) -> Sequence[CacheReporter]:
        """The caches, for metrics."""
        return (self._books, *self._candles.caches)

    async def close(self) -> None:
        """End what is under way."""
        await self._router.close()

    def subscription(self, exchange: Exchange) -> Decision:
        """Return the channels for a live subscription; counted and logged."""
        return self._router.decide(exchange, Question(ReadKind.SUBSCRIPTION))

    async def tickers(
        self,
        exchange: Exchange,
        markets: Collection[str],
        forced: Channel | None = None,
    ) -> list[Quote]:
        """Return the tickers (per venue unit) in the order asked, each market once.

        A market of which no price is known is left out.
        """
        if len(markets) > MAX_MARKETS:
            raise InvalidArgument("markets", f"may hold 0 to {MAX_MARKETS} markets")
        found = (self._key(exchange, market) for market in markets)
        keys = list(dict.fromkeys(found))
        with _supported(exchange, forced):
            tickers = await self._tickers.read(exchange, keys, forced)
        return [tickers[key] for key in keys if key in tickers]

    async def order_book(
        self,
        exchange: Exchange,
        market: str,
        depth: int,
        forced: Channel | None = None,
    ) -> Served[OrderBook]:
        """Return the book of a market with at most `depth` levels a side (1..30)."""
        _check("depth", depth, MAX_DEPTH)
        key = self._key(exchange, market)
        read = partial(self._book_by, key, depth)
        fresh = None if forced else self._fresh_book(key, depth)
        served = fresh or await self._ask(
            key, ReadKind.ORDER_BOOK, read, self._kept_books, forced
        )
        book = served.value
        cut = OrderBook(book.market, book.at_ms, book.bids[:depth], book.asks[:depth])
        return Served(cut, served.channel)

    async def candles(
        self,
        exchange: Exchange,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
        forced: Channel | None = None,
    ) -> CandleSeries:
        """Return the last candles (1..1000) opened before an instant, ascending.

        `before_ms` is Unix ms, exclusive; None: now, with the one still running.
        """
        _check("first", count, MAX_CANDLES)
        key = self._key(exchange, market)
        now_ms = self._clock.now_ms() - self._board.skew_ms(exchange)
        span = span_of(exchange, key.market, interval, count, before_ms, now_ms)
        with _supported(exchange, forced):
            return await self._candles.read(span, forced)

    async def trades(
        self,
        exchange: Exchange,
        market: str,
        count: int,
        forced: Channel | None = None,
    ) -> Served[tuple[Trade, ...]]:
        """Return the last trades (1..500), oldest first."""
        _check("first", count, MAX_TRADES)
        key = self._key(exchange, market)
        read = partial(self._trades_by, key, count)
        served = await self._ask(key, ReadKind.TRADES, read, self._kept_trades, forced)
        return Served(served.value[-count:], served.channel)

    # How

    def _key(self, exchange: Exchange, market: str) -> MarketKey:
        """Return the market asked for; the venues' codes are in capitals."""
        key = MarketKey(exchange, market.upper())
        if self._lists(key) is False:
            raise UnknownMarket(exchange, market)
        return key

    async def _ask(
        self,
        key: MarketKey,
        kind: ReadKind,
        read: Callable[[ChannelLine], Awaitable[T]],
        kept: Shelf[MarketKey, T],
        forced: Channel | None,
    ) -> Served[T]:
        """Put a question about one market; what is answered is kept."""
        decision = self._router.decide(key.exchange, Question(kind, 1, forced))

        async def keep(line: ChannelLine) -> T:
            value = await read(line)
            kept.put(key, value, self._clock.monotonic())
            return value

        def stored() -> Served[T] | None:
            found = None if forced else kept.look(key, self._clock.monotonic())
            return None if found is None else Served(found.value, Channel.CACHE)

        with _supported(key.exchange, forced):
            return await self._router.ask(
                key.exchange, kind, decision.channels, keep, stored
            )

    def _fresh_book(self, key: MarketKey, depth: int) -> Served[OrderBook] | None:
        """Return a cached book of whichever channel, without asking anybody."""
        for channel in (Channel.WEBSOCKET, Channel.REST):
            cached = (key, channel, _levels(channel, depth))
            book = self._books.hit(cached)
            if book is not None:
                return Served(book, channel)
        return None

    async def _book_by(
        self, key: MarketKey, depth: int, line: ChannelLine
    ) -> OrderBook:
        levels = _levels(line.channel, depth)

        async def read(reader: MarketReader) -> OrderBook:
            for book in await reader.order_books([key.market], levels):
                if book.market == key.market:
                    return book
            raise UpstreamUnavailable(line.name, f"told no order book of {key.market}")

        load = partial(line.call, ReadKind.ORDER_BOOK, read)
        return await self._books.get((key, line.channel, levels), load)

    async def _trades_by(
        self, key: MarketKey, count: int, line: ChannelLine
    ) -> tuple[Trade, ...]:
        async def read(reader: MarketReader) -> tuple[Trade, ...]:
            return tuple(await reader.trades(key.market, count))

        return await line.call(ReadKind.TRADES, read)


def _levels(channel: Channel, depth: int) -> int:
    """Return the levels to ask for: one answer of REST serves every depth."""
    return MAX_DEPTH if channel is Channel.REST else depth


def _check(argument: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        passed = most if value > most else None
        raise InvalidArgument(argument, f"must be 1 to {most}", passed)


@contextmanager
def _supported(exchange: Exchange, forced: Channel | None) -> Iterator[None]:
    """Say in the asker's words that no channel can answer such a question."""
    try:
        yield
    except UnsupportedRead as exc:
        if forced is None:
            why = "has no channel for such a question"
            raise UpstreamUnavailable(exchange.lower(), why) from exc
        problem = f"{forced} cannot answer this at {exchange}; AUTO or another one may"
        raise InvalidArgument("channel", problem) from exc
