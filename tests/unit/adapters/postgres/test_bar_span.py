"""Spans of openings, as the tables can hold them."""

import pytest

from adapters.postgres.bar_span import (
    MAX_OPENED_MS,
    ceiling_ms,
    clamped,
    clamped_opening,
)
from adapters.postgres.column import EPOCH, instant_of
from domain.model.interval import Interval

HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("at_ms", "expected"), [(0, 0), (1, HOUR_MS), (HOUR_MS, HOUR_MS)]
)
def test_the_first_opening_is_at_an_instant_or_after_it(
    at_ms: int, expected: int
) -> None:
    assert ceiling_ms(at_ms, Interval.H1) == expected


def test_weeks_open_on_mondays() -> None:
    # The first Monday of 1970.
    assert ceiling_ms(0, Interval.W1) == 4 * 24 * HOUR_MS


def test_what_no_calendar_holds_is_cut_off() -> None:
    assert clamped(-(10**18)) == clamped_opening(-1, Interval.H1) == EPOCH
    assert clamped(10**18) == instant_of(MAX_OPENED_MS)
    assert clamped_opening(10**18, Interval.W1).year == 9999


def test_the_month_after_the_last_bar_has_a_beginning() -> None:
    last = instant_of(MAX_OPENED_MS)
    assert (last.year, last.month) == (9999, 11)
