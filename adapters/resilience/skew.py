"""How far our clock is from an upstream's, from the `Date` of its answers. Pure."""

from collections import deque
from email.utils import parsedate_to_datetime

# `Date` has whole seconds: anything smaller is noise.
LEAST_OFFSET_MS = 2_000
# The answer that took least time tells best (the clock filter of NTP, RFC 5905).
SAMPLES = 8


class ClockSkew:
    """Our clock minus theirs, in milliseconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES)

    @property
    def offset_ms(self) -> int | None:
        """The offset; 0 where it is within 2 s, None before the first answer."""
        if not self._samples:
            return None
        _, offset_ms = min(self._samples)
        return offset_ms if abs(offset_ms) > LEAST_OFFSET_MS else 0

    def observe(
        self, date: str | None, age: str | None, sent_ms: int, received_ms: int
    ) -> None:
        """Learn from one answer: its headers `Date` and `Age`, our times around it."""
        if date is None or age not in (None, "", "0"):
            return  # a cache answered: the stamp is of the original answer
        try:
            theirs_s = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return
        # The stamp is cut to its second: half a second later is the fairest guess.
        theirs_ms = int(theirs_s * 1000) + 500
        round_trip_ms = max(0, received_ms - sent_ms)
        self._samples.append((round_trip_ms, (sent_ms + received_ms) // 2 - theirs_ms))
