"""Largest-Triangle-Three-Buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.downsample import lttb


def by_the_book(xs: list[int], ys: list[int], points: int) -> list[int]:
    """Return the same by the thesis' own words: areas of triangles, in fractions."""
    from fractions import Fraction

    count, inner = len(xs), points - 2
    edges = [1 + bucket * (count - 2) // inner for bucket in range(inner + 1)]
    chosen = [0]
    for bucket in range(inner):
        after = (
            range(edges[bucket + 1], edges[bucket + 2])
            if bucket + 2 < len(edges)
            else range(count - 1, count)
        )
        mean_x = Fraction(sum(xs[i] for i in after), len(after))
        mean_y = Fraction(sum(ys[i] for i in after), len(after))
        ax, ay = xs[chosen[-1]], ys[chosen[-1]]

        def area(
            i: int,
            a: tuple[int, int] = (ax, ay),
            c: tuple[Fraction, Fraction] = (mean_x, mean_y),
        ) -> Fraction:
            return abs((a[0] - c[0]) * (ys[i] - a[1]) - (a[0] - xs[i]) * (c[1] - a[1]))

        chosen.append(max(range(edges[bucket], edges[bucket + 1]), key=area))
    return [*chosen, count - 1]


@st.composite
def lines(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    xs = sorted(draw(st.sets(st.integers(0, 2_000), min_size=4, max_size=60)))
    value = st.integers(-(10**9), 10**9)
    return xs, draw(st.lists(value, min_size=len(xs), max_size=len(xs)))


@given(lines(), st.integers(3, 59))
def test_the_points_are_those_of_the_thesis(
    line: tuple[list[int], list[int]], points: int
) -> None:
    xs, ys = line
    found = lttb(xs, ys, points)
    if len(xs) <= points:
        assert found == list(range(len(xs)))
    else:
        assert found == by_the_book(xs, ys, points)


@given(lines(), st.integers(2, 70))
def test_the_first_and_the_last_stay_and_the_order_too(
    line: tuple[list[int], list[int]], points: int
) -> None:
    xs, ys = line
    found = lttb(xs, ys, points)
    assert len(found) == min(points, len(xs))
    assert (found[0], found[-1]) == (0, len(xs) - 1)
    assert found == sorted(set(found))


def test_a_spike_is_kept() -> None:
    ys = [0] * 1_440
    ys[777] = 5
    assert 777 in lttb(range(1_440), ys, 48)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_points_are_all_kept(count: int) -> None:
    assert lttb(range(count), [7] * count, 2) == list(range(count))


def test_fewer_than_two_points_and_uneven_lines_are_refused() -> None:
    with pytest.raises(ValueError, match="1 points"):
        lttb([0, 1, 2], [0, 1, 2], 1)
    with pytest.raises(ValueError, match="2 ys"):
        lttb([0, 1, 2], [0, 1], 2)
