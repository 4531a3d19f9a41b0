"""Each source by its documented answer, and by what may stand there instead."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from adapters.fx import dunamu, frankfurter, open_er_api
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer
from domain.model.fx import FxQuote
from domain.ports.fx_source import FxSource

T = TypeVar("T")
Read = Callable[[HttpAnswer], FxQuote]

DUNAMU = (
    '[{"code":"FRX.KRWUSD","currencyCode":"USD","currencyName":"달러",'
    '"country":"미국","name":"미국 (KRW/USD)","date":"2026-10-30","time":"15:30:00",'
    '"recurrenceCount":512,"basePrice":1348.50,"timestamp":1793341800123}]'
)
FRANKFURTER = '{"amount":1.0,"base":"USD","date":"2026-10-02","rates":{"KRW":1348.28}}'
OPEN_ER_API = (
    '{"result":"success","time_last_update_unix":1790899351,"base_code":"USD",'
    '"rates":{"USD":1,"KRW":1348.281234}}'
)
READS: Mapping[str, Read] = {
    DUNAMU: dunamu.read,
    FRANKFURTER: frankfurter.read,
    OPEN_ER_API: open_er_api.read,
}


def answer(body: str) -> HttpAnswer:
    return HttpAnswer(200, {}, body.encode(), 0.01)


def unix_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class FakeHttp:
    """Answers one body to whatever is asked, and remembers the question."""

    def __init__(self, body: str) -> None:
        self._body = body
        self.asked: tuple[str, Mapping[str, str] | None] | None = None

    async def read(
        self,
        decode: Callable[[HttpAnswer], T],
        path: str,
        params: Mapping[str, str] | None = None,
    ) -> T:
        self.asked = (path, params)
        return decode(answer(self._body))


@pytest.mark.parametrize(
    ("kind", "body", "asked", "expected", "pace_s"),
    [
        (
            dunamu.DunamuSource,
            DUNAMU,
            ("/v1/forex/recent", {"codes": "FRX.KRWUSD"}),
            FxQuote("dunamu", Decimal("1348.50"), 1793341800123),
            60,
        ),
        (
            frankfurter.FrankfurterSource,
            FRANKFURTER,
            ("/v1/latest", {"base": "USD", "symbols": "KRW"}),
            FxQuote(
                "frankfurter", Decimal("1348.28"), unix_ms("2026-10-02T14:00:00+00:00")
            ),
            3600,
        ),
        (
            open_er_api.OpenErApiSource,
            OPEN_ER_API,
            ("/v6/latest/USD", None),
            FxQuote("open_er_api", Decimal("1348.281234"), 1790899351000),
            3600,
        ),
    ],
)
async def test_a_source_asks_its_path_and_tells_its_rate(
    kind: Any, body: str, asked: object, expected: FxQuote, pace_s: float
) -> None:
    http = FakeHttp(body)
    source: FxSource = kind(http)
    assert await source.latest() == expected
    assert http.asked == asked
    assert source.name == expected.source
    assert source.poll_interval_s == pace_s
    assert kind(http, 5.0).poll_interval_s == 5.0


def test_without_a_stamp_dunamu_speaks_of_its_date_and_time_in_korea() -> None:
    (row,) = json.loads(DUNAMU)
    del row["timestamp"]
    told = dunamu.read(answer(json.dumps([row])))
    assert told.as_of_ms == unix_ms("2026-10-30T06:30:00+00:00")


@pytest.mark.parametrize(
    ("day", "hour"),
    [("2026-03-28", 15), ("2026-03-29", 14), ("2026-10-24", 14), ("2026-10-25", 15)],
)
def test_the_fixing_is_at_16_00_in_berlin_winter_and_summer(
    day: str, hour: int
) -> None:
    told = frankfurter.read(answer(FRANKFURTER.replace("2026-10-02", day)))
    fixed = datetime.fromtimestamp(told.as_of_ms / 1000, UTC)
    assert fixed.isoformat() == f"{day}T{hour}:00:00+00:00"


@pytest.mark.parametrize("body", READS)
@pytest.mark.parametrize("rate", ['"1348.50"', "1348.50", "1348", "1.3485e3"])
def test_a_rate_may_be_any_plain_number(body: str, rate: str) -> None:
    told = READS[body](answer(replace_rate(body, rate)))
    assert told.rate == Decimal(rate.strip('"'))


@pytest.mark.parametrize("body", READS)
@pytest.mark.parametrize(
    "rate",
    ['"NaN"', '"1,355.00"', '"1_355"', "1e999", "1" * 61, "0", "-5", "true", "null"],
)
def test_a_rate_that_is_none_is_undecodable(body: str, rate: str) -> None:
    with pytest.raises(UndecodableAnswer, match="rate"):
        READS[body](answer(replace_rate(body, rate)))


def replace_rate(body: str, rate: str) -> str:
    for known in ("1348.50", "1348.281234", "1348.28"):
        if known in body:
            return body.replace(known, rate)
    raise AssertionError("no rate in the body")


@pytest.mark.parametrize("body", READS)
@pytest.mark.parametrize("said", ["", "<html>", "null", "[]", "{}", "[" * 100_000])
def test_an_answer_of_another_shape_is_undecodable(body: str, said: str) -> None:
    with pytest.raises(UndecodableAnswer):
        READS[body](answer(said))


@pytest.mark.parametrize(
    ("body", "known", "odd"),
    [
        (DUNAMU, "FRX.KRWUSD", "FRX.KRWJPY"),
        (DUNAMU, "1793341800123", "0"),
        (DUNAMU, "1793341800123", str(2**53)),
        (DUNAMU, '"15:30:00"', '"half past three","timestamp":null,"x":"'),
        (DUNAMU, "1348.50", "1e99999999999999999999"),
        (FRANKFURTER, '"amount":1.0', '"amount":100'),
        (FRANKFURTER, '"base":"USD"', '"base":"EUR"'),
        (FRANKFURTER, "2026-10-02", "yesterday"),
        (FRANKFURTER, "2026-10-02", "0001-01-01"),
        (FRANKFURTER, "KRW", "JPY"),
        (OPEN_ER_API, "1790899351", "-1"),
        (OPEN_ER_API, "1790899351", "9" * 18),
        (OPEN_ER_API, '"base_code":"USD"', '"base_code":"EUR"'),
        (OPEN_ER_API, "KRW", "JPY"),
        (OPEN_ER_API, '"result":"success"', '"result":"error"'),
    ],
)
def test_an_answer_about_something_else_is_undecodable(
    body: str, known: str, odd: str
) -> None:
    assert known in body
    with pytest.raises(UndecodableAnswer):
        READS[body](answer(body.replace(known, odd)))


def test_dunamu_without_any_time_is_undecodable() -> None:
    with pytest.raises(UndecodableAnswer, match="time"):
        dunamu.read(answer('[{"basePrice":1348.5}]'))


def test_a_refusal_that_comes_with_status_200_is_told() -> None:
    body = '{"result":"error","error-type":"unsupported-code"}'
    with pytest.raises(UndecodableAnswer, match="unsupported-code"):
        open_er_api.read(answer(body))


def test_dunamu_is_asked_as_a_browser_would() -> None:
    assert dunamu.HEADERS["User-Agent"].startswith("Mozilla/5.0")
