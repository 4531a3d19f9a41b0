"""Fewer points that look like all of them: Largest-Triangle-Three-Buckets.

Source: S. Steinarsson, "Downsampling Time Series for Visual Representation", master's
thesis, University of Iceland, 2013, section 4.2. The first and the last point are
kept; the others are split into buckets of equal count, and each gives the point whose
triangle with the point chosen before it and the mean of the next bucket is largest.
"""

from collections.abc import Sequence

MIN_POINTS = 2


def lttb(xs: Sequence[int], ys: Sequence[int], points: int) -> list[int]:
    """Return the indices of at most `points` points, ascending.

    Shapes: `xs` ascending, as many `ys`. Whole numbers keep it exact: equal areas go to
    the earlier point on every machine. With no more points than wanted all are kept.

    Raises:
        ValueError: fewer than two points are wanted, or the lengths differ.
    """
    count = len(xs)
    if points < MIN_POINTS or count != len(ys):
        raise ValueError(f"{count} xs, {len(ys)} ys and {points} points wanted")
    if count <= points:
        return list(range(count))
    bounds = _bounds(count, points)
    chosen = [0]
    for low, high, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        chosen.append(_largest(xs, ys, chosen[-1], (low, high, after)))
    chosen.append(count - 1)
    return chosen


def _bounds(count: int, points: int) -> list[int]:
    """Return where the inner buckets begin, where the last ends, and the end of all."""
    buckets = points - 2
    return [*(1 + i * (count - 2) // max(buckets, 1) for i in range(points - 1)), count]


def _largest(
    xs: Sequence[int], ys: Sequence[int], before: int, bucket: tuple[int, int, int]
) -> int:
    """Return the index in `low..high` whose triangle is largest.

    The third corner is the mean of `high..after`; all is multiplied by its count.
    """
    low, high, after = bucket
    x, y, size = xs[before], ys[before], after - high
    across = sum(ys[high:after]) - size * y
    along = size * x - sum(xs[high:after])
    fixed = along * y + across * x
    areas = [
        abs(along * b + across * a - fixed)
        for a, b in zip(xs[low:high], ys[low:high], strict=True)
    ]
    return low + areas.index(max(areas))
