"""By how much our clock is ahead of the venues', also after our clock was set.

Their answers tell it, and the last answers may be from before the clock was set: what
they tell is then moved by as much as the clock. Pure.
"""


class ClockOffset:
    """What is known of our clock. It begins with nothing."""

    def __init__(self) -> None:
        self._known: tuple[int, int] | None = None

    def take(self, measured_ms: int, zero_ms: int) -> int:
        """Return by how much our clock is ahead, ms; below 0: it is behind.

        `measured_ms` is what answers told last; `zero_ms` the wall clock when the one
        that is never set was 0: it changes when the clock is set, and only then.
        """
        if self._known is not None:
            known_ms, known_zero_ms = self._known
            set_ms = zero_ms - known_zero_ms
            moved_ms = known_ms + set_ms
            is_old = abs(measured_ms - known_ms) < abs(measured_ms - moved_ms)
            # A clock that leapt ahead may only have slept, which moves no offset.
            if set_ms < 0 and is_old:
                return measured_ms + set_ms
        self._known = (measured_ms, zero_ms)
        return measured_ms
