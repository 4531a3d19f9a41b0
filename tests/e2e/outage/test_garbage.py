"""Nonsense by stream and by REST: rejected, counted, and the last good value stays.

Beside tests/e2e/semantics/test_frame.py, which holds the words that are no numbers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import (
    RECOVERY_LIMIT_S,
    SIDES,
    SLACK_S,
    Play,
    ask_everything,
    bounded,
    kimp,
    metrics,
    serves,
    total,
    watching,
)
from tests.e2e.outage.stage import Stage, saying
from tests.e2e.semantics.server import timeless, until
from tests.e2e.semantics.venue import Raw, stamp_ms, write

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
AHEAD_MS: Final = {
    "a minute": MINUTE_MS + 5_000,
    "an hour": HOUR_MS,
    "a year": 365 * 24 * HOUR_MS,
    "an age": 10**15,
}
HTML: Final = b"<!DOCTYPE html><html><body>Attention Required!</body></html>"
FRAME_BYTES: Final = 5 * 2**20
NUMBERS: Final = count(1)
TICKERS: Final = {"upbit": "/v1/ticker/all", "binance": "/api/v3/ticker/24hr"}


@contextmanager
def running(folder: Path, postgres: PostgresServer, **settings: str) -> Iterator[Play]:
    """Run a server whose venues serve books and single markets, too."""
    with Stage() as stage:
        for venue in (stage.upbit, stage.binance):
            venue.extras = True
        with kimp(folder, stage, postgres, **settings) as server:
            yield Play(server, stage)


@pytest.fixture(scope="module")
def calm(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Play]:
    """A server as it is by default."""
    with running(tmp_path_factory.mktemp("calm"), postgres_server) as play:
        yield play


@pytest.fixture(scope="module")
def polling(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Play]:
    """A server that polls every second, so that a bad answer is soon judged."""
    quick = {**bounded(2.0, 2.0), "KIMP_RESILIENCE__FALLBACK_AFTER_S": "0.2"}
    folder = tmp_path_factory.mktemp("polling")
    with running(folder, postgres_server, **quick) as play:
        yield play


@pytest.fixture
def play(calm: Play) -> Play:
    """The calm server with both streams primary."""
    calm.heal()
    return calm


@pytest.fixture
def polled(polling: Play) -> Play:
    """The polling server with both streams primary."""
    polling.heal()
    return polling


def rejects(play: Play) -> float:
    """Return how much was rejected since the start."""
    found = metrics(play.server)
    return total(found, "kimp_frames_rejected_total") + total(
        found, "kimp_quotes_rejected_total"
    )


def harmless(play: Play, say: Callable[[], None], least: int = 1) -> None:
    """Check that what is said is counted and changes ETH in nothing.

    Frames keep their order: once a later one is visible, the earlier was judged.
    """
    stage, server = play.stage, play.server
    before, counted = server.premium("ETH"), rejects(play)
    sockets = {name: list(stage.scripts[name].open) for name in SIDES}
    say()
    later = {name: str(200 + next(NUMBERS)) for name in SIDES}
    for name, price in later.items():
        stage.push(name, "DOGE", price)
    for name, price in later.items():
        server.at_price("DOGE", price, SIDES[name])
    after = server.premium("ETH")
    assert timeless(after) == timeless(before)
    assert after["quality"] == "LIVE"
    assert rejects(play) >= counted + least
    assert {name: stage.scripts[name].open for name in SIDES} == sockets, "kept"
    # The next true price is taken.
    for name, least in (("upbit", 3_456_100), ("binance", 2_601)):
        price = str(least + next(NUMBERS))
        stage.push(name, "ETH", price)
        server.at_price("ETH", price, SIDES[name])


def test_older_prices_are_refused(play: Play) -> None:
    stage = play.stage

    def say() -> None:
        for behind_ms in (1, 1_000, HOUR_MS):
            told = stage.upbit.rows["KRW-ETH"]["trade_timestamp"] - behind_ms
            frame = stage.upbit.frame(
                "KRW-ETH",
                "REALTIME",
                "SIMPLE",
                trade_price=Raw("1"),
                trade_timestamp=told,
            )
            stage.do(stage.upbit.raw(frame))
            row = stage.binance.item("ETHUSDT")
            item = row | {"c": "1", "E": row["E"] - behind_ms}
            stage.do(stage.binance.array([item]))

    stage.push("binance", "ETH", "2600.5")
    play.server.at_price("ETH", "2600.5", "global")
    harmless(play, say, least=6)


def test_crossed_books_are_refused_and_the_last_good_one_stays(play: Play) -> None:
    stage = play.stage
    stage.do(stage.upbit.book("ETH", "3455000", "3457000"))
    play.server.premium_when("ETH", lambda p: p["domestic"]["bid"] == "3455000")
    tick = {
        "e": "24hrTicker",
        "E": stamp_ms(),
        "s": "ETHUSDT",
        **dict.fromkeys(("p", "P", "w", "x", "Q", "B", "A", "o", "h", "l"), "1.0"),
        "c": "2600",
        "b": "2599",
        "a": "2601",
        "v": "1000",
        "q": "2000",
        "O": stamp_ms() - 86_400_000,
        "C": stamp_ms(),
        "F": 1,
        "L": 2,
        "n": 2,
    }
    stage.do(stage.binance.stream("ethusdt@ticker", tick))
    play.server.premium_when("ETH", lambda p: p["global"]["bid"] == "2599")
    held = play.server.premium("ETH")

    def say() -> None:
        stage.do(stage.upbit.book("ETH", "3458000", "3457000"))
        crossed = tick | {"E": stamp_ms(), "b": "2605", "a": "2601"}
        stage.do(stage.binance.stream("ethusdt@ticker", crossed))

    before = rejects(play)
    say()
    stage.push("upbit", "DOGE", "203")
    play.server.at_price("DOGE", "203")
    until(lambda: rejects(play) >= before + 2, "both are counted")
    after = play.server.premium("ETH")
    for side in SIDES.values():
        assert (after[side]["bid"], after[side]["ask"]) == (
            held[side]["bid"],
            held[side]["ask"],
        )


@pytest.mark.parametrize("name", SIDES)
def test_a_frame_of_five_megabytes_stops_nothing(play: Play, name: str) -> None:
    stage = play.stage
    long = "x" * FRAME_BYTES
    before = rejects(play)
    if name == "upbit":
        stage.do(stage.upbit.raw(write({"ty": "ticker", "cd": long}).encode()))
    else:
        stage.do(stage.binance.raw(write({"stream": long, "data": {}})))
    # Kept or dialled anew, the venue's prices go on as after any cut.
    play.wait_primary(name, 3.0 + SLACK_S)
    until(lambda: rejects(play) > before, "it is counted", 3.0)


@pytest.mark.parametrize("name", SIDES)
def test_bytes_that_are_no_text_stop_nothing(play: Play, name: str) -> None:
    stage = play.stage

    async def speak() -> None:
        for client in list(stage.venue(name).clients):
            await client.socket.send_bytes(b"\xff\xfe\x80" * 100)
            await client.socket.send_bytes(b'{"stream":"\xc3\x28"}')

    harmless(play, lambda: stage.do(speak()), least=2)


def row_of(name: str, price: str) -> bytes:
    """Return a list of tickers in which BTC alone stands, with this price."""
    told = stamp_ms()
    rows: dict[str, dict[str, Any]] = {
        "upbit": {
            "market": "KRW-BTC",
            "trade_price": Raw(price),
            "trade_timestamp": told,
            "timestamp": told,
        },
        "binance": {
            "symbol": "BTCUSDT",
            "lastPrice": Raw(price),
            "closeTime": told,
        },
    }
    return write([rows[name]]).encode()


BAD_BODIES: Final[tuple[bytes, ...]] = (
    HTML,
    b"",
    b'[{"market":"KRW-BTC","symbol":"BTCUSDT","trade_pri',
    b'{"error":{"name":500,"message":"no"},"code":-1,"msg":"no"}',
    b"\xff\xfe\x00[]",
)
BAD_PRICES: Final = ("0", "NaN", "9" * 61)


class Nonsense:
    """Answers in turn with something bad and with the truth; counts the bad ones."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._turn = 0
        self.told = 0
        rows = [partial(row_of, name, price) for price in BAD_PRICES]
        self.bad = [*(partial(bytes, body) for body in BAD_BODIES), *rows]

    async def answer(self, request: web.Request, truth: Handler) -> web.StreamResponse:
        self._turn += 1
        if self._turn % 2 or self.told == len(self.bad):
            return await truth(request)
        self.told += 1
        return web.Response(
            body=self.bad[self.told - 1](), content_type="application/json"
        )


@pytest.mark.slow
def test_bad_answers_by_rest_keep_the_last_value_and_then_its_reason(
    polled: Play,
) -> None:
    stage, server = polled.stage, polled.server
    known = {"upbit": "52000500", "binance": "39500"}
    for name, price in known.items():
        stage.push(name, "BTC", price)
        server.at_price("BTC", price, SIDES[name])
    with watching(server) as diary:
        nonsense = {name: Nonsense(name) for name in SIDES}
        for name in SIDES:
            script = stage.scripts[name]
            script.wraps[TICKERS[name]] = nonsense[name].answer
            script.hangs_up = True
            stage.do(stage.venue(name).cut())
        for name in SIDES:
            until(
                lambda n=nonsense[name]: n.told == len(n.bad),  # type: ignore[misc]  # bound now
                "all was told",
                60.0,
            )
        for name in SIDES:
            # From here on nothing but pages: the last value, and no longer LIVE.
            stage.scripts[name].rest[TICKERS[name]] = saying(200, HTML)
        for name, side in SIDES.items():
            stale = server.premium_when(
                "BTC",
                lambda p, s=side: p[s]["quality"] == "STALE",  # type: ignore[misc]  # bound now
            )
            assert stale["percent"] is not None, name
        ask_everything(server)
        for name, side in SIDES.items():
            assert {price for _, price in diary.prices(side)} == {known[name]}
    for name in SIDES:
        stage.scripts[name].rest.clear()
    for name in SIDES:
        limit_s = RECOVERY_LIMIT_S + SLACK_S
        server.premium_when("BTC", serves(name, "REST"), "well", limit_s)


def test_a_market_that_rest_leaves_out_is_not_live(polled: Play) -> None:
    stage, server = polled.stage, polled.server
    upbit = stage.scripts["upbit"]
    kept = [
        {"market": code, **row}
        for code, row in stage.upbit.rows.items()
        if code != "KRW-BTC"
    ]
    upbit.hangs_up = True
    upbit.rest["/v1/ticker/all"] = saying(200, write(kept))
    stage.do(stage.upbit.cut())
    active = "kimp_fallback_active"
    until(lambda: total(metrics(server), active, "upbit") == 1, "polled")
    server.premium_when("ETH", serves("upbit", "REST"), "REST", 8.0)
    told = server.premium("BTC")
    assert (told["quality"], told["reason"]) == ("STALE", "DOMESTIC_STALE")
    upbit.rest["/v1/ticker/all"] = saying(200, "[]")
    server.premium_when(
        "ETH", lambda p: p["reason"] == "DOMESTIC_STALE", "nothing carried", 10.0
    )


@pytest.mark.parametrize("ahead", AHEAD_MS)
@pytest.mark.parametrize("often", [1, 40], ids=["once", "again and again"])
def test_a_price_far_ahead_of_all_others_is_refused(
    play: Play, ahead: str, often: int
) -> None:
    stage = play.stage

    def say() -> None:
        for number in range(often):
            told = stamp_ms() + AHEAD_MS[ahead]
            frame = stage.upbit.frame(
                "KRW-ETH",
                "REALTIME",
                "SIMPLE",
                trade_price=Raw(str(9_000_000 + number)),
                trade_timestamp=told,
                timestamp=told,
            )
            stage.do(stage.upbit.raw(frame))
            item = stage.binance.item("ETHUSDT") | {"c": "9000", "E": told}
            stage.do(stage.binance.array([item]))

    harmless(play, say, least=2 * often)


def test_an_empty_or_broken_list_of_markets_closes_no_coin(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> None:
    folder = tmp_path_factory.mktemp("lists")
    with Stage() as stage:
        upbit, binance = stage.scripts["upbit"], stage.scripts["binance"]
        upbit.rest["/v1/market/all"] = saying(200, HTML)
        binance.rest["/api/v3/exchangeInfo"] = saying(200, '{"symbols":[]}')
        with kimp(folder, stage, postgres_server) as server:
            data = ask_everything(server)
            assert data["coins"]["totalCount"] == 0
            until(lambda: len(upbit.requests) >= 1, "asked")
            until(lambda: len(binance.requests) >= 1, "asked")
            upbit.rest.clear()
            binance.rest.clear()
            server.wait_live("BTC", "ETH")
