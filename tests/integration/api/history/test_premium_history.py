"""`Coin.premiumHistory` over the services, without a transport."""

from typing import Any

import pytest

from api.limit import MAX_HISTORY_READS, MAX_HISTORY_ROWS
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

MINUTE = 60_000
HISTORY = """query($s: String! = "BTC", $from: DateTime!, $to: DateTime!, $first: Int,
  $i: Interval! = M1, $b: PremiumBasis! = OFFICIAL_FX, $d: Direction! = ASC,
  $after: String) {
  coin(symbol: $s) { premiumHistory(interval: $i, basis: $b, from: $from, to: $to,
      direction: $d, first: $first, after: $after) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { openedAt interval open high low close domesticClose
      globalClose fxRate samples quality origin minutes } } } } }"""
FROM, TO = "2025-12-31T23:00:00Z", "2026-01-01T00:00:00Z"


@pytest.fixture
def opened_ms(world: Any, past: Any, minute: Any) -> list[int]:
    """Keep five minutes of Bitcoin that end now; return their openings."""
    now_ms = world.clock.now_ms()
    found = [now_ms - n * MINUTE for n in range(5, 0, -1)]
    past.put(*(minute("BTC", at, str(52000000 + at % 7)) for at in found))
    return found


async def pages(world: Any, **asked: Any) -> list[dict[str, Any]]:
    """Return every page that follows from a question."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        data = await world.data(HISTORY, after=after, **asked)
        found.append(data["coin"]["premiumHistory"])
        after = found[-1]["pageInfo"]["endCursor"]
        if not found[-1]["pageInfo"]["hasNextPage"]:
            return found


def openings(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["openedAt"][11:16] for edge in page["edges"]]


async def test_a_bar_has_every_field_of_the_contract(
    world: Any, past: Any, minute: Any
) -> None:
    opened_ms = world.clock.now_ms() - MINUTE
    past.put(minute("BTC", opened_ms, "52520000", quality=Quality.STALE))
    data = await world.data(HISTORY, **{"from": FROM, "to": TO, "s": "btc"})
    page = data["coin"]["premiumHistory"]
    assert page["edges"][0]["node"] == {
        "openedAt": "2025-12-31T23:59:00.000Z",
        "interval": "M1",
        "open": "1",
        "high": "1",
        "low": "1",
        "close": "1",
        "domesticClose": "52520000",
        "globalClose": "40000",
        "fxRate": "1300",
        "samples": 3,
        "quality": "STALE",
        "origin": "LIVE",
        "minutes": 1,
    }
    cursor = page["edges"][0]["cursor"]
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": cursor,
        "endCursor": cursor,
    }


async def test_a_bar_is_told_on_the_basis_that_is_asked_for(
    world: Any, past: Any, opened_ms: list[int]
) -> None:
    asked = {"from": FROM, "to": TO}
    data = await world.data(HISTORY, b="KRW_USDT", **asked)
    assert {
        edge["node"]["fxRate"] for edge in data["coin"]["premiumHistory"]["edges"]
    } == {"1310"}
    data = await world.data(HISTORY, b="KRW_USDC", **asked)
    assert data["coin"]["premiumHistory"]["edges"] == []
    assert past.asked("bars")[-1][1].basis is PremiumBasis.KRW_USDC


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_follow_each_other_in_both_directions(
    world: Any, opened_ms: list[int], direction: str
) -> None:
    asked = {"from": FROM, "to": TO, "d": direction, "first": 2}
    found = await pages(world, **asked)
    seen = [opening for page in found for opening in openings(page)]
    ascending = ["23:55", "23:56", "23:57", "23:58", "23:59"]
    assert seen == (ascending if direction == "ASC" else ascending[::-1])
    around = [
        (page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"])
        for page in found
    ]
    assert around == [(False, True), (True, True), (True, False)]
    for page in found:
        assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]


async def test_the_span_holds_its_beginning_and_not_its_end(
    world: Any, opened_ms: list[int]
) -> None:
    asked = {"from": "2025-12-31T23:56:00Z", "to": "2025-12-31T23:58:00Z"}
    assert openings((await pages(world, **asked))[0]) == ["23:56", "23:57"]
    asked = {"from": "2025-12-31T23:56:00.001Z", "to": "2025-12-31T23:58:00.001Z"}
    assert openings((await pages(world, **asked))[0]) == ["23:57", "23:58"]
    asked = {"from": TO, "to": TO}
    assert openings((await pages(world, **asked))[0]) == []


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z"),
        ("9999-12-31T23:00:00Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:00:00-14:00", "9999-12-31T23:59:59-14:00"),
        ("1969-12-31T23:59:00Z", "1970-01-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("interval", ["M1", "W1"])
async def test_spans_at_the_ends_of_the_calendar_are_empty(
    world: Any, past: Any, begin: str, end: str, interval: str
) -> None:
    answer = await world.execute(HISTORY, **{"from": begin, "to": end, "i": interval})
    if answer["errors"]:
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    else:
        assert answer["data"]["coin"]["premiumHistory"]["edges"] == []
    for _, query in past.asked("bars"):
        assert 0 <= query.from_ms < query.to_ms <= world.clock.now_ms() + 8 * 86_400_000


async def test_explicit_null_means_the_default(world: Any, past: Any) -> None:
    asked = {"from": FROM, "to": TO}
    await world.data(HISTORY, first=None, after=None, **asked)
    assert past.asked("bars")[0][1].limit == 502


@pytest.mark.parametrize(
    ("asked", "argument", "words"),
    [
        ({"from": TO, "to": FROM}, "from", "not be after `to`"),
        ({"i": "S1"}, "interval", "M1, M3, M5, M15, M30, H1, H4, D1, W1"),
        ({"from": "2024-01-01T00:00:00Z"}, "from", "600000 bars of M1"),
        ({"first": 0}, "first", "1 to 1000"),
        ({"first": 1001}, "first", "1 to 1000"),
        ({"after": "x"}, "after", "cursor"),
        ({"after": "W10"}, "after", "cursor"),
    ],
)
async def test_what_is_out_of_range_names_the_argument_and_the_limit(
    world: Any, past: Any, asked: dict[str, Any], argument: str, words: str
) -> None:
    answer = await world.execute(HISTORY, **{"from": FROM, "to": TO, **asked})
    error = answer["errors"][0]
    told: dict[str, object] = {"code": "BAD_USER_INPUT", "argument": argument}
    if asked.get("first") == 1001:
        told |= {"limit": "list_size", "maximum": 1000}
    assert error["extensions"] == told
    assert words in error["message"]
    assert past.asked("bars") == []


async def test_a_span_of_the_largest_size_is_served(world: Any, past: Any) -> None:
    asked = {"from": "2024-11-10T08:00:00Z", "to": TO}
    assert (await pages(world, **asked))[0]["edges"] == []
    assert len(past.asked("bars")) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"d": "DESC"},
        {"b": "KRW_USDT"},
        {"i": "H1"},
        {"s": "ETH"},
        {"from": "2025-12-31T22:59:00Z"},
        {"to": "2026-01-01T00:01:00Z"},
    ],
)
async def test_a_cursor_of_another_question_is_refused(
    world: Any, opened_ms: list[int], other: dict[str, Any]
) -> None:
    asked = {"from": FROM, "to": TO, "first": 2}
    after = (await world.data(HISTORY, **asked))["coin"]["premiumHistory"]
    cursor = after["pageInfo"]["endCursor"]
    answer = await world.execute(HISTORY, **{**asked, **other, "after": cursor})
    error = answer["errors"][0]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}


async def test_what_went_before_an_ascending_page_is_not_claimed(
    world: Any, past: Any, opened_ms: list[int]
) -> None:
    asked = {"from": FROM, "to": TO, "first": 2}
    first = (await world.data(HISTORY, **asked))["coin"]["premiumHistory"]
    past.lose(*opened_ms[:2])
    after = first["pageInfo"]["endCursor"]
    page = (await world.data(HISTORY, after=after, **asked))["coin"]["premiumHistory"]
    assert openings(page) == ["23:57", "23:58"]
    assert page["pageInfo"]["hasPreviousPage"] is False
    assert page["pageInfo"]["hasNextPage"] is True


async def test_larger_bars_are_asked_for_as_whole_intervals(
    world: Any, past: Any, minute: Any
) -> None:
    day = world.clock.now_ms() - 86_400_000
    past.put(minute("BTC", day, "52000000", interval=Interval.D1))
    asked = {"from": "2025-12-30T12:00:00Z", "to": "2026-01-01T12:00:00Z", "i": "D1"}
    assert openings((await pages(world, **asked))[0]) == ["00:00"]
    query = past.asked("bars")[0][1]
    assert (query.from_ms, query.to_ms) == (day, day + 2 * 86_400_000)


async def test_a_database_that_is_away_is_told_of(world: Any, past: Any) -> None:
    past.history.store.down = "away"
    answer = await world.execute(HISTORY, **{"from": FROM, "to": TO})
    error = answer["errors"][0]
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1000,
    }
    assert "database" in error["message"]


async def test_a_server_without_a_past_says_so(world: Any) -> None:
    answer = await world.execute(HISTORY, **{"from": FROM, "to": TO})
    error = answer["errors"][0]
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryAfterMs": 1000,
    }
    assert error["message"].startswith("history")


async def test_an_operation_reads_a_bounded_number_of_rows(
    world: Any, past: Any
) -> None:
    span = f'from: "{FROM}", to: "{TO}"'
    fields = f"premiumHistory({span}, first: 1000) {{ edges {{ cursor }} }}"
    fits = await world.execute(
        f"{{ coins(first: 1) {{ edges {{ node {{ {fields} }} }} }} }}"
    )
    assert not fits["errors"]
    many = " ".join(
        f"c{n}: coins(first: 10) {{ edges {{ node {{ {fields} }} }} }}"
        for n in range(4)
    )
    answer = await world.execute(f"{{ {many} }}")
    error = answer["errors"][0]
    assert error["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "history_rows",
        "maximum": MAX_HISTORY_ROWS,
    }
    assert str(MAX_HISTORY_ROWS) in error["message"]
    # Each operation has an allowance of its own.
    assert not (
        await world.execute(f"{{ coins {{ edges {{ node {{ {fields} }} }} }} }}")
    )["errors"]


async def test_questions_to_history_are_counted_before_any_is_asked(
    world: Any, past: Any
) -> None:
    span = f'from: "{FROM}", to: "{TO}"'
    field = f"premiumHistory({span}) {{ edges {{ cursor }} }}"
    many = " ".join(
        f'c{n}: coin(symbol: "BTC") {{ {field} }}' for n in range(MAX_HISTORY_READS + 1)
    )
    answer = await world.execute(f"{{ {many} }}")
    assert answer["errors"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "history_reads",
        "maximum": MAX_HISTORY_READS,
    }
    assert past.history.asked == []


async def test_pages_of_history_are_not_for_subscriptions(
    world: Any, past: Any
) -> None:
    stream = await world.stream(
        'subscription { premium(symbol: "BTC") { coin { dailySnapshots '
        "{ edges { cursor } } } } }"
    )
    result = await world.event(stream)
    assert result.errors[0].extensions == {"code": "QUERY_TOO_COMPLEX"}
    assert "for queries only" in result.errors[0].message
