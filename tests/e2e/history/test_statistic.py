"""Statistics and the small picture of the last day, against our own arithmetic."""

from fractions import Fraction
from math import isqrt
from typing import Any

import pytest

from tests.e2e.history.conftest import RECENT, Archive
from tests.e2e.history.question import bars, whole
from tests.e2e.history.tape import MINUTE_S, at, iso
from tests.e2e.semantics import expect
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.test_argument import is_bad_input

STATS = "window from to samples value percentile zScore mean stdev min max"
BARS = {"H24": "M1", "D7": "H1", "D30": "H1", "D90": "H1", "D365": "H1"}
DAYS = {"H24": 1, "D7": 7, "D30": 30, "D90": 90, "D365": 365}


def six(value: Fraction) -> str:
    """Return a number to six places, half-even, canonical."""
    return expect.decimal_text(Fraction(round(value * 10**6), 10**6))


def root(value: Fraction) -> Fraction:
    """Return a square root to 30 places."""
    return Fraction(isqrt(value.numerator * 10**60 // value.denominator), 10**30)


def stats(server: Server, symbol: str, arguments: str) -> Any:
    """Return a coin's statistics."""
    text = f'{{ premium(symbol: "{symbol}") {{ stats({arguments}) {{ {STATS} }} }} }}'
    return server.ask(text)["premium"]["stats"]


def sparkline(server: Server, symbol: str, arguments: str) -> list[Any]:
    """Return a coin's small picture."""
    text = (
        f'{{ premium(symbol: "{symbol}")'
        f" {{ sparkline24h({arguments}) {{ at percent }} }} }}"
    )
    found: list[Any] = server.ask(text)["premium"]["sparkline24h"]
    return found


def near(told: str, wanted: Fraction, digits: int = 6) -> None:
    """Check a number that was rounded from one with more places."""
    assert abs(Fraction(told) - wanted) <= Fraction(1, 10**digits), (told, wanted)


@pytest.mark.parametrize("basis", ["OFFICIAL_FX", "KRW_USDT"])
@pytest.mark.parametrize("window", list(BARS))
@pytest.mark.parametrize("symbol", ["BTC", "TRX", "SATS"])
def test_statistics_are_those_of_the_closes_in_the_window(
    server: Server, symbol: str, window: str, basis: str
) -> None:
    told = stats(server, symbol, f"window: {window}, basis: {basis}")
    assert told["window"] == window
    span_s = at(told["to"][:-1]) - at(told["from"][:-1])
    assert abs(span_s - DAYS[window] * 86_400) <= 3_600
    length = BARS[window]
    found = bars(
        server, symbol, interval=length, basis=basis, from_=told["from"], to=told["to"]
    )
    length_s = {"M1": 60, "H1": 3_600}[length]
    end_s = at(told["to"][:-1])
    ended = [b for b in found if at(b["openedAt"][:-1]) + length_s <= end_s]
    closes = [Fraction(bar["close"]) for bar in ended]
    assert told["samples"] == len(closes)
    if not closes:
        for name in ("percentile", "zScore", "mean", "stdev", "min", "max"):
            assert told[name] is None
        return
    mean = sum(closes, Fraction()) / len(closes)
    squares = ((close - mean) ** 2 for close in closes)
    variance = sum(squares, Fraction()) / len(closes)
    assert told["min"] == expect.text(min(closes))
    assert told["max"] == expect.text(max(closes))
    assert told["mean"] == six(mean)
    near(told["stdev"], root(variance))
    value = Fraction(told["value"])
    below = sum(close < value for close in closes)
    same = sum(close == value for close in closes)
    rank = (Fraction(below) + Fraction(same, 2)) / len(closes) * 100
    assert told["percentile"] == six(rank)
    if variance:
        near(told["zScore"], (value - mean) / root(variance))
    else:
        assert told["zScore"] is None


def test_there_is_something_to_count(server: Server) -> None:
    assert stats(server, "BTC", "window: D90")["samples"] >= 72 + 48
    assert stats(server, "TRX", "window: H24")["samples"] >= 200


def test_the_value_is_the_live_premium(server: Server) -> None:
    live = server.premium("BTC")
    told = stats(server, "BTC", "window: D90")
    assert told["value"] == live["percent"]


def test_statistics_of_a_coin_without_numbers_are_empty(server: Server) -> None:
    told = stats(server, "AQT", "window: D90")
    assert told["samples"] == 0
    assert told["value"] is None
    assert told["percentile"] is None


def test_a_board_with_statistics_and_pictures_is_one_question(server: Server) -> None:
    text = (
        "{ premiums(first: 200) { edges { node { symbol"
        f" sparkline24h(points: 30) {{ at percent }} stats(window: D90) {{ {STATS} }}"
        " } } } }"
    )
    edges = server.ask(text)["premiums"]["edges"]
    nodes = {edge["node"]["symbol"]: edge["node"] for edge in edges}
    assert nodes["BTC"]["stats"]["samples"] >= 120
    assert len(nodes["TRX"]["sparkline24h"]) == 30
    assert nodes["AQT"]["sparkline24h"] == []


@pytest.mark.parametrize("window", ["D1", "null", '"D30"', "h24"])
def test_an_unknown_window_is_refused(server: Server, window: str) -> None:
    text = f'{{ premium(symbol: "BTC") {{ stats(window: {window}) {{ samples }} }} }}'
    is_bad_input(server.error(text), "window")


def test_a_picture_with_room_for_all_has_every_close(archive: Archive) -> None:
    found = sparkline(archive.server, "TRX", "points: 288")
    old = [point for point in found if at(point["at"][:-1]) <= RECENT[-1] + MINUTE_S]
    closes = bars(
        archive.server,
        "TRX",
        from_=iso(RECENT[0]),
        to=iso(RECENT[-1] + MINUTE_S),
    )
    assert len(closes) == 200
    assert [point["percent"] for point in old] == [bar["close"] for bar in closes]
    assert [whole(point["at"]) for point in old] == [
        iso(opened_s + MINUTE_S) for opened_s in RECENT
    ]


@pytest.mark.parametrize("points", [2, 3, 10, 48, 199])
def test_a_smaller_picture_keeps_the_ends_and_the_shape(
    archive: Archive, points: int
) -> None:
    every = sparkline(archive.server, "TRX", "points: 288")
    found = sparkline(archive.server, "TRX", f"points: {points}")
    if len(every) != len(sparkline(archive.server, "TRX", "points: 288")):
        every = sparkline(archive.server, "TRX", "points: 288")  # a minute has passed
        found = sparkline(archive.server, "TRX", f"points: {points}")
    assert len(found) == min(points, len(every))
    assert found[0] == every[0]
    assert found[-1] == every[-1]
    assert found == lttb(every, points)


def lttb(points: list[Any], many: int) -> list[Any]:
    """Return the points that largest triangles choose (Steinarsson, 2013)."""
    if many >= len(points):
        return points
    if many <= 2:
        return [points[0], points[-1]][:many]
    place = [
        (Fraction(at(point["at"][:-1])), Fraction(point["percent"])) for point in points
    ]
    width = Fraction(len(points) - 2, many - 2)
    chosen = [0]
    for bucket in range(many - 2):
        start, end = int(bucket * width) + 1, int((bucket + 1) * width) + 1
        last = min(int((bucket + 2) * width) + 1, len(points))
        ahead = place[end:last] or [place[-1]]
        x = sum((p[0] for p in ahead), Fraction()) / len(ahead)
        y = sum((p[1] for p in ahead), Fraction()) / len(ahead)
        ax, ay = place[chosen[-1]]
        areas = {
            n: abs((ax - x) * (place[n][1] - ay) - (ax - place[n][0]) * (y - ay))
            for n in range(start, end)
        }
        chosen.append(max(areas, key=lambda n: areas[n]))
    chosen.append(len(points) - 1)
    return [points[n] for n in chosen]


@pytest.mark.parametrize("points", [1, 0, -1, 289, 100_000])
def test_points_outside_their_range_are_refused(server: Server, points: int) -> None:
    text = f'{{ premium(symbol: "BTC") {{ sparkline24h(points: {points}) {{ at }} }} }}'
    is_bad_input(server.error(text), "points", "2", "288")
