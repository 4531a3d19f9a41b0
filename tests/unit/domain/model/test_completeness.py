"""What is missing of a coin's days."""

from datetime import date

from domain.model.bar import Gap
from domain.model.completeness import DayCompleteness, missing_minutes
from domain.model.snapshot import opens_ms

MINUTE = 60_000
DAY = date(2026, 3, 4)
START = opens_ms(DAY)


def gap(symbol: str, first: int, last: int) -> Gap:
    """Return a gap by minutes since the day began."""
    return Gap(symbol, START + first * MINUTE, START + last * MINUTE)


def test_a_gap_over_midnight_counts_on_both_days() -> None:
    missing = missing_minutes([gap("BTC", 1_430, 1_445)], {}, {"BTC"})
    assert missing == {("BTC", DAY): 10, ("BTC", date(2026, 3, 5)): 5}


def test_gaps_of_one_day_are_added() -> None:
    missing = missing_minutes([gap("BTC", 0, 2), gap("BTC", 5, 6)], {}, {"BTC"})
    assert missing == {("BTC", DAY): 3}


def test_after_its_last_minute_nothing_is_missing_of_a_coin_that_left() -> None:
    gaps = [gap("OLD", 5, 10), gap("OLD", 60, 1_440), gap("NEVER", 0, 1_440)]
    missing = missing_minutes(gaps, {"OLD": START + 59 * MINUTE}, set())
    assert missing == {("OLD", DAY): 5}


def test_what_is_expected_is_there_or_impossible_or_missing() -> None:
    day = DayCompleteness(
        "BTC", DAY, live=1, backfilled=2, impossible=4, missing=8, stale=1
    )
    assert day.expected == 15
    assert (day + day).expected == 30
    assert (day + day).stale == 2
