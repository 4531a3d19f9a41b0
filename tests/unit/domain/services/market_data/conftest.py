"""A venue with two channels, its live board, and the one entry point over them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from adapters.memory.clock import DEFAULT_NOW_MS, FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from domain.model.board import PremiumBoard
from domain.model.candle import Candle
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxSourcePlan
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, MarketKey
from domain.model.order_book import BookLevel, OrderBook
from domain.model.route import RoutePolicy
from domain.model.trade import Side, Trade
from domain.services.channel_race import Patience
from domain.services.channel_router import ChannelRouter
from domain.services.market_data_service import MarketDataService

T = TypeVar("T")
MINUTE = 60_000
LIMIT_S = 5.0
# The clock stands at the begin of a minute; the running candle has opened just now.
NOW = DEFAULT_NOW_MS
BTC = "KRW-BTC"
ETH = "KRW-ETH"


def candle(minute: int, close: int = 100, closed: bool = True) -> Candle:
    """Return a one-minute candle of KRW-BTC, counted from now."""
    price = Decimal(close)
    return Candle(
        BTC,
        Interval.M1,
        NOW + minute * MINUTE,
        *(price, price, price, price, Decimal(1), price),
        closed=closed,
    )


def book(price: int, market: str = BTC, depth: int = 30) -> OrderBook:
    """Return a book around a price."""
    levels = [BookLevel(Decimal(price + at), Decimal(1)) for at in range(depth)]
    bids = [BookLevel(Decimal(price - at - 1), Decimal(1)) for at in range(depth)]
    return OrderBook(market, NOW, tuple(bids), tuple(levels))


def trade(number: int, price: int = 100) -> Trade:
    """Return a trade of KRW-BTC."""
    return Trade(BTC, str(number), NOW + number, Decimal(price), Decimal(1), Side.BUY)


def quote(market: str, price: int) -> QuoteUpdate:
    """Return a ticker stamped now."""
    return QuoteUpdate(market, Decimal(price), NOW)


def count(reader: MemoryMarketReader) -> int:
    """Return how many questions a channel was asked."""
    return len(reader.asked)


@dataclass
class World:
    """One venue with everything a test may turn."""

    clock: FakeClock
    board: PremiumBoard
    rest: MemoryMarketReader
    stream: MemoryMarketReader
    data: MarketDataService
    draws: list[float] = field(default_factory=list)
    listed: set[str] | None = None

    def draw(self) -> float:
        """Return the next random number."""
        return self.draws.pop(0) if self.draws else 0.0

    def lists(self, key: MarketKey) -> bool | None:
        """Say whether the venue lists a market."""
        return None if self.listed is None else key.market in self.listed

    def go_live(self, **prices: int) -> None:
        """Bring the stream up and let it tell of markets."""
        for symbol in prices:
            key = MarketKey(Exchange.UPBIT, f"KRW-{symbol}")
            self.board.book.watch(key, Decimal(1))
        at_s = self.clock.monotonic()
        self.board.observe(FeedUp(Exchange.UPBIT, Channel.WEBSOCKET, at_s))
        updates = (quote(f"KRW-{symbol}", price) for symbol, price in prices.items())
        self.board.observe(
            FeedBatch(
                Exchange.UPBIT,
                Channel.WEBSOCKET,
                self.clock.now_ms(),
                at_s,
                tuple(updates),
            )
        )

    async def after(self, seconds: float, asked: Coroutine[Any, Any, T]) -> T:
        """Let time pass while a question is under way, and return its answer."""
        task = asyncio.create_task(asked)
        await self.clock.advance(seconds)
        async with asyncio.timeout(LIMIT_S):
            return await task


def asked(reader: MemoryMarketReader) -> list[str]:
    """Return the questions a channel was asked."""
    return [question for question, _, _ in reader.asked]


def filled(reader: MemoryMarketReader, price: int) -> MemoryMarketReader:
    """Give a channel something to tell of: the price tells whose answer it was."""
    for market in (BTC, ETH):
        reader.set_ticker(quote(market, price))
        reader.set_order_book(book(price, market))
    reader.set_candles(candle(at, price) for at in range(-300, 0))
    reader.set_candles([candle(0, price, closed=False)])
    reader.set_trades(BTC, [trade(at, price) for at in range(10)])
    return reader


REST_PRICE, STREAM_PRICE = 1_000, 2_000


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Both channels work; the stream has the running candle only, as venues do."""
    clock = FakeClock()
    board = PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)]))
    rest = filled(MemoryMarketReader(Exchange.UPBIT, Channel.REST, clock), REST_PRICE)
    stream = filled(
        MemoryMarketReader(Exchange.UPBIT, Channel.WEBSOCKET, clock), STREAM_PRICE
    )
    stream.max_candles, stream.only_now = 1, True
    made: World
    router = ChannelRouter(
        [rest, stream], clock, lambda: made.draw(), RoutePolicy(), Patience()
    )
    data = MarketDataService(router, board, lambda key: made.lists(key), clock)
    made = World(clock, board, rest, stream, data)
    yield made
    await data.close()
