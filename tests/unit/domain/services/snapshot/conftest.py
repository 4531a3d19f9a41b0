"""A small market an hour before a Seoul date change, and who keeps its snapshots."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from adapters.memory.market_reader import MemoryMarketReader
from adapters.memory.snapshot_store import MemorySnapshotStore
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.fx import FxQuote
from domain.model.identity import IdentityRow, IdentityTable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.snapshot import DailySnapshot, taken_ms
from domain.services.snapshot_service import SnapshotService

if TYPE_CHECKING:
    from tests.unit.domain.services.conftest import World

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
CHANGE = taken_ms(DAY)
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
DAY_MS = 24 * HOUR_MS
CURATED = ("BTC", "ETH")
SIX_MINUTES_S = 360.0


@dataclass
class Scene:
    """Two servers' worth of services over one store, and venues that answer."""

    world: World
    store: MemorySnapshotStore
    readers: dict[Exchange, MemoryMarketReader]
    identity: IdentityTable
    rates: list[DailyRate] = field(default_factory=list)
    rates_down: str | None = None
    rates_asked: list[tuple[date, date]] = field(default_factory=list)
    skew_ms: int = 0

    def serve(self) -> SnapshotService:
        """Start another server on the same board and store."""
        service = SnapshotService(
            self.store,
            self.world.board,
            self.readers.values(),
            self.calendar,
            self.identity,
            self.world.clock,
            skew_ms=lambda: self.skew_ms,
        )
        service.set_coins(self.world.coins)
        return service

    async def calendar(self, from_day: date, to_day: date) -> RateCalendar:
        """Tell the dated rates of a span."""
        self.rates_asked.append((from_day, to_day))
        if self.rates_down is not None:
            raise UpstreamUnavailable("fx.frankfurter", self.rates_down)
        return RateCalendar(self.rates)

    # What happens

    def set_coins(self, service: SnapshotService, *coins: Coin) -> None:
        """Let the catalogue be these coins."""
        self.world.coins[:] = coins
        self.world.board.set_coins(coins)
        service.set_coins(coins)

    def set_now(self, from_change_ms: int) -> None:
        """Set both clocks on to so long after the change (before it: negative)."""
        self.world.clock.set_now_ms(CHANGE + from_change_ms)

    def rate(self, won: str) -> None:
        """Let the source tell a rate now."""
        clock = self.world.clock
        told = FxQuote("dunamu", Decimal(won), clock.now_ms())
        self.world.board.answer_rate(told)

    def trade(self, market: str, price: str, from_change_ms: int) -> None:
        """Let a trade of an instant arrive now, and no tick yet."""
        update = QuoteUpdate(market, Decimal(price), CHANGE + from_change_ms)
        self.message(market, update)

    def message(self, market: str, update: QuoteUpdate) -> None:
        """Let a message arrive now, and no tick yet."""
        exchange = Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE
        clock = self.world.clock
        batch = FeedBatch(
            exchange, Channel.WEBSOCKET, clock.now_ms(), clock.monotonic(), (update,)
        )
        self.world.board.observe(batch)

    def tick(self) -> None:
        """Publish what has arrived."""
        self.world.board.tick()

    async def turn(self, service: SnapshotService) -> bool:
        """Let a server look at its clock and write."""
        service.taker.watch()
        return await service.taker.save()

    async def change_date(self, service: SnapshotService, from_change_ms: int) -> None:
        """Let the date change pass under the eyes of a server."""
        self.set_now(from_change_ms)
        await self.turn(service)

    # What the venues' record says

    def candle(
        self,
        market: str,
        close: str,
        ends_ms: int = CHANGE,
        interval: Interval = Interval.M1,
        *,
        closed: bool = True,
    ) -> None:
        """Put a candle that ends at an instant into the venue's record."""
        exchange = Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE
        price = Decimal(close)
        opened_ms = ends_ms - interval.length_ms
        made = Candle(
            market,
            interval,
            opened_ms,
            price,
            price,
            price,
            price,
            Decimal(1),
            price,
            closed,
        )
        self.readers[exchange].set_candles([made])

    def record(self, krw: str, usdt: str, ends_ms: int = CHANGE) -> None:
        """Put the minute before an instant of every coin into the record."""
        for coin in self.world.coins:
            self.candle(f"KRW-{coin.symbol}", krw, ends_ms)
            self.candle(f"{coin.symbol}USDT", usdt, ends_ms)

    @property
    def asked(self) -> int:
        """How many questions both venues were put."""
        return sum(len(reader.asked) for reader in self.readers.values())

    # What is stored

    async def row(self, symbol: str = "BTC", day: date = DAY) -> DailySnapshot:
        """Return a stored row."""
        rows = await self.store.of_day(day, 1000)
        return next(row for row in rows if row.symbol == symbol)

    async def prove(self, service: SnapshotService) -> bool:
        """Let a server ask the venues for as long as it takes, up to an hour."""
        task = asyncio.create_task(service.prove())
        clock = self.world.clock
        for _ in range(3600):
            await clock.settle()
            if task.done():
                break
            await clock.advance(1.0)
        return await task


def coin_of(symbol: str, *, multiplier: int = 1, has_global: bool = True) -> Coin:
    """Return a coin with a KRW market, and a global one where it has one."""
    base = symbol if multiplier == 1 else f"{multiplier}{symbol}"
    listings = [Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW")]
    if has_global:
        size = Decimal(multiplier)
        listings.append(
            Listing(Exchange.BINANCE, f"{base}USDT", base, "USDT", multiplier=size)
        )
    return Coin(symbol, f"{symbol} 코인", symbol.title(), tuple(listings))


def days(count: int, first: date = DAY) -> list[date]:
    """Return days in a row."""
    return [first + timedelta(days=number) for number in range(count)]


@pytest.fixture
def scene(world: World) -> Scene:
    """An hour before the change, with prices that are live."""
    world.clock.set_now_ms(CHANGE - HOUR_MS)
    return Scene(
        world,
        MemorySnapshotStore(),
        {
            exchange: MemoryMarketReader(exchange, Channel.REST, world.clock)
            for exchange in Exchange
        },
        IdentityTable(
            [
                IdentityRow(exchange, symbol, symbol)
                for exchange in Exchange
                for symbol in CURATED
            ]
            + [IdentityRow(Exchange.BINANCE, "1000SATS", "SATS", Decimal(1000))]
        ),
    )
