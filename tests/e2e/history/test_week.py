"""Weeks and days out of ten thousand minutes, put into the table by plain SQL."""

from typing import Any, Final

import pytest

from tests.e2e.history.bar import gathered
from tests.e2e.history.conftest import Archive
from tests.e2e.history.minute_table import fill
from tests.e2e.history.question import bars, same
from tests.e2e.history.tape import DAY_S, MINUTE_S, at, iso

MONDAY: Final = at("2026-10-05")
SUNDAY_END: Final = MONDAY + 7 * DAY_S
# One more day, so that the next week is covered in part.
END: Final = SUNDAY_END + DAY_S


@pytest.fixture(scope="module")
def week(archive: Archive) -> list[dict[str, Any]]:
    """All minutes of a week and a day, as GraphQL tells them."""
    url = archive.bench.settings["KIMP_DATABASE__URL"]
    fill(url, "TRX", range(MONDAY, END, MINUTE_S))
    return bars(archive.server, "TRX", from_=iso(MONDAY), to=iso(END))


@pytest.mark.slow
def test_a_week_begins_on_monday_and_is_what_its_minutes_make(
    archive: Archive, week: list[dict[str, Any]]
) -> None:
    assert len(week) == 8 * 1440
    where = {"from_": iso(MONDAY), "to": iso(SUNDAY_END)}
    found = bars(archive.server, "TRX", interval="W1", **where)
    same(found, gathered(week[: 7 * 1440], "W1"))
    assert [bar["openedAt"] for bar in found] == ["2026-10-05T00:00:00Z"]


@pytest.mark.slow
@pytest.mark.parametrize("interval", ["M3", "M5", "M15", "M30", "H1", "H4", "D1"])
def test_everything_shorter_is_what_the_same_minutes_make(
    archive: Archive, week: list[dict[str, Any]], interval: str
) -> None:
    where = {"from_": iso(MONDAY), "to": iso(END)}
    found = bars(archive.server, "TRX", interval=interval, **where)
    same(found, gathered(week, interval))
    down = bars(archive.server, "TRX", interval=interval, direction="DESC", **where)
    assert down == found[::-1]


@pytest.mark.slow
def test_a_range_within_a_day_cuts_whole_bars(
    archive: Archive, week: list[dict[str, Any]]
) -> None:
    where = {"from_": iso(MONDAY + 1800), "to": iso(MONDAY + 5400)}
    found = bars(archive.server, "TRX", interval="H1", **where)
    same(found, gathered(week[60:120], "H1"))
