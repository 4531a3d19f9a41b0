"""The world of the API tests with a past."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import fmean, pstdev
from typing import Any

import pytest

from adapters.memory.snapshot_store import MemorySnapshotStore
from domain.model.bar import Bar, BarOrigin, BasisBar, PremiumBar
from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
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


@dataclass
class FakeBarHistory:
    """`BarHistory` over bars that are put there; counts what it is asked."""

    kept: list[Bar] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    is_away: bool = False

    def _ask(self, *question: Any) -> None:
        self.asked.append(question)
        if self.is_away:
            raise StoreUnavailable("away")

    async def bars(self, query: BarQuery) -> Sequence[PremiumBar]:
        self._ask("bars", query)
        found = [
            _on_basis(bar, query.basis)
            for bar in sorted(self.kept, key=lambda bar: bar.opened_ms)
            if bar.symbol == query.symbol
            and bar.interval is query.interval
            and query.from_ms <= bar.opened_ms < query.to_ms
            and query.basis in bar.bases
        ]
        if query.direction is Direction.DESC:
            found.reverse()
        return found[: query.limit]

    async def minutes_at(
        self, at_ms: int, back_ms: int, symbols: Collection[str]
    ) -> Sequence[Bar]:
        self._ask("minutes_at", at_ms, back_ms, tuple(symbols))
        last = {
            bar.symbol: bar
            for bar in sorted(self.kept, key=lambda bar: bar.opened_ms)
            if bar.interval is Interval.M1 and at_ms - back_ms <= bar.ends_ms <= at_ms
        }
        return [bar for bar in last.values() if bar.symbol in symbols]

    async def closes(
        self, from_ms: int, to_ms: int, basis: PremiumBasis
    ) -> Mapping[str, Sequence[tuple[int, Decimal]]]:
        self._ask("closes", from_ms, to_ms, basis)
        found: dict[str, list[tuple[int, Decimal]]] = {}
        for bar in self.kept:
            inside = from_ms <= bar.opened_ms < to_ms and bar.interval is Interval.M1
            if inside and basis in bar.bases:
                close = bar.bases[basis].close
                found.setdefault(bar.symbol, []).append((bar.opened_ms, close))
        return found

    async def stats(
        self,
        values: Mapping[str, Decimal],
        basis: PremiumBasis,
        from_ms: int,
        to_ms: int,
        interval: Interval,
    ) -> Mapping[str, CloseStats]:
        self._ask("stats", dict(values), basis, from_ms, to_ms, interval)
        found = {}
        for symbol, value in values.items():
            closes = [
                bar.bases[basis].close
                for bar in self.kept
                if bar.symbol == symbol
                and bar.interval is interval
                and basis in bar.bases
                and from_ms <= bar.opened_ms < to_ms
            ]
            if closes:
                found[symbol] = CloseStats(
                    len(closes),
                    Decimal(fmean(closes)),
                    Decimal(pstdev(closes)),
                    min(closes),
                    max(closes),
                    sum(close < value for close in closes),
                    sum(close == value for close in closes),
                )
        return found


def _on_basis(bar: Bar, basis: PremiumBasis) -> PremiumBar:
    told = bar.bases[basis]
    return PremiumBar(
        bar.symbol,
        basis,
        bar.interval,
        bar.opened_ms,
        told.open,
        told.high,
        told.low,
        told.close,
        bar.domestic_close,
        bar.global_close,
        told.fx_rate,
        told.samples,
        told.quality,
        bar.origin,
        told.minutes,
    )


@dataclass
class Past:
    """What the world's history stands on."""

    history: FakeBarHistory
    snapshots: MemorySnapshotStore
    trail: DayTrail
    service: HistoryService

    def put(self, *bars: Bar) -> None:
        """Keep bars."""
        self.history.kept += bars

    def asked(self, kind: str) -> list[tuple[Any, ...]]:
        """Return the questions of a kind."""
        return [question for question in self.history.asked if question[0] == kind]


@pytest.fixture
async def past(world: Any) -> AsyncIterator[Past]:
    """Give the world an empty past."""
    history = FakeBarHistory()
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
