"""The world of the API tests with a past."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.snapshot_store import MemorySnapshotStore
from domain.model.bar import Bar, BarOrigin, BasisBar, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.premium import compute
from domain.ports.bar_history import BarQuery, CloseStats
from domain.services.day_trail import DayTrail
from domain.services.history_service import HistoryService

MINUTE = 60_000
DAY = 86_400_000
RATES = {
    PremiumBasis.OFFICIAL_FX: Decimal(1300),
    PremiumBasis.KRW_USDT: Decimal(1310),
}


def _minute(
    symbol: str,
    opened_ms: int,
    krw: str,
    usdt: str = "40000",
    quality: Quality = Quality.LIVE,
    rates: Mapping[PremiumBasis, Decimal] = RATES,
    **more: Any,
) -> Bar:
    """Return a minute without movement."""
    domestic, dollars = Decimal(krw), Decimal(usdt)
    bases = {}
    for basis, rate in rates.items():
        percent = compute(domestic, dollars, rate).percent
        bases[basis] = BasisBar(percent, percent, percent, percent, rate, 3, quality, 1)
    more.setdefault("fx_source", "dunamu")
    more.setdefault("fx_as_of_ms", opened_ms - MINUTE)
    interval = more.pop("interval", Interval.M1)
    origin = more.pop("origin", BarOrigin.LIVE)
    return Bar(symbol, interval, opened_ms, domestic, dollars, bases, origin, **more)


class AskedBarHistory(MemoryBarHistory):
    """The twin of the database's; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []

    async def bars(self, query: BarQuery) -> Sequence[PremiumBar]:
        self.asked.append(("bars", query))
        return await super().bars(query)

    async def minutes_at(
        self, at_ms: int, back_ms: int, symbols: Collection[str]
    ) -> Sequence[Bar]:
        self.asked.append(("minutes_at", at_ms, back_ms, tuple(symbols)))
        return await super().minutes_at(at_ms, back_ms, symbols)

    async def closes(
        self, from_ms: int, *more: Any
    ) -> Mapping[str, Sequence[tuple[int, Decimal]]]:
        self.asked.append(("closes", from_ms, *more))
        return await super().closes(from_ms, *more)

    async def stats(
        self, values: Mapping[str, Decimal], *more: Any
    ) -> Mapping[str, CloseStats]:
        self.asked.append(("stats", dict(values), *more))
        return await super().stats(values, *more)


@dataclass
class Past:
    """What the world's history stands on."""

    history: AskedBarHistory
    snapshots: MemorySnapshotStore
    trail: DayTrail
    service: HistoryService

    def put(self, *bars: Bar) -> None:
        """Keep bars."""
        book = self.history.store.bars
        for bar in bars:
            if bar.interval is Interval.M1:
                kept = book.minutes.setdefault(bar.symbol, {})
            else:
                kept = book.made.setdefault((bar.symbol, bar.interval), {})
            kept[bar.opened_ms] = bar

    @property
    def minutes(self) -> list[Bar]:
        """Every minute that is kept."""
        kept = self.history.store.bars.minutes.values()
        return [bar for minutes in kept for bar in minutes.values()]

    def lose(self, *opened_ms: int) -> None:
        """Keep minutes of these openings no longer."""
        for kept in self.history.store.bars.minutes.values():
            for at_ms in opened_ms:
                kept.pop(at_ms, None)

    def asked(self, kind: str) -> list[tuple[Any, ...]]:
        """Return the questions of a kind."""
        return [question for question in self.history.asked if question[0] == kind]


@pytest.fixture
async def past(world: Any) -> AsyncIterator[Past]:
    """Give the world an empty past."""
    history = AskedBarHistory()
    trail = DayTrail(history, world.clock)
    snapshots = MemorySnapshotStore()
    service = HistoryService(history, snapshots, trail, world.clock)
    world.deps = replace(world.deps, history=service)
    yield Past(history, snapshots, trail, service)
    await service.close()


@pytest.fixture
def minute() -> Callable[..., Bar]:
    """Return the maker of bars without movement."""
    return _minute
