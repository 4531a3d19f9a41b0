"""A short past of one coin, for questions about history."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.snapshot_store import MemorySnapshotStore
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.snapshot import DailyPrices, DailySnapshot, seoul_day, taken_ms

MINUTES: Final = 200
DAYS: Final = 20
_SYMBOL: Final = "BTC"


def fill_past(
    bars: MemoryBarHistory, snapshots: MemorySnapshotStore, now_ms: int
) -> None:
    """Put minutes and days of a coin into stores that are empty."""
    one = Interval.M1
    last_ms = one.opened_ms(now_ms)
    opened = [last_ms - place * one.length_ms for place in range(1, MINUTES)]
    kept = bars.store.bars.minutes.setdefault(_SYMBOL, {})
    kept.update((opened_ms, _minute(opened_ms)) for opened_ms in opened)
    for place in range(1, DAYS):
        day = seoul_day(now_ms) - timedelta(days=place)
        prices = DailyPrices(Decimal(52_000_000), Decimal(40_000), Decimal(1300), "x")
        snapshots.store.snapshots[day, _SYMBOL] = DailySnapshot(
            day, _SYMBOL, prices, 1, taken_ms(day)
        )


def _minute(opened_ms: int) -> Bar:
    value = Decimal(opened_ms // 60_000 % 9) / 10
    basis = BasisBar(value, value, value, value, Decimal(1300), 3, Quality.LIVE, 1)
    return Bar(
        _SYMBOL,
        Interval.M1,
        opened_ms,
        Decimal(52_000_000),
        Decimal(40_000),
        dict.fromkeys(PremiumBasis, basis),
        BarOrigin.LIVE,
        fx_source="dunamu",
        fx_as_of_ms=opened_ms,
    )
