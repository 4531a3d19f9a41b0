"""The one entry point for what is asked of the past.

Every method may raise `StoreUnavailable`; the store bounds how long a question takes.
"""

from collections.abc import Collection, Sequence

from domain.model.bar import PremiumBar
from domain.model.coin import Coin
from domain.model.error import InvalidArgument
from domain.model.fx import PremiumBasis
from domain.model.history_query import (
    BESIDE_PAGE,
    BarsAsked,
    DayAsked,
    SnapshotsAsked,
)
from domain.model.page import Page
from domain.model.past_board import BACK_MS, PastBoard
from domain.model.premium import BasisPremium
from domain.model.premium_stats import PremiumStats, StatsWindow
from domain.model.snapshot import DailySnapshot
from domain.ports.bar_history import BarHistory, BarQuery
from domain.ports.clock import Clock
from domain.ports.snapshot_store import SnapshotStore
from domain.services.cache import CacheReporter
from domain.services.day_trail import DayTrail, TrailPoint
from domain.services.stats_reading import StatsKey, StatsReading

MIN_SPARKLINE = 2
MAX_SPARKLINE = 288


class HistoryService:
    """Bars, snapshots, the board as it was, statistics and small pictures."""

    def __init__(
        self,
        bars: BarHistory,
        snapshots: SnapshotStore,
        trail: DayTrail,
        clock: Clock,
    ) -> None:
        self._bars = bars
        self._snapshots = snapshots
        self._trail = trail
        self._clock = clock
        self._stats = StatsReading(bars, clock)

    @property
    def caches(self) -> Sequence[CacheReporter]:
        """The caches, for metrics."""
        return tuple(self._stats.caches.values())

    async def close(self) -> None:
        """End what is under way."""
        await self._stats.close()

    async def bars(self, asked: BarsAsked) -> Page[PremiumBar]:
        """Return a page of one coin's bars."""
        from_ms, to_ms = asked.span(self._clock.now_ms())
        if from_ms >= to_ms:
            return asked.page(())
        limit = asked.request.first + BESIDE_PAGE
        query = BarQuery(
            asked.symbol,
            asked.basis,
            asked.interval,
            from_ms,
            to_ms,
            asked.direction,
            limit,
        )
        return asked.page(await self._bars.bars(query))

    async def snapshots(self, asked: SnapshotsAsked) -> Page[DailySnapshot]:
        """Return a page of one coin's snapshots."""
        from_day, to_day = asked.span
        found = await self._snapshots.of_coin(
            asked.symbol,
            from_day,
            to_day,
            asked.direction,
            asked.request.first + BESIDE_PAGE,
        )
        return asked.page(found)

    async def snapshots_of_day(self, asked: DayAsked) -> Page[DailySnapshot]:
        """Return a page of every coin's snapshot on one Seoul day."""
        found = await self._snapshots.of_day(
            asked.day, asked.request.first + 1, asked.cursor_symbol
        )
        return asked.page(found)

    async def board_at(self, coins: Collection[Coin], at_ms: int) -> PastBoard:
        """Return the board of today's coins as it was at an instant (Unix ms).

        Raises:
            InvalidArgument: the instant is in the future.
        """
        if at_ms > self._clock.now_ms():
            raise InvalidArgument("asOf", "must not be in the future")
        symbols = [coin.symbol for coin in coins]
        if not symbols or at_ms < BACK_MS:
            return PastBoard(at_ms, coins, ())
        found = await self._bars.minutes_at(at_ms, BACK_MS, symbols)
        return PastBoard(at_ms, coins, found)

    async def stats(
        self,
        symbol: str,
        told: BasisPremium,
        window: StatsWindow,
        at_ms: int | None = None,
    ) -> PremiumStats:
        """Return where a coin's premium stands among the closes of a window.

        `at_ms` (Unix ms) is when it was told, None: now. What many ask for at once is
        one question to the store.
        """
        key = StatsKey(symbol, told.basis, at_ms)
        return await self._stats.read(window, key, told.percent)

    async def sparkline(
        self, symbol: str, basis: PremiumBasis, points: int
    ) -> list[TrailPoint]:
        """Return at most so many points of the last 24 hours, from memory.

        Raises:
            InvalidArgument: not 2 to 288 points.
        """
        if not MIN_SPARKLINE <= points <= MAX_SPARKLINE:
            allowed = f"{MIN_SPARKLINE} to {MAX_SPARKLINE}"
            raise InvalidArgument("points", f"must be {allowed}")
        return await self._trail.points(symbol, basis, points)
