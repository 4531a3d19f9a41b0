"""Records the minute bars of the board as it is published.

Ticks come in synchronously; each minute is closed at its end, by the next tick or by
the clock, whichever comes first, and its bars go to the `BarWriter`. The running
minute is never written: a stop, clean or not, leaves it to be healed from candles.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from domain.model.bar import Bar
from domain.model.bar_fold import BarFold
from domain.model.board import Tick
from domain.ports.clock import Clock
from domain.services.bar_writer import HELD_BATCHES, BarWriter

# The clock is looked at this often, however long the minute still takes: it may have
# been set.
LOOK_INTERVAL_S = 1.0

_log = logging.getLogger(__name__)


class BarRecorder:
    """Closes minutes in time. Numbers restored at the start are no samples."""

    def __init__(self, writer: BarWriter, clock: Clock) -> None:
        """Begin with the minute that runs now."""
        self._writer = writer
        self._clock = clock
        self._fold = BarFold(clock.now_ms())
        # Closed and not with the writer yet; a disk that hangs leaves an hour here.
        self._closed: deque[Sequence[Bar]] = deque(maxlen=HELD_BATCHES)
        self._listeners: list[Callable[[Sequence[Bar]], None]] = []
        self.bars = 0

    def on_closed(self, listener: Callable[[Sequence[Bar]], None]) -> None:
        """Call the listener with the bars of every minute that is closed."""
        self._listeners.append(listener)

    @property
    def minutes(self) -> int:
        """How many minutes were closed."""
        return self._fold.closed

    @property
    def missed(self) -> int:
        """How many minutes were not recorded: we were held up, or the clock was set."""
        return self._fold.missed

    @property
    def late(self) -> int:
        """How many versions came for a minute that was closed."""
        return self._fold.late

    def note(self, tick: Tick) -> None:
        """Take a published tick in; cheap, it is called for every one."""
        missed = self._fold.missed
        self._take(self._fold.take(tick))
        self._tell_missed(missed)

    async def run(self) -> None:
        """Close minutes for ever."""
        while True:
            left_s = (self._fold.ends_ms - self._clock.now_ms()) / 1_000
            await self._clock.sleep(min(left_s, LOOK_INTERVAL_S))
            self._turn()
            await self._hand_over()

    async def flush(self) -> None:
        """Hand over what is closed, after the workers ended."""
        self._turn()
        await self._hand_over()

    def _turn(self) -> None:
        missed = self._fold.missed
        self._take(self._fold.turn(self._clock.now_ms()))
        self._tell_missed(missed)

    def _take(self, bars: Sequence[Bar]) -> None:
        if bars:
            if len(self._closed) == self._closed.maxlen:
                self._writer.lose()
            self._closed.append(bars)
            self.bars += len(bars)
            for listener in self._listeners:
                listener(bars)

    async def _hand_over(self) -> None:
        while self._closed:
            bars = self._closed[0]
            await self._writer.keep(bars)
            if self._closed and self._closed[0] is bars:
                self._closed.popleft()

    def _tell_missed(self, before: int) -> None:
        minutes = self._fold.missed - before
        if minutes:
            _log.warning("recorder.missed", extra={"minutes": minutes})
