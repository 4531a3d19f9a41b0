"""Frankfurter's range by its documented answer, and by what may stand there instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar, cast

import pytest

from adapters.fx.frankfurter_history import FrankfurterHistory, read_span
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from adapters.resilience.session import Reject
from domain.model.daily_rate import DailyRate

T = TypeVar("T")

RANGE = (
    '{"amount":1.0,"base":"USD","start_date":"2026-10-29","end_date":"2026-11-02",'
    '"rates":{"2026-10-29":{"KRW":1351.2},"2026-10-30":{"KRW":1348.28},'
    '"2026-11-02":{"KRW":1350}}}'
)


def answer(body: str) -> HttpAnswer:
    return HttpAnswer(200, {}, body.encode(), 0.01)


class FakeHttp:
    """Answers one body to whatever is asked, and remembers the questions."""

    def __init__(self, body: str) -> None:
        self._body = body
        self.asked: list[tuple[str, Mapping[str, str] | None]] = []

    async def read(
        self,
        decode: Callable[[HttpAnswer], T],
        path: str,
        params: Mapping[str, str] | None = None,
    ) -> T:
        self.asked.append((path, params))
        return decode(answer(self._body))


def history(http: FakeHttp, rejects: list[Reject] | None = None) -> FrankfurterHistory:
    found = [] if rejects is None else rejects
    return FrankfurterHistory(cast(UpstreamHttp, http), found.append)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(RANGE), **changes})


async def test_a_span_is_one_question_and_begins_earlier() -> None:
    http = FakeHttp(RANGE)
    found = await history(http).daily(date(2026, 10, 31), date(2026, 11, 2))
    assert http.asked == [
        ("/v1/2026-10-21..2026-11-02", {"base": "USD", "symbols": "KRW"})
    ]
    assert list(found) == [
        DailyRate(date(2026, 10, 29), Decimal("1351.2"), "frankfurter"),
        DailyRate(date(2026, 10, 30), Decimal("1348.28"), "frankfurter"),
        DailyRate(date(2026, 11, 2), Decimal(1350), "frankfurter"),
    ]


async def test_a_long_span_is_asked_by_quarters_that_no_source_sums_up() -> None:
    http = FakeHttp(RANGE)
    await history(http).daily(date(2025, 10, 1), date(2026, 9, 30))
    spans = [path.removeprefix("/v1/").split("..") for path, _ in http.asked]
    days = [tuple(map(date.fromisoformat, span)) for span in spans]
    assert days[0][0] == date(2025, 9, 21)
    assert days[-1][1] == date(2026, 9, 30)
    assert len(days) == 5
    for begin, end in days:
        assert 10 <= (end - begin).days + 1 <= 90
    for (_, end), (begin, _) in pairwise(days):
        assert begin == end + timedelta(days=1)


async def test_rates_after_the_span_are_left_out() -> None:
    found = await history(FakeHttp(RANGE)).daily(date(2026, 10, 30), date(2026, 11, 1))
    assert [each.day.day for each in found] == [29, 30]


async def test_before_the_first_fixing_nobody_is_asked() -> None:
    http = FakeHttp(RANGE)
    assert list(await history(http).daily(date(1998, 1, 1), date(1999, 1, 3))) == []
    assert http.asked == []
    await history(http).daily(date(1998, 1, 1), date(1999, 1, 4))
    assert http.asked[0][0] == "/v1/1999-01-04..1999-01-04"


@pytest.mark.parametrize(
    "row",
    [
        {"KRW": 499.99},
        {"KRW": 3000.01},
        {"KRW": -1348},
        {"KRW": None},
        {"KRW": "NaN"},
        {"KRW": True},
        {},
        {"EUR": 0.9},
    ],
)
async def test_a_bad_day_is_counted_and_left_out(row: dict[str, Any]) -> None:
    rates = {**json.loads(RANGE)["rates"], "2026-10-30": row}
    rejects: list[Reject] = []
    found = await history(FakeHttp(changed(rates=rates)), rejects).daily(
        date(2026, 10, 29), date(2026, 11, 2)
    )
    assert [each.day.day for each in found] == [29, 2]
    assert [reject.kind for reject in rejects] == ["row"]


@pytest.mark.parametrize("day", ["yesterday", "20261030", "2026-W44-5", "2026-13-01"])
async def test_a_date_in_another_form_is_a_bad_day(day: str) -> None:
    rates = {**json.loads(RANGE)["rates"], day: {"KRW": 1300}}
    rejects: list[Reject] = []
    found = await history(FakeHttp(changed(rates=rates)), rejects).daily(
        date(2026, 10, 29), date(2026, 11, 2)
    )
    assert len(found) == 3
    assert len(rejects) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"message":"not found"}',
        changed(rates={}),
        changed(rates=None),
        changed(rates={"2026-10-30": {"KRW": 13}}),
        changed(base="EUR"),
        changed(amount=100),
        changed(rates={"2026-10-30": 1300}),
    ],
)
def test_what_is_not_documented_is_no_answer(body: str) -> None:
    with pytest.raises(UndecodableAnswer):
        read_span(answer(body))


@pytest.mark.parametrize("number", ["1348.2800", "1348.28", "1.34828e3"])
def test_rates_keep_their_own_digits(number: str) -> None:
    body = RANGE.replace("1348.28", number)
    found = read_span(answer(body))
    assert found[1].rate == Decimal("1348.28")
    assert str(found[1].rate) == str(Decimal(number))
