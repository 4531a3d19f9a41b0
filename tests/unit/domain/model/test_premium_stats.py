"""Where a premium stands."""

from decimal import Decimal

import pytest

from domain.model.interval import Interval
from domain.model.premium_stats import (
    StatsWindow,
    percentile_of,
    rounded_or_none,
    z_score_of,
)


@pytest.mark.parametrize(
    ("below", "equal", "samples", "percentile"),
    [
        (0, 0, 4, "0"),
        (4, 0, 4, "100"),
        (1, 2, 4, "50"),
        (0, 1, 1, "50"),
        (1, 0, 3, "33.333333"),
        (0, 1, 3, "16.666667"),
    ],
)
def test_the_percentile_is_the_share_below_and_half_of_the_equal(
    below: int, equal: int, samples: int, percentile: str
) -> None:
    assert percentile_of(below, equal, samples) == Decimal(percentile)


def test_without_closes_there_is_no_percentile() -> None:
    assert percentile_of(0, 0, 0) is None


def test_the_z_score_counts_standard_deviations() -> None:
    one, third = Decimal(1), Decimal(3)
    assert z_score_of(Decimal(2), one, third) == Decimal("0.333333")
    assert z_score_of(Decimal(2), one, Decimal(0)) is None
    assert z_score_of(Decimal(2), None, None) is None


def test_numbers_are_rounded_half_even_to_six_places() -> None:
    assert rounded_or_none(Decimal("1.0000005")) == Decimal("1.000000")
    assert rounded_or_none(Decimal("1.0000015")) == Decimal("1.000002")
    assert rounded_or_none(None) is None


@pytest.mark.parametrize("window", StatsWindow)
def test_a_window_ends_with_the_last_bar_that_has_ended(window: StatsWindow) -> None:
    now_ms = 1_767_225_600_000 + 90 * 60_000 + 1
    from_ms, to_ms = window.span(now_ms)
    assert to_ms == window.interval.opened_ms(now_ms)
    assert to_ms - from_ms == window.length_ms
    short = window is StatsWindow.H24
    assert window.interval is (Interval.M1 if short else Interval.H1)


def test_no_window_begins_before_1970() -> None:
    assert StatsWindow.D365.span(-5) == (0, 0)
    assert StatsWindow.D365.span(3_600_000) == (0, 3_600_000)
