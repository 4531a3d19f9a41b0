"""Finds minutes that were not recorded, and makes them from the venues' candles.

Source: design.md "History". Every minute over the last hours; and in the time between,
newest first, day by day over the days asked for: at start, after a time without looks,
and a few times a day. One span after the other: the live feed has the venues first.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from domain.model.bar import Gap
from domain.model.coin import Coin
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.gap_count import GapCount
from domain.model.gap_plan import Curable, curable
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.model.snapshot import DAY_MS
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock
from domain.services.bar_filler import Filled
from domain.services.bar_maker import BarTask

# A minute is looked for when it ended so long ago: the recorder has had its time, and
# the venues theirs to put late trades into its candle.
SETTLED_MS: Final = 120_000
# How often, and how far back, gaps are looked for while the server runs.
LOOK_S: Final = 60.0
# What waits for the recorder or the database is looked at again so soon.
SOON_S: Final = 5.0
RECENT_MS: Final = 3 * 3_600_000
# All days are looked at again so often: a pair may be out of doubt now.
FULL_LOOK_MS: Final = 6 * 3_600_000
# Between two spans: what the venues' limits allow is there for others, too.
BREATH_S: Final = 0.25
# After a failure, doubled with each one in a row.
FIRST_PAUSE_S: Final = 5.0
MAX_PAUSE_S: Final = 60.0
MAX_DOUBLINGS: Final = 8
# A venue may tell when to come back; longer than this nobody waits to look again.
MAX_TOLD_S: Final = 600.0
# So many failures in a row end a look; the next one is a minute later.
MAX_IN_A_ROW: Final = 3
# Gaps that were counted; at the cap they are forgotten, and counted again.
MAX_SEEN: Final = 100_000

_log = logging.getLogger(__name__)


class Filler(Protocol):
    """Makes the bars of a task and stores them (`BarFiller`)."""

    async def fill(self, task: BarTask) -> Filled:
        """Write what a task's candles give; again changes nothing.

        Raises:
            UpstreamUnavailable: a venue or rate source gave no usable answer.
            StoreUnavailable: the database is away.
        """
        ...


@dataclass(frozen=True, slots=True)
class GapView:
    """What the healer must know: all coins, and which pairs are in doubt.

    `is_behind` tells that what is missing in the store may be no gap: the recorder has
    minutes that wait for it, or it has no tables yet.
    """

    coins: Callable[[], Sequence[Coin]]
    identity: IdentityTable
    is_unsure: Callable[[str], bool]
    is_behind: Callable[[], bool] = lambda: False


class GapService:
    """Looks for gaps and heals them, for as long as it runs; `count` tells what."""

    def __init__(
        self,
        filler: Filler,
        store: BarStore,
        view: GapView,
        clock: Clock,
        *,
        heal_days: int,
    ) -> None:
        """Compose; `heal_days` ≥ 1 is how far back gaps are looked for at start."""
        self.count = GapCount()
        self._filler = filler
        self._store = store
        self._view = view
        self._clock = clock
        self._heal_ms = heal_days * DAY_MS
        self._seen: set[tuple[str, int]] = set()
        self._failing: set[str] = set()
        self._in_a_row = 0
        self._looked_ms: int | None = None
        self._full_ms = 0
        # What is looked at when there is time: from, to.
        self._backlog = (0, 0)

    async def run(self) -> None:
        """Look for gaps and heal them, for ever."""
        while True:
            next_s = self._clock.monotonic() + LOOK_S
            if not await self.look():
                next_s = self._clock.monotonic() + SOON_S
            await self._clock.sleep(max(0.0, next_s - self._clock.monotonic()))

    async def look(self) -> bool:
        """Look at what is recent, then at as much of the days as a minute allows.

        What fails is tried again at a later look. False: it is too early to look.
        """
        coins = {coin.symbol: coin for coin in self._view.coins()}
        if not coins or self._view.is_behind():
            return False
        until_s = self._clock.monotonic() + LOOK_S
        to_ms = Interval.M1.opened_ms(self._clock.now_ms() - SETTLED_MS)
        recent_ms = to_ms - min(RECENT_MS, self._heal_ms)
        self._plan(recent_ms, to_ms)
        if not await self._heal(coins, recent_ms, to_ms, None):
            return True
        self._looked_ms = to_ms
        while self._clock.monotonic() < until_s and self._backlog[0] < self._backlog[1]:
            first_ms, end_ms = self._backlog
            day_ms = max(first_ms, (end_ms - 1) // DAY_MS * DAY_MS)
            if not await self._heal(coins, day_ms, end_ms, until_s):
                break
            self._backlog = (first_ms, day_ms)
        return True

    def _plan(self, recent_ms: int, to_ms: int) -> None:
        """Put into the backlog what lies before the recent and was not looked at."""
        earliest_ms = to_ms - self._heal_ms
        if self._looked_ms is None or to_ms >= self._full_ms:
            self._full_ms = to_ms + FULL_LOOK_MS
            self._backlog = (earliest_ms, recent_ms)
        elif self._looked_ms < recent_ms:
            first_ms, end_ms = self._backlog
            since_ms = self._looked_ms if first_ms >= end_ms else first_ms
            self._backlog = (max(since_ms, earliest_ms), recent_ms)

    async def _heal(
        self,
        coins: Mapping[str, Coin],
        from_ms: int,
        to_ms: int,
        until_s: float | None,
    ) -> bool:
        """Heal the gaps of a span; False: some were not even tried."""
        try:
            gaps = await self._store.gaps(from_ms, to_ms, coins.keys())
        except StoreUnavailable as exc:
            await self._pause("store", exc)
            return False
        self._note(gaps, is_recent=until_s is None)
        parts = curable(gaps, coins, self._view.identity, self._view.is_unsure)
        # Those that failed last time come last: they must not keep others waiting.
        parts.sort(key=lambda part: part.symbol in self._failing)
        failed: set[str] = set()
        for part in parts:
            if until_s is not None and self._clock.monotonic() >= until_s:
                return False
            # A coin that failed waits for a later look; others need not.
            if part.symbol in failed:
                continue
            if not await self._fill(part):
                failed.add(part.symbol)
                if self._in_a_row >= MAX_IN_A_ROW:
                    return False
        return True

    def _note(self, gaps: Sequence[Gap], *, is_recent: bool) -> None:
        if len(self._seen) > MAX_SEEN:
            self._seen.clear()
        fresh = {(gap.symbol, gap.from_ms) for gap in gaps} - self._seen
        self._seen |= fresh
        self.count.found += len(fresh)
        minutes = sum(gap.minutes for gap in gaps)
        if is_recent:
            self.count.open_minutes = minutes
        if fresh:
            _log.info("gap.found", extra={"gaps": len(fresh), "minutes": minutes})

    async def _fill(self, part: Curable) -> bool:
        """Heal one span; False: it failed, and a pause is over."""
        task = BarTask(
            part.symbol,
            part.domestic,
            part.global_,
            Interval.M1,
            part.from_ms,
            part.to_ms,
        )
        try:
            filled = await self._filler.fill(task)
        except (UpstreamUnavailable, StoreUnavailable) as exc:
            self._failing.add(part.symbol)
            await self._pause(part.symbol, exc)
            return False
        self._failing.discard(part.symbol)
        self._in_a_row = 0
        self.count.healed += filled.written
        self.count.impossible += filled.holes
        self.count.irregular += filled.irregular
        self.count.open_minutes -= min(part.minutes, self.count.open_minutes)
        await self._clock.sleep(BREATH_S)
        return True

    async def _pause(self, what: str, error: Exception) -> None:
        """Count a failure and wait, the longer the more there were in a row."""
        self.count.failures += 1
        pause_s = min(FIRST_PAUSE_S * 2**self._in_a_row, MAX_PAUSE_S)
        self._in_a_row = min(self._in_a_row + 1, MAX_DOUBLINGS)
        if isinstance(error, UpstreamUnavailable) and error.retry_at_ms is not None:
            told_s = (error.retry_at_ms - self._clock.now_ms()) / 1_000
            pause_s = max(pause_s, min(told_s, MAX_TOLD_S))
        _log.warning("gap.unhealed", extra={"what": what, "why": str(error)})
        await self._clock.sleep(pause_s)
