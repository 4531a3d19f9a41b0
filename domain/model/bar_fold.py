"""Published premiums in, minute bars out.

Source: semantics.md "Bars and snapshots" and docs/adr/0008. A sample is a published
version with a number; without one in a minute the number that stands is carried. The
quality of a minute is the worst that stood in it, what stood at its beginning
included, and a moment without a number is STALE. Pure: time is an argument (Unix ms).
"""

from collections.abc import Iterable

from domain.model.bar import Bar
from domain.model.bar_track import CoinTrack, has_number
from domain.model.board import Tick
from domain.model.interval import Interval

MINUTE_MS = Interval.M1.length_ms


class BarFold:
    """The running minute of every coin on the board.

    Numbers from before it began (restored ones) stand, but are no samples. A minute
    in which nobody looked at the clock is not recorded, nor is the one before it: the
    process was held, as at a stop, and they are healed.
    """

    def __init__(self, began_ms: int) -> None:
        """Begin; `began_ms` is the instant, Unix ms."""
        self.opened_ms = Interval.M1.opened_ms(began_ms)
        self.late = 0
        self.closed = 0
        self.missed = 0
        self._began_ms = began_ms
        # Minutes that were not closed: what is back in one of them is not late.
        self._open = range(self.opened_ms)
        self._tracks: dict[str, CoinTrack] = {}

    @property
    def ends_ms(self) -> int:
        """When the running minute ends, Unix ms."""
        return self.opened_ms + MINUTE_MS

    def take(self, tick: Tick) -> list[Bar]:
        """Take a tick in; returns the bars of the minute that ended before it.

        Samples for a minute that is closed are counted and left out; what they say
        stands all the same.
        """
        at_ms = tick.at_ms
        bars = [] if 0 <= at_ms - self.opened_ms < MINUTE_MS else self.turn(at_ms)
        in_time = at_ms >= self.opened_ms
        for premium in tick.changed:
            track = self._tracks.get(premium.symbol)
            if track is None:
                if not has_number(premium):
                    continue
                track = self._tracks[premium.symbol] = CoinTrack()
            track.take(premium, in_time and premium.at_ms >= self._began_ms)
        if not in_time:
            self.late += len(tick.changed)
        self._remove(tick.removed)
        return bars

    def turn(self, at_ms: int) -> list[Bar]:
        """Close the running minute if it has ended; returns its bars by symbol."""
        minute = Interval.M1.opened_ms(at_ms)
        if minute == self.ends_ms:
            return self._close()
        if minute > self.ends_ms:
            self.missed += (minute - self.opened_ms) // MINUTE_MS
            self._begin_at(minute, range(self.opened_ms, minute))
        elif minute in self._open:
            # The clock was ahead before; what it said of this minute is void.
            self._began_ms = min(self._began_ms, at_ms)
            self._begin_at(minute, range(self._open.start, minute))
        return []

    def _close(self) -> list[Bar]:
        found = (
            track.bar(symbol, self.opened_ms)
            for symbol, track in sorted(self._tracks.items())
        )
        bars = [bar for bar in found if bar is not None]
        self.opened_ms += MINUTE_MS
        self.closed += 1
        self._begin(seen=True)
        return bars

    def _begin_at(self, minute: int, unclosed: range) -> None:
        self.opened_ms = minute
        self._open = unclosed
        self._begin(seen=False)

    def _begin(self, *, seen: bool) -> None:
        for symbol, track in list(self._tracks.items()):
            if track.left:
                del self._tracks[symbol]
            else:
                track.begin(seen=seen)

    def _remove(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            track = self._tracks.get(symbol)
            if track is not None and track.leave():
                del self._tracks[symbol]
