"""Holes and gaps against sets of openings."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.model.bar import Gap, Hole, HoleReason
from domain.model.hole_span import laid_over, openings, possible, without
from domain.model.interval import Interval

MINUTE_MS = 60_000
FAR_MS = 100 * MINUTE_MS

spans = st.tuples(st.integers(0, 30), st.integers(1, 8))
minutes = st.sets(st.integers(0, 40).map(lambda at: at * MINUTE_MS))


def hole(span: tuple[int, int], reason: HoleReason) -> Hole:
    first, count = span
    begin_ms = first * MINUTE_MS
    end_ms = begin_ms + count * MINUTE_MS
    return Hole("BTC", Interval.M1, begin_ms, end_ms, reason)


new_holes = st.lists(
    st.builds(hole, spans, st.sampled_from(list(HoleReason)[:3])), max_size=8
)


def laid(news: list[Hole]) -> list[Hole]:
    known: list[Hole] = []
    for new in news:
        known = laid_over(known, new)
    return known


def told(holes: list[Hole]) -> dict[int, HoleReason]:
    return {
        at: hole.reason
        for hole in holes
        for at in range(hole.from_ms, hole.to_ms, MINUTE_MS)
    }


@given(news=new_holes)
def test_the_last_word_about_an_opening_counts(news: list[Hole]) -> None:
    known = laid(news)
    assert told(known) == told(news)
    for before, after in pairwise(known):
        assert before.to_ms <= after.from_ms
        assert before.to_ms < after.from_ms or before.reason is not after.reason


@given(news=new_holes)
def test_the_same_word_again_changes_nothing(news: list[Hole]) -> None:
    known = laid(news)
    for hole in known:
        assert laid_over(known, hole) == known


@given(news=new_holes, kept=minutes, unrated=minutes)
def test_a_bar_closes_its_hole(
    news: list[Hole], kept: set[int], unrated: set[int]
) -> None:
    known = laid(news)
    rated = kept - unrated
    left = told(without(known, kept, rated))
    assert left == {
        at: reason
        for at, reason in told(known).items()
        if at not in kept or (reason is HoleReason.NO_RATE and at not in rated)
    }


@given(news=new_holes, span=spans)
def test_a_gap_is_what_is_possible(news: list[Hole], span: tuple[int, int]) -> None:
    known = laid(news)
    first, count = span
    gap = Gap("BTC", first * MINUTE_MS, (first + count) * MINUTE_MS)
    parts = possible(gap, known[::-1])
    found = [at for part in parts for at in range(part.from_ms, part.to_ms, MINUTE_MS)]
    impossible = openings(known, Interval.M1, 0, FAR_MS)
    expected = set(range(gap.from_ms, gap.to_ms, MINUTE_MS)) - impossible
    assert found == sorted(expected)
    assert all(part.minutes > 0 for part in parts)


@given(news=new_holes, begin_ms=st.integers(0, FAR_MS), end_ms=st.integers(0, FAR_MS))
def test_openings_of_a_span_are_those_within(
    news: list[Hole], begin_ms: int, end_ms: int
) -> None:
    known = laid(news)
    found = openings(known, Interval.M1, begin_ms, end_ms)
    assert found == {at for at in told(known) if begin_ms <= at < end_ms}
