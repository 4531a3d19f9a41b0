"""Counts below bounds."""

import math

from hypothesis import given
from hypothesis import strategies as st

from domain.model.histogram import Histogram

BOUNDS = (0.1, 1.0, 5.0)


def test_a_value_on_a_bound_is_counted_below_it() -> None:
    histogram = Histogram(BOUNDS)
    for value in (0.1, 0.100001, 5.0, 5.1):
        histogram.observe(value)
    assert list(histogram.cumulative()) == [(0.1, 1), (1.0, 2), (5.0, 3), (math.inf, 4)]
    assert histogram.count == 4


def test_without_values_every_count_is_zero() -> None:
    histogram = Histogram(BOUNDS)
    assert [count for _, count in histogram.cumulative()] == [0, 0, 0, 0]
    assert histogram.total == 0


@given(st.lists(st.floats(0, 100)))
def test_each_bound_counts_the_values_up_to_it(values: list[float]) -> None:
    histogram = Histogram(BOUNDS)
    for value in values:
        histogram.observe(value)
    for bound, count in histogram.cumulative():
        assert count == sum(value <= bound for value in values)
    assert math.isclose(histogram.total, math.fsum(values), rel_tol=1e-9, abs_tol=1e-9)
