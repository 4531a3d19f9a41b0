"""`Premium.stats` and `Premium.sparkline24h` over the services."""

import asyncio
from typing import Any

import pytest

from domain.model.interval import Interval

MINUTE = 60_000
HOUR = 3_600_000
STATS = """query($w: StatsWindow! = D30, $b: PremiumBasis! = OFFICIAL_FX, $at: DateTime)
  { premium(symbol: "BTC", asOf: $at) { stats(window: $w, basis: $b) { window from to
    samples value percentile zScore mean stdev min max } } }"""
BOARD = "{ premiums { edges { node { symbol stats(window: H24) { samples } } } } }"
LINE = """query($p: Int! = 48, $b: PremiumBasis! = OFFICIAL_FX, $at: DateTime) {
  premium(symbol: "BTC", asOf: $at) { symbol sparkline24h(points: $p, basis: $b)
    { at percent } } }"""


@pytest.fixture
def hours(world: Any, past: Any, minute: Any) -> Any:
    """Keep four hours of Bitcoin: -1 %, 0, 0 and 3 %, and minutes likewise."""
    now_ms = world.clock.now_ms()
    for n, krw in enumerate(("51480000", "52000000", "52000000", "53560000"), 1):
        past.put(minute("BTC", now_ms - n * HOUR, krw, interval=Interval.H1))
        past.put(minute("BTC", now_ms - n * MINUTE, krw))
    return past


async def test_statistics_tell_where_a_premium_stands(world: Any, hours: Any) -> None:
    stats = (await world.data(STATS))["premium"]["stats"]
    assert stats == {
        "window": "D30",
        "from": "2025-12-02T00:00:00.000Z",
        "to": "2026-01-01T00:00:00.000Z",
        "samples": 4,
        "value": "0",
        "percentile": "50",
        "zScore": "-0.333333",
        "mean": "0.5",
        "stdev": "1.5",
        "min": "-1",
        "max": "3",
    }


@pytest.mark.parametrize(
    ("window", "interval", "days"),
    [
        ("H24", Interval.M1, 1),
        ("D7", Interval.H1, 7),
        ("D30", Interval.H1, 30),
        ("D90", Interval.H1, 90),
        ("D365", Interval.H1, 365),
    ],
)
async def test_short_windows_take_minutes_and_long_ones_hours(
    world: Any, hours: Any, window: str, interval: Interval, days: int
) -> None:
    stats = (await world.data(STATS, w=window))["premium"]["stats"]
    assert (stats["window"], stats["samples"]) == (window, 4)
    _, _, _, from_ms, to_ms, asked = hours.asked("stats")[0]
    assert asked is interval
    assert to_ms - from_ms == days * 86_400_000


async def test_without_closes_there_is_nothing_to_stand_among(
    world: Any, past: Any
) -> None:
    stats = (await world.data(STATS, w="D90"))["premium"]["stats"]
    assert stats["samples"] == 0
    assert stats["value"] == "0"
    assert {stats[key] for key in ("percentile", "zScore", "mean", "min")} == {None}


async def test_equal_closes_have_no_z_score(world: Any, past: Any, minute: Any) -> None:
    past.put(minute("BTC", world.clock.now_ms() - MINUTE, "51480000"))
    stats = (await world.data(STATS, w="H24"))["premium"]["stats"]
    assert (stats["stdev"], stats["zScore"], stats["percentile"]) == ("0", None, "100")


async def test_an_unknown_premium_stands_nowhere(world: Any, hours: Any) -> None:
    stats = (await world.data(STATS, b="KRW_USDC"))["premium"]["stats"]
    assert (stats["value"], stats["percentile"], stats["zScore"]) == (None, None, None)


async def test_a_board_is_one_question_and_the_next_one_none(
    world: Any, hours: Any
) -> None:
    await world.data(BOARD)
    await asyncio.gather(world.data(BOARD), world.data(BOARD))
    assert len(hours.asked("stats")) == 1
    assert set(hours.asked("stats")[0][1]) == {
        "BTC",
        "ETH",
        "LUNA",
        "SATS",
        "USDT",
        "币安人生",
    }
    await world.clock.advance(10.0)
    await world.data(BOARD)
    assert len(hours.asked("stats")) == 2


async def test_statistics_of_the_past_end_there(
    world: Any, hours: Any, minute: Any
) -> None:
    at = "2025-12-31T23:58:30Z"
    stats = (await world.data(STATS, w="H24", at=at))["premium"]["stats"]
    assert stats["to"] == "2025-12-31T23:58:00.000Z"
    assert (stats["samples"], stats["value"]) == (2, "0")


async def test_statistics_without_a_database_cost_only_themselves(
    world: Any, hours: Any
) -> None:
    hours.history.store.down = "away"
    answer = await world.execute(BOARD)
    assert len(answer["errors"]) == 6
    assert {e["extensions"]["code"] for e in answer["errors"]} == {
        "UPSTREAM_UNAVAILABLE"
    }
    rows = answer["data"]["premiums"]["edges"]
    assert [row["node"]["stats"] for row in rows] == [None] * 6
    hours.history.store.down = None
    assert (await world.data(BOARD))["premiums"]["edges"][0]["node"]["stats"]


async def test_statistics_and_pictures_come_with_events(world: Any, hours: Any) -> None:
    hours.trail.note(hours.minutes)
    stream = await world.stream(
        'subscription { premium(symbol: "BTC") { percent stats(window: H24) { samples }'
        " sparkline24h { percent } } }"
    )
    first = (await world.event(stream)).data["premium"]
    assert first["stats"] == {"samples": 4}
    assert [point["percent"] for point in first["sparkline24h"]] == [
        "3",
        "0",
        "0",
        "-1",
    ]
    world.publish(BTC="53000000")
    waiting = asyncio.ensure_future(world.event(stream))
    await world.clock.advance(1.0)
    second = (await waiting).data["premium"]
    assert second["percent"] == "1.923077"
    assert second["sparkline24h"] == first["sparkline24h"]
    await stream.aclose()


async def test_a_picture_has_the_first_the_last_and_what_stands_out(
    world: Any, past: Any, minute: Any
) -> None:
    now_ms = world.clock.now_ms()
    for n in range(1, 1441):
        krw = "57200000" if n == 700 else str(52000000 + n % 3)
        past.put(minute("BTC", now_ms - n * MINUTE, krw))
    past.trail.note(past.minutes)
    line = (await world.data(LINE))["premium"]["sparkline24h"]
    assert len(line) == 48
    assert line[0]["at"] == "2025-12-31T00:01:00.000Z"
    assert line[-1]["at"] == "2026-01-01T00:00:00.000Z"
    assert {"at": "2025-12-31T12:21:00.000Z", "percent": "10"} in line
    assert line == sorted(line, key=lambda point: point["at"])
    assert past.history.asked == []
    tether = (await world.data(LINE, b="KRW_USDT", p=2))["premium"]["sparkline24h"]
    assert [point["percent"] for point in tether] == ["-0.763359", "-0.763357"]


async def test_a_coin_without_a_premium_has_an_empty_picture(
    world: Any, past: Any
) -> None:
    assert (await world.data(LINE))["premium"]["sparkline24h"] == []


@pytest.mark.parametrize("points", [1, 289, -1])
async def test_pictures_have_a_bounded_number_of_points(
    world: Any, past: Any, points: int
) -> None:
    answer = await world.execute(LINE, p=points)
    error = answer["errors"][0]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "points"}
    assert "2 to 288" in error["message"]
    assert answer["data"]["premium"] == {"symbol": "BTC", "sparkline24h": None}


async def test_pictures_are_of_the_live_board_only(world: Any, past: Any) -> None:
    answer = await world.execute(LINE, at="2025-12-31T23:00:00Z")
    error = answer["errors"][0]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "asOf"}


async def test_a_server_without_a_past_says_so(world: Any) -> None:
    for query in (STATS, LINE):
        answer = await world.execute(query)
        assert answer["errors"][0]["extensions"] == {
            "code": "UPSTREAM_UNAVAILABLE",
            "retryAfterMs": 1000,
        }
