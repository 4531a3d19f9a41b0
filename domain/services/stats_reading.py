"""Statistics of premiums, asked of the store once for all coins of a board."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from domain.model.fx import PremiumBasis
from domain.model.premium_stats import (
    PremiumStats,
    StatsWindow,
    percentile_of,
    rounded_or_none,
    z_score_of,
)
from domain.ports.bar_history import BarHistory, CloseStats
from domain.ports.clock import Clock
from domain.services.batch_cache import BatchCache

# How long statistics are good: the longer the window, the less a moment moves them.
TTL_S: Final[Mapping[StatsWindow, float]] = {
    StatsWindow.H24: 10.0,
    StatsWindow.D7: 30.0,
    StatsWindow.D30: 30.0,
    StatsWindow.D90: 60.0,
    StatsWindow.D365: 300.0,
}
# Per window: every coin of a board on three bases, and then some of the past.
MAX_ENTRIES = 1_000

_NOTHING = CloseStats(0, None, None, None, None, 0, 0)


@dataclass(frozen=True, slots=True)
class StatsKey:
    """Whose statistics: of now (`at_ms` None), or of an instant in the past."""

    symbol: str
    basis: PremiumBasis
    at_ms: int | None


Subjects = Mapping[StatsKey, Decimal | None]


class StatsReading:
    """Statistics per coin, basis and window."""

    def __init__(self, history: BarHistory, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self.caches: Mapping[
            StatsWindow, BatchCache[StatsKey, Decimal | None, PremiumStats]
        ] = {
            window: BatchCache(
                f"stats.{window.lower()}",
                partial(self._load, window),
                ttl_s=TTL_S[window],
                max_entries=MAX_ENTRIES,
                clock=clock,
            )
            for window in StatsWindow
        }

    async def read(
        self, window: StatsWindow, key: StatsKey, value: Decimal | None
    ) -> PremiumStats:
        """Return the statistics; `value` is the premium in percent that is compared.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return await self.caches[window].get(key, value)

    async def close(self) -> None:
        """End what is under way."""
        for cache in self.caches.values():
            await cache.close()

    async def _load(
        self, window: StatsWindow, subjects: Subjects
    ) -> Mapping[StatsKey, PremiumStats]:
        alike: dict[tuple[PremiumBasis, int | None], dict[str, Decimal | None]]
        alike = defaultdict(dict)
        for key, value in subjects.items():
            alike[key.basis, key.at_ms][key.symbol] = value
        found: dict[StatsKey, PremiumStats] = {}
        for (basis, at_ms), values in alike.items():
            told = await self._ask(window, basis, at_ms, values)
            for symbol, stats in told.items():
                found[StatsKey(symbol, basis, at_ms)] = stats
        return found

    async def _ask(
        self,
        window: StatsWindow,
        basis: PremiumBasis,
        at_ms: int | None,
        values: Mapping[str, Decimal | None],
    ) -> Mapping[str, PremiumStats]:
        now_ms = self._clock.now_ms() if at_ms is None else at_ms
        span = window.span(now_ms)
        compared = {symbol: value or Decimal(0) for symbol, value in values.items()}
        closes = await self._history.stats(compared, basis, *span, window.interval)
        return {
            symbol: _stats(window, span, value, closes.get(symbol, _NOTHING))
            for symbol, value in values.items()
        }


def _stats(
    window: StatsWindow, span: tuple[int, int], value: Decimal | None, told: CloseStats
) -> PremiumStats:
    percentile = z_score = None
    if value is not None:
        percentile = percentile_of(told.below, told.equal, told.samples)
        z_score = z_score_of(value, told.mean, told.stdev)
    return PremiumStats(
        window=window,
        from_ms=span[0],
        to_ms=span[1],
        samples=told.samples,
        mean=rounded_or_none(told.mean),
        stdev=rounded_or_none(told.stdev),
        min=told.min,
        max=told.max,
        value=value,
        percentile=percentile,
        z_score=z_score,
    )
