"""Housekeeping of premium bars: room for what comes, derivations, what is too old.

Every step may be repeated, broken off, and done by two servers at once. While the
database is away nothing is tried but a sign of life.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.model.error import StoreUnavailable
from domain.model.interval import Interval
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock

# Hours and days are derived this often; room is made, and old bars are dropped, with
# the first of these in an hour.
KEEP_INTERVAL_S = 300.0
CHORE_INTERVAL_S = 3_600.0
# While the database is away, and after a step that failed.
RETRY_S = 5.0
# Coin-days derived in one call, and the pause after it: people who ask come first.
ROLL_UP_SLICE = 50
SLICE_PAUSE_S = 0.05
# An hour is derived when it is this long over: what waits on disk comes before.
SETTLE_MS = 120_000
DAY_MS = Interval.D1.length_ms
MONTHS_AHEAD = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long bars are kept, in days; `bars_days` 0: for ever."""

    minutes_days: int
    bars_days: int


class BarKeeper:
    """Keeps what is kept of bars in order."""

    def __init__(
        self,
        store: BarStore,
        clock: Clock,
        retention: Retention,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Compose; before `ready` the database has no schema."""
        self._store = store
        self._clock = clock
        self._retention = retention
        self._ready = ready
        self._chores_s: float | None = None
        self._is_put_off = False
        self.derived_days = 0
        self.dropped_months = 0
        self.dropped_bars = 0

    async def run(self) -> None:
        """Keep order for ever."""
        while True:
            done = self._ready() and await self.keep()
            await self._clock.sleep(KEEP_INTERVAL_S if done else RETRY_S)

    async def keep(self) -> bool:
        """Do what is due; False: the database is away."""
        try:
            if self._is_chore_due():
                await self._make_room()
                await self._roll_up()
                await self._drop()
                self._chores_s = self._clock.monotonic()
            else:
                await self._roll_up()
        except StoreUnavailable as exc:
            if not self._is_put_off:
                _log.info("keeper.put_off", extra={"why": str(exc)})
            self._is_put_off = True
            return False
        self._is_put_off = False
        return True

    def _is_chore_due(self) -> bool:
        done_s = self._chores_s
        return done_s is None or self._clock.monotonic() - done_s >= CHORE_INTERVAL_S

    async def _make_room(self) -> None:
        now_ms = self._clock.now_ms()
        await self._store.make_room(now_ms, months_ahead_ms(now_ms, MONTHS_AHEAD))

    async def _roll_up(self) -> None:
        while True:
            before_ms = self._clock.now_ms() - SETTLE_MS
            days = await self._store.roll_up(before_ms, ROLL_UP_SLICE)
            self.derived_days += days
            if not days:
                return
            await self._clock.sleep(SLICE_PAUSE_S)

    async def _drop(self) -> None:
        now_ms = self._clock.now_ms()
        kept = self._retention
        months = await self._store.drop_minutes(now_ms - kept.minutes_days * DAY_MS)
        rows = 0
        if kept.bars_days:
            rows = await self._store.drop_bars(now_ms - kept.bars_days * DAY_MS)
        self.dropped_months += months
        self.dropped_bars += rows
        if months or rows:
            more = {"months": months, "bars": rows}
            _log.info("keeper.dropped", extra=more)


def months_ahead_ms(at_ms: int, months: int) -> int:
    """Return the end of the UTC month so many after the one of an instant, Unix ms."""
    at = datetime.fromtimestamp(at_ms / 1_000, UTC)
    index = at.year * 12 + at.month + months
    end = datetime(index // 12, index % 12 + 1, 1, tzinfo=UTC)
    return int(end.timestamp()) * 1_000
