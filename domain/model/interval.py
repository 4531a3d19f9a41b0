"""Lengths of candles and bars. Source: the contract's `Interval`."""

from enum import StrEnum


class Interval(StrEnum):
    """How long a candle lasts; D1 starts 00:00 UTC, W1 on Monday 00:00 UTC."""

    S1 = "S1"
    M1 = "M1"
    M3 = "M3"
    M5 = "M5"
    M15 = "M15"
    M30 = "M30"
    H1 = "H1"
    H4 = "H4"
    D1 = "D1"
    W1 = "W1"

    @property
    def length_ms(self) -> int:
        """The length in milliseconds."""
        return _LENGTH_S[self] * 1_000

    def opened_ms(self, at_ms: int) -> int:
        """Return the opening (Unix ms, UTC) of the candle that holds an instant."""
        return at_ms - (at_ms - self._origin_ms) % self.length_ms

    @property
    def _origin_ms(self) -> int:
        # 1970-01-01 was a Thursday: weeks are counted from the Monday after it.
        return 4 * 86_400_000 if self is Interval.W1 else 0


_LENGTH_S = {
    Interval.S1: 1,
    Interval.M1: 60,
    Interval.M3: 180,
    Interval.M5: 300,
    Interval.M15: 900,
    Interval.M30: 1_800,
    Interval.H1: 3_600,
    Interval.H4: 14_400,
    Interval.D1: 86_400,
    Interval.W1: 604_800,
}
