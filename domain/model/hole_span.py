"""Spans of openings that are impossible or missing, and what is left of them.

Openings lie on multiples of the interval's length; `from_ms` ≤ opened < `to_ms`.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from domain.model.bar import Gap, Hole, HoleReason
from domain.model.interval import Interval


def laid_over(known: Iterable[Hole], new: Hole) -> list[Hole]:
    """Return the holes of one coin and interval with a new one over them, by time.

    The new word counts where they overlap; neighbours for one reason become one.
    """
    left = [part for hole in known for part in _outside(hole, new.from_ms, new.to_ms)]
    return _joined(sorted([*left, new], key=lambda hole: hole.from_ms))


def without(
    known: Iterable[Hole], kept_ms: Iterable[int], rated_ms: Collection[int]
) -> list[Hole]:
    """Return what is left of holes when bars are kept in them.

    `kept_ms` are the openings of bars, `rated_ms` those with OFFICIAL_FX: only these
    close a NO_RATE hole.
    """
    openings = sorted(set(kept_ms))
    left = list(known)
    for opened_ms in openings:
        left = [
            part
            for hole in left
            for part in (
                _outside(hole, opened_ms, opened_ms + hole.interval.length_ms)
                if hole.reason is not HoleReason.NO_RATE or opened_ms in rated_ms
                else (hole,)
            )
        ]
    return sorted(left, key=lambda hole: hole.from_ms)


def possible(gap: Gap, holes: Iterable[Hole]) -> list[Gap]:
    """Return what is left of a gap outside the holes of its coin, by time."""
    found = []
    at_ms = gap.from_ms
    for hole in sorted(holes, key=lambda hole: hole.from_ms):
        end_ms = min(hole.from_ms, gap.to_ms)
        if end_ms > at_ms:
            found.append(replace(gap, from_ms=at_ms, to_ms=end_ms))
        at_ms = max(at_ms, hole.to_ms)
    if at_ms < gap.to_ms:
        found.append(replace(gap, from_ms=at_ms))
    return found


def openings(
    holes: Iterable[Hole], interval: Interval, from_ms: int, to_ms: int
) -> frozenset[int]:
    """Return the impossible openings within a span."""
    length_ms = interval.length_ms
    return frozenset(
        opened_ms
        for hole in holes
        for opened_ms in range(
            _ceiling(max(hole.from_ms, from_ms), interval),
            min(hole.to_ms, to_ms),
            length_ms,
        )
    )


def _ceiling(at_ms: int, interval: Interval) -> int:
    opened_ms = interval.opened_ms(at_ms)
    return opened_ms if opened_ms == at_ms else opened_ms + interval.length_ms


def _outside(hole: Hole, from_ms: int, to_ms: int) -> Sequence[Hole]:
    if to_ms <= hole.from_ms or hole.to_ms <= from_ms:
        return (hole,)
    before = replace(hole, to_ms=from_ms)
    after = replace(hole, from_ms=to_ms)
    return [part for part in (before, after) if part.from_ms < part.to_ms]


def _joined(holes: Iterable[Hole]) -> list[Hole]:
    found: list[Hole] = []
    for hole in holes:
        last = found[-1] if found else None
        if last and last.reason is hole.reason and last.to_ms == hole.from_ms:
            found[-1] = replace(last, to_ms=hole.to_ms)
        else:
            found.append(hole)
    return found
