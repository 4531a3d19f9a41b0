"""Months of minutes: what they are called and where they begin."""

from datetime import UTC, datetime

from adapters.postgres.bar_partition import Month
from adapters.postgres.history_table import PARTITION


def test_a_month_is_that_of_the_instant_in_utc() -> None:
    month = Month.of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    assert month.table == "premium_minute_2026_11"
    assert month.begin == datetime(2026, 11, 1, tzinfo=UTC)


def test_after_december_comes_january() -> None:
    month = Month.of(datetime(2026, 12, 1, tzinfo=UTC)).next
    assert month.table == "premium_minute_2027_01"
    assert month > Month.of(datetime(2026, 12, 31, tzinfo=UTC))


def test_a_partition_is_known_by_its_name() -> None:
    table = Month.of(datetime(1970, 1, 1, tzinfo=UTC)).table
    assert PARTITION.fullmatch(table)
    assert not PARTITION.fullmatch("premium_minute")
    assert not PARTITION.fullmatch("premium_minute_2026_11_old")
