"""The board as it was: `premium(symbol, asOf)` and `premiums(asOf)`.

docs/adr/0008-history-is-minutes.md: a bar counts once it has ended.
"""

from fractions import Fraction
from typing import Any

import pytest

from tests.e2e.history.bar import BASES
from tests.e2e.history.question import PAST, bars, premium_at
from tests.e2e.history.tape import MINUTE_S, at, iso
from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.test_argument import is_bad_input

NOON = "2026-10-14T12:34:56Z"
# The last bar that had ended by then.
NOON_BAR = "2026-10-14T12:33:00Z"
LAST_END = "2026-10-16T00:00:00"


def bar_at(server: Server, symbol: str, opened: str, basis: str) -> Any:
    """Return one minute bar."""
    (bar,) = bars(
        server, symbol, from_=opened, to=iso(at(opened[:-1]) + MINUTE_S), basis=basis
    )
    return bar


def board(server: Server, arguments: str) -> Any:
    """Return one page of the board as it was."""
    text = (
        f"{{ premiums({arguments}) {{ totalCount edges {{ cursor node {PAST} }}"
        " pageInfo { hasNextPage endCursor } summary { live stale unavailable"
        " btcPercent medianPercent fxRate { rate } } } }"
    )
    return server.ask(text)["premiums"]


@pytest.mark.parametrize("symbol", ["BTC", "XRP", "SATS"])
def test_a_premium_as_it_was_is_the_last_bar_that_had_ended(
    server: Server, symbol: str
) -> None:
    found = premium_at(server, symbol, NOON)
    assert found["symbol"] == symbol
    for entry, basis in zip(found["bases"], BASES, strict=True):
        bar = bar_at(server, symbol, NOON_BAR, basis)
        krw, usdt, rate = bar["domesticClose"], bar["globalClose"], bar["fxRate"]
        assert entry["basis"] == basis
        assert entry["percent"] == bar["close"] == expect.percent(krw, usdt, rate)
        assert entry["absoluteKrw"] == expect.absolute(krw, usdt, rate)
        assert entry["fx"]["rate"] == rate
        assert entry["quality"] == bar["quality"]
        assert found["domestic"]["price"] == krw
        assert found["global"]["price"] == usdt
    official = found["bases"][0]
    assert found["percent"] == official["percent"]
    assert found["usdt"] == found["bases"][1]["percent"]
    assert found["quality"] == official["quality"]
    assert found["reason"] is None


def test_an_instant_on_the_minute_sees_the_bar_that_just_ended(server: Server) -> None:
    found = premium_at(server, "BTC", "2026-10-14T12:34:00Z")
    assert found["percent"] == bar_at(server, "BTC", NOON_BAR, BASES[0])["close"]


def test_up_to_five_minutes_back_count(server: Server) -> None:
    last = bar_at(server, "BTC", "2026-10-15T23:59:00Z", BASES[0])
    for instant in ("00:00:00", "00:02:30", "00:03:59"):
        found = premium_at(server, "BTC", f"2026-10-16T{instant}Z")
        assert found["percent"] == last["close"], instant


@pytest.mark.parametrize("instant", ["2026-10-16T00:05:01Z", "2026-10-13T12:00:00Z"])
def test_further_back_it_is_unavailable(server: Server, instant: str) -> None:
    found = premium_at(server, "BTC", instant)
    assert found["quality"] == "UNAVAILABLE"
    assert found["percent"] is None
    assert found["absoluteKrw"] is None
    assert found["reason"] is not None
    assert {entry["percent"] for entry in found["bases"]} == {None}


def test_days_and_hours_alone_are_no_answer(server: Server) -> None:
    for instant in ("2026-10-11T12:00:30Z", "2026-10-05T00:00:00Z"):
        assert premium_at(server, "BTC", instant)["quality"] == "UNAVAILABLE"


def test_before_a_coins_first_trade_it_is_unavailable(server: Server) -> None:
    before = premium_at(server, "ETH", "2026-10-14T08:29:59Z")
    assert before["quality"] == "UNAVAILABLE"
    assert before["percent"] is None
    after = premium_at(server, "ETH", "2026-10-14T08:31:00Z")
    assert after["percent"] is not None


def test_the_future_is_no_number(server: Server) -> None:
    answer = server.answer(
        '{ premium(symbol: "BTC", asOf: "2999-01-01T00:00:00Z") { percent quality } }'
    )
    if "errors" in answer:
        is_bad_input(answer["errors"][0], "asOf")
    else:
        assert answer["data"]["premium"] == {"percent": None, "quality": "UNAVAILABLE"}


@pytest.mark.parametrize(
    "instant", ["2026-10-14T12:00:00", "2026-10-14", "noon", "", "2026-10-14T12:00"]
)
@pytest.mark.parametrize("field", ['premium(symbol: "BTC", ', "premiums("])
def test_an_instant_without_an_offset_is_refused(
    server: Server, field: str, instant: str
) -> None:
    text = f'{{ {field}asOf: "{instant}") {{ __typename }} }}'
    is_bad_input(server.error(text))


def test_null_is_now(server: Server) -> None:
    told = server.ask('{ premium(symbol: "BTC", asOf: null) { percent quality } }')
    assert told["premium"]["quality"] == "LIVE"
    told = server.ask("{ premiums(asOf: null) { summary { live } } }")
    assert told["premiums"]["summary"]["live"] > 0


def test_an_unknown_symbol_is_null_at_any_time(server: Server) -> None:
    assert premium_at(server, "NOSUCH", NOON) is None


def test_the_board_as_it_was_agrees_with_each_premium(server: Server) -> None:
    told = board(server, f'asOf: "{NOON}", first: 1000')
    nodes = {edge["node"]["symbol"]: edge["node"] for edge in told["edges"]}
    assert set(nodes) >= {"BTC", "XRP", "ETH", "SATS", "AQT", "USDT"}
    assert told["totalCount"] == len(nodes)
    for symbol in ("BTC", "XRP", "ETH", "SATS"):
        assert nodes[symbol] == premium_at(server, symbol, NOON)
        assert nodes[symbol]["quality"] == "LIVE"
    for symbol in ("AQT", "USDT", "DOGE"):
        assert nodes[symbol]["quality"] == "UNAVAILABLE"
        assert nodes[symbol]["percent"] is None
    assert told["summary"]["btcPercent"] == nodes["BTC"]["percent"]
    counted = [told["summary"][name] for name in ("live", "stale", "unavailable")]
    assert counted == [4, 0, len(nodes) - 4]


def test_the_board_as_it_was_can_be_ordered_and_filtered(server: Server) -> None:
    order = "orderBy: {field: PERCENT, direction: DESC}"
    told = board(server, f'asOf: "{NOON}", {order}')
    numbers = [edge["node"]["percent"] for edge in told["edges"]]
    known = [Fraction(number) for number in numbers if number is not None]
    assert known == sorted(known, reverse=True)
    assert len(known) == 4
    assert numbers[4:] == [None] * (len(numbers) - 4)
    middle = numbers[1]
    above = board(server, f'asOf: "{NOON}", filter: {{minPercent: "{middle}"}}')
    assert above["totalCount"] == 2
    live = board(server, f'asOf: "{NOON}", filter: {{quality: [LIVE]}}')
    assert [e["node"]["symbol"] for e in live["edges"]] == ["BTC", "ETH", "SATS", "XRP"]
    some = board(server, f'asOf: "{NOON}", filter: {{symbols: ["sats", "AQT"]}}')
    assert [e["node"]["symbol"] for e in some["edges"]] == ["AQT", "SATS"]


def test_the_board_as_it_was_comes_in_pages(server: Server) -> None:
    order = f'asOf: "{NOON}", orderBy: {{field: PERCENT, direction: ASC}}'
    whole = board(server, f"{order}, first: 1000")["edges"]
    found: list[Any] = []
    after = ""
    while True:
        told = board(server, f"{order}, first: 3{after}")
        found.extend(told["edges"])
        if not told["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{told["pageInfo"]["endCursor"]}"'
    assert [edge["node"] for edge in found] == [edge["node"] for edge in whole]


def test_a_cursor_of_another_instant_is_refused(server: Server) -> None:
    told = board(server, f'asOf: "{NOON}", first: 2')
    cursor = told["pageInfo"]["endCursor"]
    for other in ('asOf: "2026-10-14T12:00:00Z", ', ""):
        text = f'{{ premiums({other}first: 2, after: "{cursor}") {{ totalCount }} }}'
        is_bad_input(server.error(text), "after")
