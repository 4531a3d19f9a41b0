"""A healer of gaps over memory, and venues that traded what they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.candle_archive import MemoryCandleArchive
from adapters.memory.clock import FakeClock
from adapters.memory.market_reader import MemoryMarketReader
from adapters.memory.store import MemoryStore
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import DailyRate
from domain.model.error import UpstreamUnavailable
from domain.model.fx import PremiumBasis
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.model.snapshot import utc_day
from domain.services.bar_filler import BarFiller, Filled
from domain.services.bar_maker import BarMaker, BarTask
from domain.services.gap_service import (
    GapService,
    GapView,
)
from domain.services.rate_book import GivenRates

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Noon and ten seconds; the newest minute that counts opened at 11:57.
NOW = round(datetime(2026, 11, 20, 12, 0, 10, tzinfo=UTC).timestamp() * 1000)
LAST = NOW - 10_000 - 3 * MINUTE
RATES = GivenRates([DailyRate(utc_day(NOW - 40 * DAY), Decimal(1300), "csv")])


def coin(symbol: str, *, until: datetime | None = None) -> Coin:
    return Coin(
        symbol,
        symbol,
        symbol,
        (
            Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW"),
            Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", until=until),
        ),
    )


def minute(symbol: str, opened_ms: int) -> Bar:
    told = BasisBar(*(Decimal(1),) * 5, 1, Quality.LIVE)
    return Bar(
        symbol,
        Interval.M1,
        opened_ms,
        Decimal(1),
        Decimal(1),
        {PremiumBasis.OFFICIAL_FX: told},
        BarOrigin.LIVE,
        "dunamu",
        opened_ms,
    )


class Filler:
    """The real filler, with every task remembered and failures on demand."""

    def __init__(self, filler: BarFiller, clock: FakeClock) -> None:
        self._filler = filler
        self._clock = clock
        self.takes_s = 0.0
        self.tasks: list[BarTask] = []
        self.failing: set[str] = set()
        self.retry_at_ms: int | None = None

    async def fill(self, task: BarTask) -> Filled:
        self.tasks.append(task)
        await self._clock.sleep(self.takes_s)
        if task.symbol in self.failing:
            error = UpstreamUnavailable("upbit.rest", "out of order")
            error.retry_at_ms = self.retry_at_ms
            raise error
        return await self._filler.fill(task)


class Kit:
    """A healer over memory; both venues have a candle of every minute asked for."""

    def __init__(self, heal_days: int = 2) -> None:
        self.clock = FakeClock(NOW)
        self.upbit = MemoryMarketReader(Exchange.UPBIT, Channel.REST, self.clock)
        self.binance = MemoryMarketReader(Exchange.BINANCE, Channel.REST, self.clock)
        self.store = MemoryStore()
        self.bars = MemoryBarStore(self.store)
        maker = BarMaker(self.upbit, self.binance)
        archive = MemoryCandleArchive(self.store)
        self.filler = Filler(BarFiller(maker, self.bars, archive, RATES), self.clock)
        self.coins: list[Coin] = []
        self.unsure: set[str] = set()
        self.behind = False
        self.service = GapService(
            self.filler,
            self.bars,
            GapView(
                lambda: self.coins,
                IdentityTable([]),
                self.unsure.__contains__,
                lambda: self.behind,
            ),
            self.clock,
            heal_days=heal_days,
        )

    async def record(self, symbol: str, minutes: Iterable[int]) -> None:
        """Record minutes, counted back from the newest that counts (0)."""
        await self.bars.write_live(
            [minute(symbol, LAST - back * MINUTE) for back in minutes]
        )

    def trade(self, symbol: str, minutes: Iterable[int]) -> None:
        backs = list(minutes)
        for reader, market in (
            (self.upbit, f"KRW-{symbol}"),
            (self.binance, f"{symbol}USDT"),
        ):
            reader.list(market)
            reader.set_candles(
                Candle(
                    market,
                    Interval.M1,
                    LAST - back * MINUTE,
                    *(Decimal(1300 if reader is self.upbit else 1),) * 4,
                    Decimal(1),
                    Decimal(1),
                )
                for back in backs
            )

    async def look(self, step_s: float = 0.25) -> bool:
        """Look once, letting as much time pass as that takes, in steps."""
        looking = asyncio.create_task(self.service.look())
        async with asyncio.timeout(20):
            while not looking.done():
                await self.clock.advance(step_s)
        return await looking

    async def origins(self, symbol: str, backs: Sequence[int]) -> list[BarOrigin]:
        at = [LAST - back * MINUTE for back in backs]
        kept = self.store.bars.minutes.get(symbol, {})
        return [kept[each].origin for each in at if each in kept]


@pytest.fixture
def kit() -> Kit:
    return Kit()
