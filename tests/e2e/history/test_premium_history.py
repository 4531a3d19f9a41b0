"""`premiumHistory`: ranges, orders, pages, and what it refuses."""

from typing import Any

import pytest

from tests.e2e.history.conftest import Archive
from tests.e2e.history.question import BAR, bars, document, page, refused, whole
from tests.e2e.history.tape import at, iso
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.test_argument import is_bad_input

FROM = "2026-10-14T06:00:00Z"
TO = "2026-10-14T07:40:00Z"
RANGE = {"from_": FROM, "to": TO}
MANY = 100


def opened(nodes: list[dict[str, Any]]) -> list[str]:
    """Return the openings of bars."""
    return [node["openedAt"] for node in nodes]


def test_from_is_in_and_to_is_out(server: Server) -> None:
    found = opened(bars(server, "BTC", **RANGE))
    assert found[0] == FROM
    assert found[-1] == "2026-10-14T07:39:00Z"
    assert len(found) == MANY
    assert found == sorted(set(found))


def test_a_range_that_begins_within_a_minute_begins_with_the_next(
    server: Server,
) -> None:
    found = opened(
        bars(server, "BTC", from_="2026-10-14T06:00:00.001Z", to="2026-10-14T06:02:30Z")
    )
    assert found == ["2026-10-14T06:01:00Z", "2026-10-14T06:02:00Z"]


def test_an_offset_other_than_utc_is_the_same_instant(server: Server) -> None:
    found = bars(
        server, "BTC", from_="2026-10-14T15:00:00+09:00", to="2026-10-14T16:40:00+09:00"
    )
    assert found == bars(server, "BTC", **RANGE)


def test_an_empty_range_is_an_empty_page(server: Server) -> None:
    told = page(server, "BTC", from_=FROM, to=FROM)
    assert told["edges"] == []
    assert told["pageInfo"]["hasNextPage"] is False
    assert told["pageInfo"]["endCursor"] is None


def test_a_range_without_bars_is_an_empty_page(server: Server) -> None:
    where = {"from_": "2021-01-01T00:00:00Z", "to": "2021-01-02T00:00:00Z"}
    assert page(server, "BTC", **where)["edges"] == []


def test_the_default_is_minutes_on_the_official_rate_ascending(server: Server) -> None:
    text = (
        f'{{ coin(symbol: "BTC") {{ premiumHistory(from: "{FROM}", to: "{TO}")'
        f" {{ edges {{ node {{ {BAR} }} }} }} }} }}"
    )
    edges = server.ask(text)["coin"]["premiumHistory"]["edges"]
    wanted = bars(server, "BTC", interval="M1", basis="OFFICIAL_FX", **RANGE)
    found = [edge["node"] for edge in edges]
    assert [{**bar, "openedAt": whole(bar["openedAt"])} for bar in found] == wanted


def test_descending_is_ascending_reversed(server: Server) -> None:
    down = bars(server, "BTC", direction="DESC", **RANGE)
    assert down == list(reversed(bars(server, "BTC", direction="ASC", **RANGE)))


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("interval", ["M1", "M5", "H1", "D1"])
@pytest.mark.parametrize("first", [1, 7, 33, 100])
def test_pages_carry_each_bar_once(
    server: Server, interval: str, first: int, direction: str
) -> None:
    where = {"from_": "2026-10-14T04:00:00Z", "to": "2026-10-14T05:10:00Z"}
    if interval in ("H1", "D1"):
        where = {"from_": "2026-10-09T00:00:00Z", "to": "2026-10-14T00:00:00Z"}
    more = {"interval": interval, "direction": direction, **where}
    every = bars(server, "BTC", **more)
    assert bars(server, "BTC", first=first, **more) == every
    assert len(set(opened(every))) == len(every) > 0


def test_an_edge_continues_after_itself(server: Server) -> None:
    every = page(server, "BTC", **RANGE)
    edge = every["edges"][40]
    rest = page(server, "BTC", after=edge["cursor"], **RANGE)
    assert rest["edges"] == every["edges"][41:]
    assert rest["pageInfo"]["hasPreviousPage"] is True
    assert rest["pageInfo"]["hasNextPage"] is False
    assert rest["pageInfo"]["startCursor"] == rest["edges"][0]["cursor"]
    assert rest["pageInfo"]["endCursor"] == rest["edges"][-1]["cursor"]
    assert every["pageInfo"]["hasPreviousPage"] is False


def test_the_last_page_says_that_it_is(server: Server) -> None:
    told = page(server, "BTC", first=MANY, **RANGE)
    assert len(told["edges"]) == MANY
    assert told["pageInfo"]["hasNextPage"] is False
    told = page(server, "BTC", first=MANY - 1, **RANGE)
    assert told["pageInfo"]["hasNextPage"] is True


def test_explicit_nulls_are_the_defaults(server: Server) -> None:
    told = page(server, "BTC", first="null", after="null", **RANGE)
    assert told == page(server, "BTC", **RANGE)


@pytest.mark.parametrize("first", [0, -1, 1001, 2_147_483_647])
def test_first_is_1_to_1000(server: Server, first: int) -> None:
    is_bad_input(refused(server, "BTC", first=first, **RANGE), "first", "1", "1000")


@pytest.mark.parametrize(
    "changes",
    [
        {"direction": "DESC"},
        {"interval": "M5"},
        {"basis": "KRW_USDT"},
        {"from_": "2026-10-14T05:00:00Z"},
        {"to": "2026-10-14T09:00:00Z"},
    ],
)
def test_a_cursor_of_another_question_is_refused(
    server: Server, changes: dict[str, str]
) -> None:
    cursor = page(server, "BTC", **RANGE)["edges"][3]["cursor"]
    error = refused(server, "BTC", **{**RANGE, **changes, "after": cursor})
    is_bad_input(error, "after")


def test_a_cursor_of_another_coin_is_refused(server: Server) -> None:
    cursor = page(server, "BTC", **RANGE)["edges"][3]["cursor"]
    is_bad_input(refused(server, "SATS", after=cursor, **RANGE), "after")


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "bnVsbA==", "eyJhIjoxfQ"])
def test_a_cursor_that_is_none_is_refused(server: Server, cursor: str) -> None:
    is_bad_input(refused(server, "BTC", after=cursor, **RANGE), "after")


def test_a_cursor_of_a_board_is_refused(server: Server) -> None:
    told = server.ask("{ premiums(first: 1) { edges { cursor } } }")
    cursor = told["premiums"]["edges"][0]["cursor"]
    is_bad_input(refused(server, "BTC", after=cursor, **RANGE), "after")


def test_from_after_to_is_refused(server: Server) -> None:
    is_bad_input(refused(server, "BTC", from_=TO, to=FROM), "from", "to")


@pytest.mark.parametrize("interval", ["M1", "D1"])
def test_a_span_over_the_limit_names_the_limit(server: Server, interval: str) -> None:
    where = {"from_": "1000-01-01T00:00:00Z", "to": "9999-01-01T00:00:00Z"}
    error = refused(server, "BTC", interval=interval, **where)
    is_bad_input(error)
    assert any(sign.isdigit() for sign in error["message"]), error


def test_a_year_of_minutes_and_ten_of_days_are_within_the_limit(server: Server) -> None:
    year = {"from_": "2025-10-15T00:00:00Z", "to": "2026-10-15T00:00:00Z"}
    told = page(server, "BTC", first=1000, **year)
    assert len(told["edges"]) == 1000
    years = {"from_": "2017-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z"}
    told = page(server, "BTC", interval="D1", first=1000, **years)
    assert len(told["edges"]) >= 16


def test_seconds_are_not_kept_and_that_is_said(server: Server) -> None:
    is_bad_input(refused(server, "BTC", interval="S1", **RANGE), "interval", "M1")


@pytest.mark.parametrize("interval", ["M2", "m1", '"M1"', "1", "null"])
def test_an_unknown_interval_is_refused(server: Server, interval: str) -> None:
    is_bad_input(refused(server, "BTC", interval=interval, **RANGE), "interval")


@pytest.mark.parametrize(
    "instant",
    [
        "2026-10-14T06:00:00",
        "2026-10-14",
        "2026-10-14T06:00Zx",
        "yesterday",
        "",
        "2026-13-14T06:00:00Z",
        "2026-10-14T25:00:00Z",
        "２０２６-10-14T06:00:00Z",
    ],
)
def test_an_instant_without_an_offset_or_none_at_all_is_refused(
    server: Server, instant: str
) -> None:
    is_bad_input(refused(server, "BTC", from_=instant, to=TO))
    is_bad_input(refused(server, "BTC", from_=FROM, to=instant))


def test_from_and_to_are_needed(server: Server) -> None:
    is_bad_input(server.error(document("BTC", from_=FROM)))
    is_bad_input(server.error(document("BTC", to=TO)))


@pytest.mark.parametrize(
    ("interval", "opening"),
    [("D1", "2026-10-14T00:00:00Z"), ("H4", "2026-10-14T04:00:00Z")],
)
def test_only_intervals_that_open_in_the_range_are_in_it(
    server: Server, interval: str, opening: str
) -> None:
    inside = {"from_": opening, "to": iso(at(opening[:-1]) + 1)}
    assert opened(bars(server, "BTC", interval=interval, **inside)) == [opening]
    beyond = {"from_": iso(at(opening[:-1]) + 1), "to": iso(at(opening[:-1]) + 2)}
    assert bars(server, "BTC", interval=interval, **beyond) == []


def test_variables_ask_the_same(archive: Archive) -> None:
    text = """query($i: Interval!, $f: DateTime!, $t: DateTime!, $d: Direction!) {
      coin(symbol: "btc") { premiumHistory(
        interval: $i, from: $f, to: $t, direction: $d, first: 5
      ) { edges { node { openedAt close } } } } }"""
    told = archive.server.ask(text, i="M15", f=FROM, t=TO, d="DESC")
    found = [edge["node"] for edge in told["coin"]["premiumHistory"]["edges"]]
    wanted = bars(archive.server, "BTC", interval="M15", direction="DESC", **RANGE)
    assert [(whole(bar["openedAt"]), bar["close"]) for bar in found] == [
        (bar["openedAt"], bar["close"]) for bar in wanted[:5]
    ]


def test_a_coin_that_is_unknown_has_no_history(server: Server) -> None:
    assert server.ask(document("NOSUCH", **RANGE))["coin"] is None
