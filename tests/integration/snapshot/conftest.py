"""Keepers of snapshots on a real Postgres, in a hurry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from adapters.memory.market_reader import MemoryMarketReader
from adapters.postgres.database import Database
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from domain.model.board import PremiumBoard
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.services.board_service import BoardService
from domain.services.snapshot_service import SnapshotService

SYMBOLS = [f"C{number:03}" for number in range(60)]


class HastyClock:
    """A clock that sleeps by setting itself ahead: nobody waits, order stays."""

    def __init__(self, now_ms: int | None = None) -> None:
        self._base_ms = round(time.time() * 1000) if now_ms is None else now_ms
        self._slept_s = 0.0

    def now_ms(self) -> int:
        """Return Unix time in milliseconds, UTC."""
        return self._base_ms + round(self._slept_s * 1000)

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return 1000.0 + self._slept_s

    async def sleep(self, seconds: float) -> None:
        """Set the clock ahead and let others run."""
        self._slept_s += max(0.0, seconds)
        await asyncio.sleep(0)  # lets others run

    def set_now_ms(self, now_ms: int) -> None:
        """Set the wall clock."""
        self._base_ms = now_ms - round(self._slept_s * 1000)


class Server:
    """One server's board, its keeper of snapshots and its own way to the database."""

    def __init__(self, url: str, clock: HastyClock, venues: Venues) -> None:
        self.clock = clock
        self.database = Database(url)
        self.store = PostgresSnapshotStore(self.database)
        plans = [FxSourcePlan("dunamu", 60.0)]
        self.board = BoardService(PremiumBoard(FxChain(plans)), clock)
        self.service = SnapshotService(
            self.store,
            self.board,
            venues.readers.values(),
            venues.calendar,
            IdentityTable([]),
            clock,
        )
        coins = [coin_of(symbol) for symbol in SYMBOLS]
        self.board.set_coins(coins)
        self.service.set_coins(coins)

    def go_live(self, rate: str = "1300") -> None:
        """Bring both streams up, with a rate."""
        for exchange in Exchange:
            up = FeedUp(exchange, Channel.WEBSOCKET, self.clock.monotonic())
            self.board.observe(up)
        quote = FxQuote("dunamu", Decimal(rate), self.clock.now_ms())
        self.board.answer_rate(quote)

    def trade(self, price: str, at_ms: int) -> None:
        """Let every market trade at an instant, and publish it."""
        for exchange, make in ((Exchange.UPBIT, krw), (Exchange.BINANCE, usdt)):
            updates = (QuoteUpdate(make(s), Decimal(price), at_ms) for s in SYMBOLS)
            batch = FeedBatch(
                exchange,
                Channel.WEBSOCKET,
                self.clock.now_ms(),
                self.clock.monotonic(),
                tuple(updates),
            )
            self.board.observe(batch)
        self.board.tick()

    async def take(self) -> None:
        """Look at the clock and store what is due."""
        self.service.taker.watch()
        assert await self.service.taker.save()


class Venues:
    """What the venues' record and the dated rates say."""

    def __init__(self, clock: HastyClock) -> None:
        self.readers = {
            exchange: MemoryMarketReader(exchange, Channel.REST, clock)
            for exchange in Exchange
        }

    async def calendar(self, from_day: date, to_day: date) -> RateCalendar:
        """Return a rate of every day."""
        days = (to_day - from_day).days + 1
        return RateCalendar(
            DailyRate(from_day + timedelta(days=number), Decimal(1311), "frankfurter")
            for number in range(days)
        )

    def record(self, price: str, ends_ms: int, interval: Interval) -> None:
        """Put a candle of every market that ends at an instant."""
        for exchange, make in ((Exchange.UPBIT, krw), (Exchange.BINANCE, usdt)):
            self.readers[exchange].set_candles(
                _candle(make(symbol), price, ends_ms, interval) for symbol in SYMBOLS
            )


def krw(symbol: str) -> str:
    """Return Upbit's code."""
    return f"KRW-{symbol}"


def usdt(symbol: str) -> str:
    """Return Binance's code."""
    return f"{symbol}USDT"


def coin_of(symbol: str) -> Coin:
    """Return a coin with both markets."""
    upbit = Listing(Exchange.UPBIT, krw(symbol), symbol, "KRW")
    binance = Listing(Exchange.BINANCE, usdt(symbol), symbol, "USDT")
    return Coin(symbol, f"{symbol} 코인", symbol, (upbit, binance))


def _candle(market: str, close: str, ends_ms: int, interval: Interval) -> Candle:
    price, opened_ms = Decimal(close), ends_ms - interval.length_ms
    return Candle(
        market, interval, opened_ms, price, price, price, price, Decimal(1), price
    )


MakeServer = Callable[[HastyClock, Venues], Server]


@pytest.fixture
async def serve(postgres_url: str) -> AsyncIterator[MakeServer]:
    """Starts servers on one database, each with connections of its own."""
    started: list[Server] = []

    def make(clock: HastyClock, venues: Venues) -> Server:
        started.append(Server(postgres_url, clock, venues))
        return started[-1]

    yield make
    for server in started:
        await server.database.close()
