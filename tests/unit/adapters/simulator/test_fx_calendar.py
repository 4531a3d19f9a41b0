from datetime import UTC, date, datetime

import pytest

from adapters.simulator.fx_calendar import (
    business_days,
    fixing_ms,
    friday_evening_ms,
    last_fixing,
    last_notice_ms,
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000


@pytest.mark.parametrize(
    ("now", "notice"),
    [
        ("2026-11-20T06:00:30", "2026-11-20T06:00:00"),  # Friday 15:00 in Seoul
        ("2026-11-20T12:00:00", "2026-11-20T11:00:00"),  # after hours
        ("2026-11-19T23:29:59", "2026-11-19T11:00:00"),  # Friday before hours
        ("2026-11-19T23:30:00", "2026-11-19T23:30:00"),  # Friday 08:30
        ("2026-11-21T05:00:00", "2026-11-20T11:00:00"),  # Saturday
        ("2026-11-22T16:00:00", "2026-11-20T11:00:00"),  # Monday 01:00
        ("2026-11-22T23:31:00", "2026-11-22T23:31:00"),  # Monday 08:31
    ],
)
def test_the_bank_speaks_in_its_hours_only(now: str, notice: str) -> None:
    assert last_notice_ms(ms(now)) == ms(notice)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-20T14:59:00", "2026-11-19"),
        ("2026-11-20T15:00:00", "2026-11-20"),
        ("2026-11-22T20:00:00", "2026-11-20"),
        ("2026-11-23T14:00:00", "2026-11-20"),
    ],
)
def test_the_ecb_publishes_in_the_afternoon_of_business_days(
    now: str, day: str
) -> None:
    assert last_fixing(ms(now)) == date.fromisoformat(day)


def test_weekends_are_no_business_days() -> None:
    days = business_days(date(2026, 11, 19), date(2026, 11, 24))
    assert [day.day for day in days] == [19, 20, 23, 24]
    assert business_days(date(2026, 11, 24), date(2026, 11, 23)) == []


def test_a_fixing_is_at_a_quarter_past_two_in_frankfurt() -> None:
    assert fixing_ms(date(2026, 11, 20)) == ms("2026-11-20T13:15:00")


def test_friday_evening_is_the_last_one_that_has_been() -> None:
    friday = ms("2026-11-20T23:00:00")
    assert friday_evening_ms(friday - 1) == ms("2026-11-13T23:00:00")
    assert friday_evening_ms(friday) == friday
    assert friday_evening_ms(ms("2026-11-22T12:00:00")) == friday
    assert friday_evening_ms(ms("2026-11-27T22:00:00")) == friday
