"""Housekeeping of premium bars: what is false, room, derivations, what is too old.

Every step may be repeated, broken off, and done by two servers at once. While the
database is away nothing is tried but a sign of life.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.model.clock_offset import ClockOffset
from domain.model.error import StoreUnavailable
from domain.model.interval import Interval
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock

# Minutes of the future are dropped and hours and days derived this often; room is
# made, and old bars are dropped, with the first of these in an hour.
KEEP_INTERVAL_S = 300.0
CHORE_INTERVAL_S = 3_600.0
# While the database is away, and after a step that failed.
RETRY_S = 5.0
# Coin-days derived in one call, and the pause after it: people who ask come first.
ROLL_UP_SLICE = 50
SLICE_PAUSE_S = 0.05
# An hour is derived when it is this long over: what waits on disk comes before.
SETTLE_MS = 120_000
# A minute that opened so long after now is of the future; another server's clock may
# be ahead of ours by less.
AHEAD_MS = 120_000
# Between rounds the clock is looked at this often; one that was set back by more than
# that, or that the venues speak of for the first time, begins the next round.
LOOK_INTERVAL_S = 10.0
SET_BACK_MS = 60_000
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
        offset_ms: Callable[[], int | None] = lambda: 0,
    ) -> None:
        """Compose; before `ready` the database has no schema.

        `offset_ms` tells by how much our clock is ahead of the venues', None before
        any of them has answered: what is of the future is only known then.
        """
        self._store = store
        self._clock = clock
        self._retention = retention
        self._ready = ready
        self._measure_ms = offset_ms
        self._offset = ClockOffset()
        # The wall clock at the zero of the other one, when the future was looked at.
        self._zero_ms: int | None = None
        self._chores_s: float | None = None
        self._is_put_off = False
        self.derived_days = 0
        self.dropped_months = 0
        self.dropped_bars = 0
        self.dropped_future = 0

    async def run(self) -> None:
        """Keep order for ever."""
        while True:
            if self._ready() and await self.keep():
                await self._rest()
            else:
                await self._clock.sleep(RETRY_S)

    async def keep(self) -> bool:
        """Do what is due; False: the database is away."""
        try:
            await self._drop_future()
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

    async def _rest(self) -> None:
        """Wait for the next round, which begins early where the clock demands it."""
        ends_s = self._clock.monotonic() + KEEP_INTERVAL_S
        while (left_s := ends_s - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(left_s, LOOK_INTERVAL_S))
            if self._is_future_due():
                return

    def _is_future_due(self) -> bool:
        if self._zero_ms is None:
            return self._measure_ms() is not None
        return self._now_zero_ms() < self._zero_ms - SET_BACK_MS

    def _now_zero_ms(self) -> int:
        return self._clock.now_ms() - round(self._clock.monotonic() * 1_000)

    async def _drop_future(self) -> None:
        """Drop what opened after now, by our clock and by the venues', too.

        By a clock that is behind, what is true would be of the future.
        """
        measured_ms = self._measure_ms()
        if measured_ms is None:
            return
        zero_ms = self._now_zero_ms()
        behind_ms = max(0, -self._offset.take(measured_ms, zero_ms))
        after_ms = self._clock.now_ms() + behind_ms + AHEAD_MS
        minutes = await self._store.drop_future(after_ms)
        self._zero_ms = zero_ms
        self.dropped_future += minutes
        if minutes:
            _log.warning("keeper.future_dropped", extra={"minutes": minutes})

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
