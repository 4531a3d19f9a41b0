"""A session made by hand, played over real sockets; the test turns the clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import WSMsgType

from adapters.simulator.replay import Replay, ReplayOptions
from adapters.simulator.replay_event import (
    RecordedAnswer,
    RecordedEvent,
    RecordedFrame,
)

LIMIT_S = 10.0


THEN_MS = 1_772_377_199_500


NOW_MS = 1_795_154_400_000


UPBIT, BINANCE = "/upbit/websocket/v1", "/binance/stream"


def upbit(
    price: int, *, at_ms: int = 0, connection: int = 1, code: str = "KRW-BTC"
) -> RecordedFrame:
    stamp = THEN_MS + at_ms
    body = (
        f'{{"ty":"ticker","cd":"{code}","tp":{price}.0,"ttms":{stamp},"st":"REALTIME"}}'
    )
    return RecordedFrame(stamp * 1_000, "upbit", connection, body.encode())


def binance(
    stream: str, data: str = '{"E":1772377199500}', *, at_ms: int = 0
) -> RecordedFrame:
    body = f'{{"stream":"{stream}","data":{data}}}'
    at_us = (THEN_MS + at_ms) * 1_000
    return RecordedFrame(at_us, "binance", 1, body.encode())


def odd(venue: str, payload: bytes, *, at_ms: int = 0) -> RecordedFrame:
    return RecordedFrame((THEN_MS + at_ms) * 1_000, venue, 1, payload)


def market_all(body: bytes, *, at_ms: int = 0) -> RecordedAnswer:
    at_us = (THEN_MS + at_ms) * 1_000
    query = {"is_details": "true"}
    return RecordedAnswer(at_us, "upbit", "/v1/market/all", body, query)


def ask_upbit(*codes: str, form: str = "SIMPLE", **flags: bool) -> str:
    demand = {"type": "ticker", "codes": list(codes), **flags}
    return json.dumps([{"ticket": "x"}, demand, {"format": form}])


def ask_binance(*streams: str, method: str = "SUBSCRIBE") -> str:
    return json.dumps({"method": method, "params": list(streams), "id": 1})


class Script:
    """Sleeps of a replay: none is slept, all are noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        await asyncio.sleep(0)  # lets others run


@asynccontextmanager
async def replaying(
    events: Iterable[RecordedEvent], script: Script | None = None, **options: Any
) -> AsyncIterator[Replay]:
    told = ReplayOptions(**{"venues": frozenset({"upbit"}), **options})
    known = script or Script()
    replay = Replay(
        told, now_ms=lambda: NOW_MS, monotonic=known.monotonic, sleep=known.sleep
    )
    await replay.prepare(events)
    await replay.start()
    try:
        yield replay
    finally:
        await replay.stop()


@asynccontextmanager
async def listening(
    replay: Replay, http: aiohttp.ClientSession, path: str, *asks: str
) -> AsyncIterator[Callable[[], Any]]:
    """Connect and ask; yields the coroutine function that gives the next message."""
    async with http.ws_connect(replay.base_url + path) as socket:
        for ask in asks:
            await socket.send_str(ask)

        async def next_message() -> Any:
            message = await socket.receive(LIMIT_S)
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED):
                return message.data
            return message.data

        yield next_message
