"""Argument rules and cursors of history."""

import base64
import json
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.bar import BarOrigin, PremiumBar
from domain.model.error import InvalidArgument
from domain.model.fx import PremiumBasis
from domain.model.history_query import (
    KEPT_INTERVALS,
    MAX_SPAN_BARS,
    BarsAsked,
    DayAsked,
    SnapshotsAsked,
)
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction, Page, PageRequest
from domain.model.snapshot import DailyPrices, DailySnapshot

NOW = 1_767_225_600_000
DAY = 86_400_000

FIRST = PageRequest(3)


def asked(
    *,
    interval: Interval = Interval.M1,
    from_ms: int = NOW - DAY,
    to_ms: int = NOW,
    direction: Direction = Direction.ASC,
    request: PageRequest = FIRST,
) -> BarsAsked:
    basis = PremiumBasis.OFFICIAL_FX
    return BarsAsked("BTC", basis, interval, from_ms, to_ms, direction, request)


def bar(opened_ms: int, interval: Interval = Interval.M1) -> PremiumBar:
    one = Decimal(1)
    return PremiumBar(
        "BTC",
        PremiumBasis.OFFICIAL_FX,
        interval,
        opened_ms,
        *(one, one, one, one, one, one, one),
        1,
        Quality.LIVE,
        BarOrigin.LIVE,
        1,
    )


def forged(cursor: str, key: object) -> str:
    """Return a cursor of the same question with another key."""
    padded = cursor + "=" * (-len(cursor) % 4)
    fields = json.loads(base64.urlsafe_b64decode(padded))
    fields[1:3] = [key is None, key]
    text = json.dumps(fields).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize("interval", KEPT_INTERVALS)
def test_the_longest_span_is_allowed_and_no_longer_one(interval: Interval) -> None:
    longest_ms = MAX_SPAN_BARS * interval.length_ms
    asked(interval=interval, from_ms=NOW - longest_ms)
    with pytest.raises(InvalidArgument, match=str(MAX_SPAN_BARS)) as refused:
        asked(interval=interval, from_ms=NOW - longest_ms - 1)
    assert refused.value.argument == "from"


@given(
    st.sampled_from(KEPT_INTERVALS),
    st.integers(-(10**13), 3 * 10**14),
    st.integers(0, 10**9),
)
def test_a_span_holds_the_openings_that_are_meant(
    interval: Interval, from_ms: int, length_ms: int
) -> None:
    question = asked(interval=interval, from_ms=from_ms, to_ms=from_ms + length_ms)
    begin_ms, end_ms = question.span(NOW)
    opened_ms = interval.opened_ms(max(from_ms, 0))
    for _ in range(4):
        meant = from_ms <= opened_ms < from_ms + length_ms and 0 <= opened_ms <= NOW
        assert meant is (begin_ms <= opened_ms < end_ms)
        opened_ms += interval.length_ms
    assert begin_ms >= 0
    assert end_ms <= NOW + interval.length_ms


@pytest.mark.parametrize("key", ["1.5", "1e3", "-1", str(NOW), "0", None, 7, "x"])
def test_a_forged_cursor_is_refused(key: object) -> None:
    page = asked().page([bar(NOW - DAY)])
    after = forged(page.cursors[0], key)
    with pytest.raises(InvalidArgument) as refused:
        asked(request=PageRequest(3, after))
    assert refused.value.argument == "after"


def test_a_page_knows_what_lies_around_it() -> None:
    minutes = [NOW - DAY + n * 60_000 for n in range(6)]
    first = asked().page([bar(at) for at in minutes[:5]])
    assert [row.opened_ms for row in first.rows] == minutes[:3]
    assert (first.has_previous, first.has_next, first.total) == (False, True, 3)
    question = asked(request=PageRequest(3, first.cursors[-1]))
    assert question.span(NOW)[0] == minutes[2]
    second = question.page([bar(at) for at in minutes[2:]])
    assert [row.opened_ms for row in second.rows] == minutes[3:]
    assert (second.has_previous, second.has_next) == (True, False)
    assert question.page([]).has_previous is False


def test_descending_from_a_cursor_the_newer_ones_precede() -> None:
    down = partial(asked, direction=Direction.DESC, interval=Interval.D1, from_ms=0)
    first = down().page([bar(NOW - DAY, Interval.D1)])
    question = down(request=PageRequest(3, first.cursors[0]))
    assert question.span(NOW) == (0, NOW)
    assert question.page([]).has_previous is True


def test_cursors_are_made_when_they_are_asked_for() -> None:
    page: Page[PremiumBar] = asked().page([bar(NOW - DAY), bar(NOW - DAY + 60_000)])
    assert page.cursors[0:2] == [page.cursors[0], page.cursors[-1]]
    assert list(page.cursors) == page.cursors[:]
    assert len(page.cursors) == 2


def test_snapshots_are_asked_for_between_days_or_without_bounds() -> None:
    first, last = date(2025, 1, 1), date(2025, 1, 2)
    request = PageRequest(3)
    for span in ((first, last), (first, first), (None, last), (first, None)):
        found = SnapshotsAsked("BTC", span[0], span[1], Direction.ASC, request)
        assert found.span == span
    with pytest.raises(InvalidArgument) as refused:
        SnapshotsAsked("BTC", last, first, Direction.ASC, request)
    assert refused.value.argument == "from"


@pytest.mark.parametrize("key", [None, "2025-13-01", "x", "", 5])
def test_a_forged_cursor_of_snapshots_is_refused(key: object) -> None:
    question = SnapshotsAsked("BTC", None, None, Direction.ASC, PageRequest(1))
    row = DailySnapshot(date(2025, 1, 1), "BTC", DailyPrices(None, None, None, None))
    after = forged(question.page([row]).cursors[0], key)
    with pytest.raises(InvalidArgument) as refused:
        SnapshotsAsked("BTC", None, None, Direction.ASC, PageRequest(1, after))
    assert refused.value.argument == "after"


def test_a_day_is_asked_for_after_a_symbol() -> None:
    assert DayAsked(date(2025, 1, 1), PageRequest(1)).cursor_symbol is None
    with pytest.raises(InvalidArgument):
        DayAsked(date(2025, 1, 1), PageRequest(1, "AAAA"))
