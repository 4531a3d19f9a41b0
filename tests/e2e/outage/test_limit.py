"""What venues say about their limits is obeyed to the second, and costs only itself."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import (
    HONEST_CODES,
    RECOVERY_LIMIT_S,
    SLACK_S,
    Play,
    checks,
    kimp,
    serves,
    upstreams,
)
from tests.e2e.outage.stage import Stage, saying
from tests.e2e.semantics.server import Server, until
from tests.e2e.semantics.venue import stamp_ms

EARLY_S: Final = 0.05
CANDLES: Final = {
    "UPBIT": "/v1/candles/minutes/1",
    "BINANCE": "/api/v3/klines",
}
MARKETS: Final = {"UPBIT": "KRW-BTC", "BINANCE": "BTCUSDT"}


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("limit")
    # A candle is asked for anew each time.
    settings = {"KIMP_ROUTE__CLOSED_CANDLE_TTL_S": "0.001"}
    with (
        Stage() as stage,
        kimp(folder, stage, postgres_server, **settings) as server,
    ):
        yield Play(server, stage)


@pytest.fixture
def play(running: Play) -> Play:
    running.heal()
    running.stage.scripts["upbit"].rest["/v1/orderbook"] = upbit_book
    return running


def ask(server: Server, field: str, exchange: str) -> str | None:
    """Ask a venue's REST side by a field; return the error's code, None: answered."""
    # Closed candles alone: with the running one it would be two questions at once.
    closed = 'first: 2, before: "2026-11-20T00:00:00Z"'
    more = {"candles": closed, "orderBook": "depth: 5", "trades": "first: 2"}
    parts = {"candles": "closed: candles { openedAt }", "orderBook": "at"}
    document = f"""{{ {field}(exchange: {exchange}, market: "{MARKETS[exchange]}",
      {more[field]}, channel: REST) {{ {parts.get(field, "channel")} }} }}"""
    status, answer = server.post(json.dumps({"query": document}).encode())
    assert status == 200
    for error in answer.get("errors", ()):
        code: str = error["extensions"]["code"]
        assert code in HONEST_CODES, answer
        return code
    return None


async def upbit_book(_: web.Request) -> web.Response:
    """Return Upbit's answer to a question for one book."""
    unit = {"ask_price": 52000001, "bid_price": 52000000, "ask_size": 1, "bid_size": 1}
    row = {"market": "KRW-BTC", "timestamp": stamp_ms(), "total_ask_size": 1}
    body = [{**row, "total_bid_size": 1, "orderbook_units": [unit]}]
    return web.json_response(
        body, headers={"Remaining-Req": "group=orderbook; min=600; sec=9"}
    )


def refused(play: Play, status: int, after_s: int) -> float:
    """Let Binance refuse one question by its limits; return when it did."""
    script = play.stage.scripts["binance"]
    body = '{"code":-1003,"msg":"Too much request weight used"}'
    script.rest[""] = saying(status, body, Retry_After=str(after_s))
    began_s = time.monotonic()
    ask(play.server, "candles", "BINANCE")
    request = next(r for r in script.since(began_s) if r.status == status)
    script.rest.clear()
    return request.at_s


def lose_the_stream(play: Play) -> None:
    """Show that Binance's stream goes on, then take it away: a poll would be due."""
    stage = play.stage
    stage.push("binance", "BTC", "39123")
    play.server.at_price("BTC", "39123", "global")
    stage.scripts["binance"].hangs_up = True
    stage.do(stage.binance.cut())


@contextmanager
def asking(play: Play) -> Iterator[None]:
    """Ask Binance's REST side by every field, again and again, and meanwhile."""
    over = threading.Event()

    def work(field: str) -> int:
        asked = 0
        while not over.is_set():
            asked += ask(play.server, field, "BINANCE") is not None
            over.wait(0.1)
        return asked

    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(work, f) for f in ("candles", "orderBook", "trades")]
        try:
            yield
        finally:
            over.set()
        assert sum(job.result(20.0) for job in jobs) > 0, "nobody was refused"


def told_as_held(play: Play) -> None:
    """Check that a held venue is no failed one, and that the board says what is."""
    told = checks(play.server)["binance.rest"]
    assert told["circuit_breaker_state"] == "closed", "no failure of the venue"
    assert told["retry_at"] is not None
    premium = play.server.premium_when("BTC", lambda p: p["reason"] == "GLOBAL_STALE")
    assert premium["domestic"]["quality"] == "LIVE"
    assert premium["percent"] is not None


def test_binance_is_asked_nothing_before_its_retry_after_and_soon_after_it(
    play: Play,
) -> None:
    script, after_s = play.stage.scripts["binance"], 4
    refused_s = refused(play, 429, after_s)
    lose_the_stream(play)
    with asking(play):
        told_as_held(play)
        assert ask(play.server, "orderBook", "UPBIT") is None, "Upbit goes on"
        until(lambda: script.since(refused_s + EARLY_S), "asked again", after_s + 5)
    again_s = script.since(refused_s + EARLY_S)[0].at_s
    assert again_s - refused_s >= after_s - EARLY_S
    assert again_s - refused_s <= after_s + RECOVERY_LIMIT_S + SLACK_S
    play.server.premium_when("BTC", serves("binance", "REST"), "REST", 10.0)


def test_a_ban_of_minutes_is_kept_while_both_streams_go_on(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with Stage() as stage, kimp(tmp_path, stage, postgres_server) as server:
        play = Play(server, stage)
        play.heal()
        stage.scripts["upbit"].rest["/v1/orderbook"] = upbit_book
        script, after_s = stage.scripts["binance"], 150
        refused_s = refused(play, 418, after_s)
        lose_the_stream(play)
        with asking(play):
            told_as_held(play)
            # Longer than every loop of ours waits for anything.
            until(lambda: time.monotonic() > refused_s + 4.5, "a while")
        retry_at = datetime.fromisoformat(checks(server)["binance.rest"]["retry_at"])
        left_s = retry_at.timestamp() - time.time()
        assert after_s - 30 < left_s <= after_s, "health tells until when"
        # A ban of the REST side does not hold the stream.
        script.hangs_up = False
        play.wait_primary("binance", RECOVERY_LIMIT_S + SLACK_S)
        assert script.since(refused_s + EARLY_S) == []


def test_a_group_with_nothing_remaining_waits_for_the_next_second(play: Play) -> None:
    stage, server = play.stage, play.server
    script = stage.scripts["upbit"]
    path = CANDLES["UPBIT"]
    used_up = {"Remaining-Req": "group=candles; min=600; sec=0"}
    script.rest[path] = saying(200, "[]", **used_up)
    began_s = time.monotonic()
    seen: list[tuple[int, float]] = []
    for _ in range(3):
        ask(server, "candles", "UPBIT")
        asked_s = time.monotonic()
        assert ask(server, "orderBook", "UPBIT") is None
        seen.append((len(script.since(began_s, path)), time.monotonic() - asked_s))
    times = [request.unix_s for request in script.since(began_s, path)]
    assert len(times) >= 2, seen
    seconds = [int(at_s) for at_s in times]
    assert len(set(seconds)) == len(seconds), times


def test_upbit_429_without_a_time_holds_its_group_alone_and_longer_each_time(
    play: Play,
) -> None:
    stage, server = play.stage, play.server
    script = stage.scripts["upbit"]
    for minutes in (1, 10):  # ours and those of the 24-hour windows
        script.rest[f"/v1/candles/minutes/{minutes}"] = saying(429, "Too many requests")
    began_s = time.monotonic()
    ask(server, "candles", "UPBIT")
    assert ask(server, "orderBook", "UPBIT") is None, "another group goes on"

    def times() -> list[float]:
        return [r.at_s for r in script.since(began_s) if "/candles/" in r.path]

    def refused_often() -> bool:
        ask(server, "candles", "UPBIT")
        return times()[-1] - times()[0] > 2.5

    until(refused_often, "held twice", 20.0)
    # Two that were held are sent together when their time has come.
    waits = [late - early for early, late in pairwise(times()) if late - early > 0.1]
    assert all(wait_s >= 1 - EARLY_S for wait_s in waits), waits
    assert waits == sorted(waits), waits
    assert waits[-1] > 1.5 * waits[0], waits
    assert server.premium("BTC")["quality"] == "LIVE"
    assert upstreams(server)["upbit.rest"]["breaker"] == "CLOSED"


def test_a_minute_used_up_by_somebody_else_is_left_to_him(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    # The address is shared: Binance says that others have used the whole minute up.
    # No other test could ask in it: this one has a server of its own.
    with Stage() as stage, kimp(tmp_path, stage, postgres_server) as server:
        Play(server, stage).heal()
        stage.scripts["upbit"].rest["/v1/orderbook"] = upbit_book
        script = stage.scripts["binance"]
        full = {"X-MBX-USED-WEIGHT-1M": "6000"}
        script.rest[CANDLES["BINANCE"]] = saying(200, "[]", **full)
        began_s = time.monotonic()
        ask(server, "candles", "BINANCE")
        assert len(script.since(began_s)) == 1
        for field in ("candles", "orderBook", "trades"):
            ask(server, field, "BINANCE")
        assert len(script.since(began_s)) == 1
        stage.push("binance", "BTC", "39456")
        answer: Any = server.at_price("BTC", "39456", "global")
        assert answer["quality"] == "LIVE"
        assert ask(server, "orderBook", "UPBIT") is None, "Upbit goes on"
