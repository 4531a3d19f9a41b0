"""A backfill over a filler that makes what it is told to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.clock import DEFAULT_NOW_MS, FakeClock
from adapters.memory.store import MemoryStore
from domain.model.backfill_plan import BackfillSpan
from domain.model.bar import Bar, BarOrigin, BasisBar, Hole, HoleReason
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import PremiumBasis
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.market import Exchange, Quality
from domain.model.snapshot import utc_day
from domain.services.backfill_service import BackfillService
from domain.services.bar_filler import Filled
from domain.services.bar_maker import BarTask

ONE = Decimal(1)
# Nine days that ended two months before the clock's now.
SPAN = BackfillSpan(Interval.D1, date(2025, 11, 1), date(2025, 11, 9))
# A rate that every day uses.
RATES = RateCalendar([DailyRate(date(2017, 1, 2), Decimal(1300), "frankfurter")])


def coin_of(symbol: str, *, paired: bool = True) -> Coin:
    listings = [Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True)]
    if paired:
        listings.append(
            Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True)
        )
    return Coin(symbol, symbol, symbol, tuple(listings))


def bar_of(task: BarTask, opened_ms: int, percent: int, rate: DailyRate) -> Bar:
    value = Decimal(percent)
    basis = BasisBar(value, value, value, value, rate.rate, 1, Quality.LIVE, minutes=0)
    return Bar(
        task.symbol,
        task.interval,
        opened_ms,
        ONE,
        ONE,
        {PremiumBasis.OFFICIAL_FX: basis},
        BarOrigin.BACKFILLED,
        rate.source,
        rate.as_of_ms,
    )


@dataclass
class FakeFiller:
    """Writes a bar for every opening, or a hole where the venues have no candle.

    The first `unusable` openings have neither, because a row could not be read.
    `failures` are raised one after the other before anything is done; `broken` are
    symbols that always fail; `before` is called with each task.
    """

    store: MemoryBarStore
    no_candle: set[tuple[str, int]] = field(default_factory=set)
    rates: RateCalendar = RATES
    unusable: int = 0
    percent: int = 1
    failures: list[Exception] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    tasks: list[BarTask] = field(default_factory=list)
    before: Callable[[BarTask], None] = lambda task: None

    async def fill(self, task: BarTask) -> Filled:
        self.tasks.append(task)
        self.before(task)
        if task.symbol in self.broken:
            raise self.broken[task.symbol]
        if self.failures:
            raise self.failures.pop(0)
        step_ms = task.interval.length_ms
        bars, holes = [], []
        for opened_ms in range(task.from_ms, task.to_ms, step_ms):
            reason = self._lacks(task.symbol, opened_ms)
            rate = self.rates.on(utc_day(opened_ms))
            if reason is None and rate is not None:
                bars.append(bar_of(task, opened_ms, self.percent, rate))
            else:
                ends_ms = opened_ms + step_ms
                holes.append(
                    Hole(
                        task.symbol,
                        task.interval,
                        opened_ms,
                        ends_ms,
                        reason or HoleReason.NO_RATE,
                    )
                )
        if self.unusable:
            bars, holes = bars[self.unusable :], []
        written = await self.store.write_backfilled(bars)
        await self.store.write_holes(holes)
        return Filled(
            written, len(holes), len(bars), 2 * len(bars), 1, unusable=self.unusable
        )

    def _lacks(self, symbol: str, opened_ms: int) -> HoleReason | None:
        if (symbol, opened_ms) in self.no_candle:
            return HoleReason.NO_DOMESTIC_CANDLE
        return None

    def asked(self) -> Sequence[tuple[str, int, int]]:
        return [(task.symbol, task.from_ms, task.to_ms) for task in self.tasks]


@dataclass
class Bench:
    """Everything a run needs; each `service` is a command that is started anew."""

    clock: FakeClock
    kept: MemoryStore
    store: MemoryBarStore
    filler: FakeFiller
    identity: IdentityTable = field(default_factory=lambda: IdentityTable([]))

    def service(self, **options: float) -> BackfillService:
        return BackfillService(
            self.filler,
            self.store,
            self.identity,
            self.clock,
            **options,  # type: ignore[arg-type] # in_flight is whole where it is given
        )

    def given(self, rates: RateCalendar) -> BackfillService:
        """Return a run with a file of rates."""
        self.filler.rates = rates
        return BackfillService(
            self.filler, self.store, self.identity, self.clock, given=rates
        )


@pytest.fixture
def bench() -> Bench:
    kept = MemoryStore()
    store = MemoryBarStore(kept)
    assert SPAN.to_ms < DEFAULT_NOW_MS
    return Bench(FakeClock(), kept, store, FakeFiller(store))
