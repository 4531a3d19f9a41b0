"""How a measured value is spread: counts below fixed bounds, and the sum. Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

# Seconds. From a snapshot out of memory to an answer somebody has given up on.
ANSWER_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
# Seconds. From a frame that meets an idle loop to a reader who has fallen behind.
LAG_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)


class Histogram:
    """Counts per bound in fixed memory; one observation costs a bisection.

    Bounds are inclusive upper ones, in rising order; what is above the last is
    counted under infinity.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value, so many times."""
        self._counts[bisect_left(self._bounds, value)] += times
        self.total += value * times

    @property
    def count(self) -> int:
        """How many values were counted."""
        return sum(self._counts)

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Yield each bound, infinity last, with the count of values up to it."""
        return zip((*self._bounds, float("inf")), accumulate(self._counts), strict=True)
