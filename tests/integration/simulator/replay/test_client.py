"""What replayed venues say to their clients, and how a session ends."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import aiohttp
import pytest

from adapters.simulator.replay import Replay, ReplayOptions
from adapters.simulator.replay_event import (
    RecordedEnd,
    RecordedEvent,
    RecordedRun,
)
from adapters.simulator.server import AddressUnavailable
from tests.integration.simulator.replay.conftest import (
    BINANCE,
    NOW_MS,
    THEN_MS,
    UPBIT,
    ask_binance,
    ask_upbit,
    binance,
    listening,
    market_all,
    odd,
    replaying,
    upbit,
)


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("SIMPLE", '{"ty":"trade","cd":"KRW-BTC","td":"2026-03-01","ttm":"15:00:00"'),
        ("JSON_LIST", '[{"type":"trade","code":"KRW-BTC","trade_date":"2026-03-01"'),
        ("SIMPLE_LIST", '[{"ty":"trade","cd":"KRW-BTC","td":"2026-03-01"'),
    ],
)
async def test_every_format_is_made_of_the_recorded_one(
    http: aiohttp.ClientSession, form: str, start: str
) -> None:
    recorded = (
        b'[{"type":"trade","code":"KRW-BTC","trade_date":"2026-03-01",'
        b'"trade_time":"15:00:00","unheard_of":1.10}]'
    )
    asks = json.dumps(
        [{"ticket": "x"}, {"type": "trade", "codes": ["KRW-BTC"]}, {"format": form}]
    )
    async with (
        replaying([odd("upbit", recorded)]) as replay,
        listening(replay, http, UPBIT, asks) as heard,
    ):
        await replay.play()
        text = (await heard()).decode()
    assert text.startswith(start)
    assert '"unheard_of":1.10' in text


async def test_replies_to_the_recorder_are_not_played_and_garbage_is(
    http: aiohttp.ClientSession,
) -> None:
    events = [
        odd("upbit", b'{"status":"UP"}'),
        odd("upbit", b'{"ty":1}'),
        odd("upbit", b"\xff\xfe"),
        odd("upbit", b'"ty":"candle.1m","cdttmu":"2026-99-99T99:99:99"'),
        odd("binance", b'{"result":null,"id":7}'),
        odd("binance", b'{"error":{"code":2}}'),
        odd("binance", b"<html>"),
        odd("binance", b'{"e":"serverShutdown","E":1772377199500}'),
        odd("elsewhere", b"{}"),
    ]
    async with (
        replaying(events) as replay,
        listening(replay, http, BINANCE, ask_binance("x@ticker")) as other,
    ):
        assert json.loads(await other())["id"] == 1
        async with listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as one:
            await replay.play()
            assert [await one(), await one()] == [b'{"ty":1}', b"\xff\xfe"]
            assert await one() == b'"ty":"candle.1m","cdttmu":"2026-99-99T99:99:99"'
        assert await other() == "<html>"
        assert json.loads(await other()) == {"e": "serverShutdown", "E": NOW_MS}


async def test_binances_clients_get_their_streams_in_their_wrapping(
    http: aiohttp.ClientSession,
) -> None:
    data = '{"e":"aggTrade","E":1772377199500,"p":"1.10"}'
    ours = data.replace("1772377199500", str(NOW_MS))
    events = [
        binance("btcusdt@aggTrade", data),
        binance("ethusdt@aggTrade", data),
        binance("!serverShutdown", '{"e":"serverShutdown"}'),
    ]
    async with (
        replaying(events, venues=frozenset({"binance"})) as replay,
        listening(replay, http, "/binance/ws/btcusdt@aggTrade") as raw,
        listening(replay, http, "/binance/stream?streams=btcusdt@aggTrade") as named,
        listening(
            replay,
            http,
            BINANCE,
            ask_binance("btcusdt@aggTrade", "ethusdt@aggTrade"),
            ask_binance("btcusdt@aggTrade", method="UNSUBSCRIBE"),
            ask_binance(method="LIST_SUBSCRIPTIONS"),
            "oops",
        ) as combined,
    ):
        replies = [json.loads(await combined()) for _ in range(4)]
        assert replies[2] == {"result": ["ethusdt@aggTrade"], "id": 1}
        assert replies[3]["code"] == 2
        await replay.play()
        assert await raw() == ours
        assert await raw() == '{"e":"serverShutdown"}'
        assert await named() == f'{{"stream":"btcusdt@aggTrade","data":{ours}}}'
        assert await combined() == f'{{"stream":"ethusdt@aggTrade","data":{ours}}}'


async def test_late_listeners_of_binance_get_the_latest_states_but_no_trades(
    http: aiohttp.ClientSession,
) -> None:
    streams = ("btcusdt@ticker", "btcusdt@aggTrade", "!miniTicker@arr")
    events = [binance(stream) for stream in streams]
    async with replaying(events, venues=frozenset()) as replay:
        await replay.play()
        asks = (ask_binance(*streams), ask_binance(method="LIST_SUBSCRIPTIONS"))
        async with listening(replay, http, BINANCE, *asks) as heard:
            assert json.loads(await heard())["result"] is None
            assert json.loads(await heard())["stream"] == "btcusdt@ticker"
            assert json.loads(await heard())["result"] == list(streams)


async def test_of_two_connections_at_once_the_newer_one_is_played(
    http: aiohttp.ClientSession,
) -> None:
    end_us = (THEN_MS + 4) * 1_000
    events: list[RecordedEvent] = [
        upbit(1),
        upbit(2, at_ms=1, connection=2),
        upbit(3, at_ms=2, connection=1),
        upbit(4, at_ms=3, connection=2),
        RecordedEnd(end_us, "upbit", 2),
        upbit(5, at_ms=5, connection=1),
    ]
    async with (
        replaying(events) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        await replay.play()
        prices = [json.loads(await heard())["tp"] for _ in range(4)]
    assert prices == [1, 2, 4, 5]


async def test_another_run_of_the_recorder_counts_its_connections_anew(
    http: aiohttp.ClientSession,
) -> None:
    killed = upbit(1, connection=3)
    anew = RecordedRun((THEN_MS + 1) * 1_000)
    events: list[RecordedEvent] = [killed, anew, upbit(2, at_ms=2)]
    async with (
        replaying(events) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        await replay.play()
        assert [json.loads(await heard())["tp"] for _ in range(2)] == [1, 2]


async def test_answers_are_those_of_the_position(http: aiohttp.ClientSession) -> None:
    events: list[RecordedEvent] = [
        market_all(b'[{"timestamp":1772377199500}]'),
        upbit(1, at_ms=100),
        market_all(b"[]", at_ms=200),
    ]
    async with replaying(events, venues=frozenset()) as replay:
        url = f"{replay.base_url}/upbit/v1/market/all"
        async with http.get(url) as response:
            # The first frame is now, so what came 100 ms before was 100 ms ago.
            assert await response.json() == [{"timestamp": NOW_MS - 100}]
            assert response.content_type == "application/json"
        await replay.play()
        async with http.get(url) as response:
            assert await response.json() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/upbit/v1/x", {"error": {"name": 404, "message": "not recorded"}}),
        ("/binance/api/v3/x", {"code": -1000, "msg": "not recorded"}),
        ("/fx/v1/x", {"message": "not recorded"}),
    ],
)
async def test_what_was_not_recorded_is_not_found_and_counted(
    http: aiohttp.ClientSession, path: str, body: dict[str, Any]
) -> None:
    async with (
        replaying([upbit(1)]) as replay,
        http.get(replay.base_url + path) as response,
    ):
        assert response.status == 404
        assert await response.json() == body
        assert replay.routes.unanswered == {path: 1}


async def test_at_the_end_connections_are_closed_with_a_word(
    http: aiohttp.ClientSession,
) -> None:
    async with (
        replaying([upbit(1)]) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        await replay.play()
        await heard()
        stopping = asyncio.create_task(replay.stop())
        assert await heard() == 1001
        await stopping


async def test_a_session_can_be_played_again(http: aiohttp.ClientSession) -> None:
    events = [upbit(1), upbit(2, at_ms=50)]
    async with (
        replaying(events) as replay,
        listening(replay, http, UPBIT, ask_upbit("KRW-BTC")) as heard,
    ):
        await replay.play()
        assert await replay.prepare(events)
        await replay.play()
        assert [json.loads(await heard())["tp"] for _ in range(4)] == [1, 2, 1, 2]


async def test_a_session_without_frames_has_nothing_to_play() -> None:
    replay = Replay()
    assert not await replay.prepare([market_all(b"[]")])
    await replay.play()
    await replay.stop()
    assert replay.count.answers == 1


async def test_a_recording_that_breaks_off_breaks_the_play() -> None:
    def broken() -> Iterable[RecordedEvent]:
        yield upbit(1)
        raise ValueError("line 2")

    replay = Replay(ReplayOptions(venues=frozenset()))
    with pytest.raises(ValueError, match="line 2"):
        await replay.prepare(broken())


async def test_a_port_that_is_taken_is_told() -> None:
    async with replaying([upbit(1)]) as first:
        second = Replay(ReplayOptions(port=first.port))
        with pytest.raises(AddressUnavailable, match=f"127.0.0.1:{first.port}"):
            await second.start()


async def test_addresses_of_the_sixth_version_stand_in_brackets() -> None:
    replay = Replay(ReplayOptions(host="::1"))
    assert replay.base_url == "http://[::1]:0"
