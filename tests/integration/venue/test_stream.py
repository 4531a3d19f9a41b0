"""Both sessions on a real socket, against venues that have the least we need."""

import asyncio
import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aiohttp import WSMsgType, web

from adapters.binance.session import BinanceSession
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.clock import SystemClock
from adapters.resilience.dialer import DialPlan, StreamDialer
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.session import StreamSession
from adapters.simulator.server import Simulator, SimulatorOptions
from adapters.upbit.session import UpbitSession
from domain.model.event import FeedBatch, FeedEvent, FeedUp, QuoteUpdate
from domain.model.market import Channel, Exchange

LIMIT_S = 10.0
Converse = Callable[[web.WebSocketResponse, str], Any]


def websocket(converse: Converse) -> Callable[[web.Request], Any]:
    """Serve a WebSocket that answers each text frame by `converse`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await converse(socket, message.data)
        return socket

    return handle


def stream_url(venue: Any) -> str:
    return str(venue.base_url.replace("http://", "ws://")) + "/stream"


async def hear(
    url: str,
    exchange: Exchange,
    make_session: Callable[[], StreamSession],
    markets: set[str],
    enough: Callable[[list[QuoteUpdate]], bool],
) -> tuple[list[FeedEvent], UpstreamMonitor]:
    """Run a stream until its updates are enough; return all it said."""
    clock = SystemClock()
    name = f"{exchange.lower()}.stream"
    monitor = UpstreamMonitor(name, Channel.WEBSOCKET, clock=clock)
    dialer = StreamDialer(
        DialPlan(exchange=exchange, name=name, url=url, silence_bound_s=5.0),
        make_session,
        monitor,
        clock=clock,
        random=random.Random(7).random,
        breaker=AsyncBreaker(name, clock=clock),
    )
    events: list[FeedEvent] = []
    done = asyncio.Event()

    def sink(event: FeedEvent) -> None:
        events.append(event)
        if enough(updates_of(events)):
            done.set()

    dialer.watch(markets)
    task = asyncio.create_task(dialer.run(sink))
    try:
        async with asyncio.timeout(LIMIT_S):
            await done.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return events, monitor


def updates_of(events: list[FeedEvent]) -> list[QuoteUpdate]:
    batches = [event for event in events if isinstance(event, FeedBatch)]
    return [update for batch in batches for update in batch.updates]


async def test_an_upbit_that_knows_the_ticker_only_is_enough(venue: Any) -> None:
    heard: list[list[dict[str, Any]]] = []

    async def converse(socket: web.WebSocketResponse, text: str) -> None:
        heard.append(json.loads(text))
        types = [part["type"] for part in heard[-1] if "type" in part]
        if types != ["ticker"]:
            error = {"error": {"name": "WRONG_FORMAT", "message": "only ticker"}}
            await socket.send_bytes(json.dumps(error).encode())
            return
        for code in heard[-1][1]["codes"]:
            frame = f'{{"type":"ticker","code":"{code}","trade_price":1.50000000}}'
            await socket.send_bytes(frame.encode())

    venue.bodies["/stream"] = websocket(converse)
    events, monitor = await hear(
        stream_url(venue),
        Exchange.UPBIT,
        lambda: UpbitSession("t1"),
        {"KRW-BTC", "KRW-ETH"},
        lambda updates: len(updates) == 2,
    )
    assert isinstance(events[0], FeedUp)
    told = {update.market: str(update.price) for update in updates_of(events)}
    assert told == {"KRW-BTC": "1.50000000", "KRW-ETH": "1.50000000"}
    assert len(heard) == 2
    assert monitor.rejects == {}
    assert all("Origin" not in headers for headers in venue.headers)


async def test_a_binance_that_knows_the_array_only_is_enough(venue: Any) -> None:
    heard: list[dict[str, Any]] = []

    async def converse(socket: web.WebSocketResponse, text: str) -> None:
        request = json.loads(text)
        heard.append(request)
        if request["params"] != ["!miniTicker@arr"]:
            reply = {"error": {"code": 2, "msg": "unknown"}, "id": request["id"]}
            await socket.send_str(json.dumps(reply))
        else:
            await socket.send_str(json.dumps({"result": None, "id": request["id"]}))
        items = ",".join(
            f'{{"e":"24hrMiniTicker","E":{len(heard)},"s":"{symbol}","c":"2.50"}}'
            for symbol in ("DOGEBTC", "BTCUSDT")
        )
        frame = f'{{"stream":"!miniTicker@arr","data":[{items}]}}'
        await socket.send_str(frame)

    venue.bodies["/stream"] = websocket(converse)
    events, monitor = await hear(
        stream_url(venue),
        Exchange.BINANCE,
        BinanceSession,
        {"BTCUSDT"},
        lambda updates: len(updates) == 2,
    )
    assert updates_of(events) == [
        QuoteUpdate("BTCUSDT", Decimal("2.50"), 1),
        QuoteUpdate("BTCUSDT", Decimal("2.50"), 2),
    ]
    methods = [(request["method"], request["params"]) for request in heard]
    assert methods == [
        ("SUBSCRIBE", ["!miniTicker@arr"]),
        ("SUBSCRIBE", ["btcusdt@aggTrade"]),
    ]
    assert monitor.rejects == {}


async def test_a_binance_that_goes_away_is_met_on_a_new_connection(venue: Any) -> None:
    connections: list[web.WebSocketResponse] = []

    async def converse(socket: web.WebSocketResponse, text: str) -> None:
        if socket not in connections:
            connections.append(socket)
        if len(connections) == 1:
            await socket.send_str('{"e":"serverShutdown","E":1}')
            return
        body = '{"e":"aggTrade","s":"BTCUSDT","p":"2.50","T":17}'
        await socket.send_str(f'{{"stream":"x","data":{body}}}')

    venue.bodies["/stream"] = websocket(converse)
    events, _ = await hear(
        stream_url(venue),
        Exchange.BINANCE,
        BinanceSession,
        {"BTCUSDT"},
        lambda told: len(told) > 0,
    )
    assert len(connections) == 2
    assert updates_of(events)[0].price == Decimal("2.50")


async def test_the_simulator_whose_encoding_is_not_ours_is_understood_whole() -> None:
    options = SimulatorOptions(rate=5.0, coins=40)
    async with Simulator(options) as simulator:
        running = asyncio.create_task(simulator.run())
        try:
            _, upbit = await hear(
                f"{simulator.socket_url}/upbit/websocket/v1",
                Exchange.UPBIT,
                lambda: UpbitSession("t1"),
                {"KRW-BTC", "KRW-ETH"},
                lambda told: {"KRW-BTC", "KRW-ETH"} <= priced(told) and booked(told),
            )
            _, binance = await hear(
                f"{simulator.socket_url}/binance/stream",
                Exchange.BINANCE,
                lambda: BinanceSession(("aggTrade", "ticker", "bookTicker")),
                {"BTCUSDT", "ETHUSDT"},
                lambda told: {"BTCUSDT", "ETHUSDT"} <= priced(told) and booked(told),
            )
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert simulator.violations.count == 0
    assert upbit.rejects == binance.rejects == {}


def priced(told: list[QuoteUpdate]) -> set[str]:
    return {update.market for update in told if update.price is not None}


def booked(told: list[QuoteUpdate]) -> bool:
    return any(update.bid is not None and update.price is None for update in told)
