"""Whether memory grew over a run: judged by its second half.

It is measured at regular numbers of inputs, each time after a full collection: resident
memory (RSS), and the live objects that the collector knows. In the first half caches
fill: tables of callers and persisted documents are full before the first input, the
parsed documents after some 20,000. What is answered directly takes some 100,000, and
callers by their headers more: a few MiB, for which the bounds leave room. From half-way
on each series has a trend: the median of the slopes between every two of its
measurements (after Theil and Sen), so that one odd measurement is no growth, and hides
none. The trend times the inputs of that half is what it grew by. Above a bound it is a
finding, and the run has failed.

The bounds are fixed, not by input: the longer the run, the smaller the leak that it
finds. Of 500,000 inputs in one process 50 bytes or 0.08 objects each are above them, of
100,000 250 bytes or 0.4 objects. In fewer than `JUDGED` inputs the first half is too
short to fill them, and nothing is judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from bench.fuzz.memory import Memory

JUDGED: Final = 100_000
"""Inputs of one process from which on its memory is judged."""

GROWTH_MB: Final = 12.0
"""MiB that RSS may grow by from half-way to the end: the allocator still finds its
shape, and caches of a few MiB that are asked seldom still fill. Seen of 150,000 and of
500,000 inputs: 3 to 9."""

GROWTH_OBJECTS: Final = 20_000
"""Live objects likewise. What is kept at a moment differs by half as many: documents
are as large as they happen to be."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a run grew by from half-way to its end."""

    rss_mb: float
    objects: float

    def findings(self) -> list[str]:
        """Return what is above its bound."""
        found = []
        if self.rss_mb > GROWTH_MB:
            found.append(f"RSS grew by {self.rss_mb:.1f} MiB of at most {GROWTH_MB:g}")
        if self.objects > GROWTH_OBJECTS:
            most = f"at most {GROWTH_OBJECTS:,}"
            found.append(f"live objects grew by {self.objects:,.0f} of {most}")
        return found


def growth(series: Sequence[Memory]) -> Growth | None:
    """Return what a run grew by; None: it was too short to be judged."""
    if not series or series[-1].inputs < JUDGED:
        return None
    inputs = series[-1].inputs
    late = [at for at in series if at.inputs * 2 >= inputs]
    span = inputs / 2
    rss = _slope([(at.inputs, at.rss_mb) for at in late])
    objects = _slope([(at.inputs, float(at.objects)) for at in late])
    return Growth(rss * span, objects * span)


def _slope(points: Sequence[tuple[int, float]]) -> float:
    """Return the median of the slopes between every two points; 0 without any."""
    slopes = [
        (later - earlier) / (to - at)
        for (at, earlier), (to, later) in combinations(points, 2)
        if to != at
    ]
    return median(slopes) if slopes else 0.0
