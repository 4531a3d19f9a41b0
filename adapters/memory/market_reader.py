"""One channel of a venue for one-off reads, without a venue."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from domain.model.candle import Candle, CandleRun
from domain.model.error import UnknownMarket, UnsupportedRead, UpstreamUnavailable
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import OrderBook
from domain.model.trade import Trade
from domain.ports.clock import Clock

# The questions that are remembered; older ones are forgotten.
MAX_ASKED = 1_000


class MemoryMarketReader:
    """`MarketReader` that answers what it was given; all of it may change any time.

    While `down` holds a reason, every question raises `UpstreamUnavailable` with it,
    and with `retry_at_ms` where that is set. Each answer, good or not, takes
    `latency_s` of its clock, and none comes while `silent` is set. `unsupported` holds
    names of methods that this channel cannot answer; of candles at most `max_candles`
    at once, and none before an instant where `only_now`. `irregular` and `unusable`
    are what it says of each span's candles. `asked` are the last
    questions: the method's name, the markets, and how much of each.
    """

    def __init__(self, exchange: Exchange, channel: Channel, clock: Clock) -> None:
        self._exchange = exchange
        self._channel = channel
        self._clock = clock
        self._tickers: dict[str, QuoteUpdate] = {}
        self._books: dict[str, OrderBook] = {}
        self._candles: dict[tuple[str, Interval], dict[int, Candle]] = {}
        self._trades: dict[str, Sequence[Trade]] = {}
        self._markets: set[str] = set()
        self.down: str | None = None
        self.retry_at_ms: int | None = None
        self.latency_s = 0.0
        self.silent = False
        self.unsupported: set[str] = set()
        self.max_candles: int | None = None
        self.only_now = False
        self.irregular = 0
        self.unusable = 0
        self.asked: deque[tuple[str, str, int]] = deque(maxlen=MAX_ASKED)

    # What the venue has

    def list(self, *markets: str) -> None:
        """List markets of which nothing is told yet."""
        self._markets.update(markets)

    def set_ticker(self, update: QuoteUpdate) -> None:
        """Set the latest ticker of a market."""
        self.list(update.market)
        self._tickers[update.market] = update

    def set_order_book(self, book: OrderBook) -> None:
        """Set the book of a market."""
        self.list(book.market)
        self._books[book.market] = book

    def set_candles(self, candles: Iterable[Candle]) -> None:
        """Add candles, in place of those of the same market, interval and opening."""
        for candle in candles:
            self.list(candle.market)
            known = self._candles.setdefault((candle.market, candle.interval), {})
            known[candle.opened_ms] = candle

    def set_trades(self, market: str, trades: Iterable[Trade]) -> None:
        """Set the last trades of a market."""
        self.list(market)
        self._trades[market] = sorted(trades, key=lambda trade: trade.at_ms)

    # What it answers

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._exchange

    @property
    def channel(self) -> Channel:
        """How it asks: REST or WEBSOCKET."""
        return self._channel

    async def tickers(self, markets: Collection[str]) -> Sequence[QuoteUpdate]:
        """Return the latest ticker of each market that has one."""
        await self._ask("tickers", markets, len(markets))
        return [self._tickers[code] for code in markets if code in self._tickers]

    async def order_books(
        self, markets: Collection[str], depth: int
    ) -> Sequence[OrderBook]:
        """Return the book of each market that has one."""
        await self._ask("order_books", markets, depth)
        books = (self._books[code] for code in markets if code in self._books)
        return [
            replace(book, bids=book.bids[:depth], asks=book.asks[:depth])
            for book in books
        ]

    async def candles(
        self,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
    ) -> Sequence[Candle]:
        """Return the last candles opened before an instant, ascending."""
        most = self.max_candles
        too_many = most is not None and count > most
        if too_many or (self.only_now and before_ms is not None):
            self.asked.append(("candles", market, count))
            raise UnsupportedRead(f"no such candles by {self._channel}")
        await self._ask("candles", [market], count)
        known = self._candles.get((market, interval), {})
        opened = sorted(at for at in known if before_ms is None or at < before_ms)
        return [known[at] for at in opened[-count:]]

    async def past_candles(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Return the candles of a span; `asked` tells how many openings it has."""
        many = -(-(to_ms - from_ms) // interval.length_ms)
        if self.only_now or (self.max_candles is not None and many > self.max_candles):
            self.asked.append(("past_candles", market, many))
            raise UnsupportedRead(f"no such candles by {self._channel}")
        await self._ask("past_candles", [market], many)
        known = self._candles.get((market, interval), {})
        opened = sorted(at for at in known if from_ms <= at < to_ms)
        candles = tuple(known[at] for at in opened)
        return CandleRun(candles, None, self.irregular, self.unusable)

    async def trades(self, market: str, count: int) -> Sequence[Trade]:
        """Return the last trades, oldest first."""
        await self._ask("trades", [market], count)
        return self._trades.get(market, ())[-count:]

    async def _ask(self, question: str, markets: Collection[str], many: int) -> None:
        self.asked.append((question, " ".join(markets), many))
        if question in self.unsupported:
            raise UnsupportedRead(f"no {question} by {self._channel}")
        if self.silent:
            await asyncio.Event().wait()
        if self.latency_s:
            await self._clock.sleep(self.latency_s)
        if self.down is not None:
            raise self._failure(self.down)
        for market in markets:
            if market not in self._markets:
                raise UnknownMarket(self._exchange, market)

    def _failure(self, reason: str) -> UpstreamUnavailable:
        side = "rest" if self._channel is Channel.REST else "stream"
        found = UpstreamUnavailable(f"{self._exchange.lower()}.{side}", reason)
        found.retry_at_ms = self.retry_at_ms
        return found
