"""What a backfill asks for."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.model.backfill_plan import (
    CHUNK,
    DOMESTIC_PAGE,
    FIRST_DAY,
    GLOBAL_PAGE,
    MAX_DAYS,
    BackfillSpan,
    plan_span,
    runs,
)
from domain.model.error import InvalidArgument
from domain.model.interval import Interval

NOW_MS = round(datetime(2026, 3, 10, 0, 0, 1, tzinfo=UTC).timestamp()) * 1000
YESTERDAY = date(2026, 3, 9)
DAY_MS = 86_400_000


def test_without_an_end_the_span_goes_up_to_yesterday() -> None:
    span = plan_span(Interval.D1, date(2026, 3, 1), None, NOW_MS)
    assert (span.from_day, span.to_day) == (date(2026, 3, 1), YESTERDAY)
    assert span.bars == 9
    assert span.to_ms - span.from_ms == 9 * DAY_MS


def test_both_days_are_inclusive() -> None:
    span = plan_span(Interval.H1, YESTERDAY, YESTERDAY, NOW_MS)
    assert span.bars == 24
    assert list(span.pieces()) == [(span.from_ms, span.to_ms)]


@pytest.mark.parametrize(
    ("interval", "from_day", "to_day", "told"),
    [
        (
            Interval.D1,
            date(2026, 3, 2),
            date(2026, 3, 1),
            "--from 2026-03-02: must not be after --to 2026-03-01",
        ),
        (
            Interval.D1,
            date(2026, 3, 10),
            None,
            "--from 2026-03-10: the last day whose bars are closed is 2026-03-09",
        ),
        (
            Interval.D1,
            date(2026, 3, 1),
            date(2026, 3, 10),
            "--to 2026-03-10: the last day whose bars are closed is 2026-03-09",
        ),
        (
            Interval.D1,
            date(2016, 12, 31),
            None,
            "--from 2016-12-31: the first day there is is 2017-01-01",
        ),
        (
            Interval.D1,
            date(2026, 3, 1),
            date(2016, 12, 31),
            "--to 2016-12-31: the first day there is is 2017-01-01",
        ),
        (
            Interval.M1,
            YESTERDAY - timedelta(days=400),
            None,
            "2025-02-02 to 2026-03-09 are 401 days: one command does at most 400 days",
        ),
    ],
)
def test_a_span_that_cannot_be_meant_is_refused_with_what_is_allowed(
    interval: Interval, from_day: date, to_day: date | None, told: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        plan_span(interval, from_day, to_day, NOW_MS)
    assert told in str(caught.value)


def test_the_longest_span_is_allowed() -> None:
    first = YESTERDAY - timedelta(days=MAX_DAYS[Interval.M1] - 1)
    assert plan_span(Interval.M1, first, None, NOW_MS).bars == 400 * 1440
    whole = plan_span(Interval.H1, FIRST_DAY, None, NOW_MS)
    assert whole.bars == 24 * ((YESTERDAY - FIRST_DAY).days + 1)


def test_pieces_are_whole_pages_of_both_venues_and_cover_the_span_once() -> None:
    span = BackfillSpan(Interval.M1, date(2026, 3, 1), date(2026, 3, 3))
    pieces = list(span.pieces())
    assert CHUNK % DOMESTIC_PAGE == 0
    assert CHUNK % GLOBAL_PAGE == 0
    assert len(pieces) == span.chunks == 5
    assert [b - a for a, b in pieces[:-1]] == [CHUNK * 60_000] * 4
    assert [a for a, _ in pieces[1:]] == [b for _, b in pieces[:-1]]
    assert (pieces[0][0], pieces[-1][1]) == (span.from_ms, span.to_ms)


def test_a_year_of_days_of_a_coin_is_two_pages_of_upbit_and_one_of_binance() -> None:
    span = BackfillSpan(Interval.D1, date(2025, 1, 1), date(2025, 12, 31))
    lists, fx, won_per_dollar_coin = 2, 5, 2 * 2
    assert span.requests([]) == lists + fx + won_per_dollar_coin
    assert span.requests([], with_rates=False) == lists + won_per_dollar_coin
    coins = [f"C{number}" for number in range(100)]
    assert span.requests(coins) == span.requests([]) + 100 * (2 + 1)
    # USDC's candles on Upbit are read for the rates anyway.
    assert span.requests([*coins, "USDC"]) == span.requests(coins) + 1


def test_openings_side_by_side_are_one_run() -> None:
    assert runs([], Interval.D1) == []
    assert runs([2 * DAY_MS, 0, DAY_MS], Interval.D1) == [(0, 3 * DAY_MS)]


def test_what_fills_no_page_between_two_runs_is_asked_for_as_well() -> None:
    near, far = (DOMESTIC_PAGE - 1) * DAY_MS, DOMESTIC_PAGE * DAY_MS
    assert runs([0, DAY_MS + near], Interval.D1) == [(0, 2 * DAY_MS + near)]
    assert runs([0, DAY_MS + far], Interval.D1) == [
        (0, DAY_MS),
        (DAY_MS + far, 2 * DAY_MS + far),
    ]
