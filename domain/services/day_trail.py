"""The premium of every coin over the last 24 hours, in memory, for small pictures.

Filled from the store at the start, from recorded minutes as they close, and mended
where healing has filled in since what was missing then.
"""

import logging
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from domain.model.bar import Bar, BarOrigin
from domain.model.day_ring import MINUTES, DayRing
from domain.model.downsample import lttb
from domain.model.error import StoreUnavailable
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.number import PERCENT_PLACES
from domain.model.shelf import Shelf
from domain.ports.bar_history import BarHistory
from domain.ports.clock import Clock
from domain.services.turnstile import Turnstile

# Minutes read from the store at once, at the start: 60,000 numbers of a board.
FILL_MINUTES = 240
# Minutes of a slice that is looked at again.
SLICE_MINUTES = 60
# While the database is away.
RETRY_S = 5.0
# One slice is looked at this often, all of a day within a quarter of an hour.
MEND_INTERVAL_S = 30.0
# Minutes younger than this are still coming by themselves.
SETTLED_MINUTES = 3
# Downsampled series kept, of at most 4.6 KB each; the least recently used one goes.
KEPT_SERIES = 600

_MINUTE_MS = Interval.M1.length_ms
_MICRO = Decimal(10) ** PERCENT_PLACES

_log = logging.getLogger(__name__)

Series = tuple[str, PremiumBasis]


@dataclass(frozen=True, slots=True)
class TrailPoint:
    """A premium in percent at the end of a minute (Unix ms)."""

    at_ms: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A downsampled series: minutes and millionths of a percent."""

    version: tuple[int, int]
    minutes: "array[int]"
    values: "array[int]"


class DayTrail:
    """Minute closes of 24 hours on all bases, and fewer points that look like them."""

    def __init__(
        self,
        history: BarHistory,
        clock: Clock,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Make an empty trail; before `ready` the database has no schema."""
        self._history = history
        self._clock = clock
        self._ready = ready
        self._ring: DayRing[Series] = DayRing()
        self._turnstile = Turnstile()
        self._next = 0
        self._drawn: Shelf[tuple[Series, int], _Drawn] = Shelf(
            ttl_s=inf, max_entries=KEPT_SERIES
        )

    def note(self, bars: Sequence[Bar]) -> None:
        """Take minutes as they are closed or healed; other bars are left alone."""
        minutes = [bar for bar in bars if bar.interval is Interval.M1]
        live = [bar.opened_ms for bar in minutes if bar.origin is BarOrigin.LIVE]
        if live:
            # What was recorded of later minutes, was so by a clock that was ahead.
            self._ring.rewind(max(live) // _MINUTE_MS)
        for bar in minutes:
            minute = bar.opened_ms // _MINUTE_MS
            for basis, told in bar.bases.items():
                self._ring.put((bar.symbol, basis), minute, _micro(told.close))

    async def points(
        self, symbol: str, basis: PremiumBasis, count: int
    ) -> list[TrailPoint]:
        """Return at most `count` points, ascending; empty where there is no premium.

        One caller is served per round of the event loop: a board of hundreds keeps
        no tick waiting.
        """
        await self._turnstile.turn()
        drawn = self._draw((symbol, basis), count)
        return [
            TrailPoint((minute + 1) * _MINUTE_MS, _percent(value))
            for minute, value in zip(drawn.minutes, drawn.values, strict=True)
        ]

    async def run(self) -> None:
        """Fill from the store, then mend for ever."""
        while not await self.fill():
            await self._clock.sleep(RETRY_S)
        while True:
            await self._clock.sleep(MEND_INTERVAL_S)
            await self.mend()

    async def fill(self) -> bool:
        """Read the last 24 hours, the newest first; False: the database is away."""
        now = self._clock.now_ms() // _MINUTE_MS
        self._ring.advance(now - 1)
        oldest = now - MINUTES
        for end in range(now, oldest, -FILL_MINUTES):
            if not await self._read(max(end - FILL_MINUTES, oldest), end):
                return False
        return True

    async def mend(self) -> bool:
        """Look at the next slice; read it again if a coin lacks a minute in it.

        False: it was not read. One slice at a time keeps no tick waiting.
        """
        settled = self._clock.now_ms() // _MINUTE_MS - SETTLED_MINUTES
        self._next = max(self._next, self._ring.oldest)
        if self._next + SLICE_MINUTES > settled:
            self._next = self._ring.oldest
        begin, self._next = self._next, self._next + SLICE_MINUTES
        return self._lacks(begin) and await self._read(begin, begin + SLICE_MINUTES)

    def _lacks(self, begin: int) -> bool:
        lacking = self._ring.lacks(begin, begin + SLICE_MINUTES)
        return any(basis is PremiumBasis.OFFICIAL_FX for _, basis in lacking)

    async def _read(self, begin: int, end: int) -> bool:
        try:
            if not self._ready():
                return False
            for basis in PremiumBasis:
                found = await self._history.closes(
                    begin * _MINUTE_MS, end * _MINUTE_MS, basis
                )
                for symbol, closes in found.items():
                    for opened_ms, close in closes:
                        minute = opened_ms // _MINUTE_MS
                        self._ring.fill((symbol, basis), minute, _micro(close))
                    # Whoever else waits for the event loop comes between two coins.
                    await self._clock.sleep(0)
        except StoreUnavailable as exc:
            _log.info("trail.unread", extra={"why": str(exc)})
            return False
        return True

    def _draw(self, series: Series, count: int) -> _Drawn:
        version = self._ring.version(series)
        kept = self._drawn.take((series, count), 0.0)
        if kept is not None and kept.value.version == version:
            return kept.value
        xs, ys = self._ring.series(series)
        chosen = lttb(xs, ys, count)
        oldest = self._ring.oldest
        drawn = _Drawn(
            version,
            array("q", [oldest + xs[at] for at in chosen]),
            array("q", [ys[at] for at in chosen]),
        )
        self._drawn.put((series, count), drawn, 0.0)
        return drawn


def _micro(percent: Decimal) -> int:
    return int(percent * _MICRO)


def _percent(micro: int) -> Decimal:
    return Decimal(micro).scaleb(-PERCENT_PLACES)
