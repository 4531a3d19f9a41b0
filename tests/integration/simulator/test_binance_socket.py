import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator

Socket = aiohttp.ClientWebSocketResponse
LIMIT_S = 5


@pytest.fixture
async def socket(
    simulator: Simulator, http: aiohttp.ClientSession
) -> AsyncIterator[Socket]:
    url = f"{simulator.socket_url}/binance/stream"
    async with http.ws_connect(url, autoping=False) as opened:
        yield opened


async def receive(socket: Socket) -> Any:
    return json.loads(await socket.receive_str(timeout=LIMIT_S))


async def call(socket: Socket, method: str, *params: str, number: int = 1) -> Any:
    message = {"method": method, "params": list(params), "id": number}
    await socket.send_str(json.dumps(message))
    return await receive(socket)


async def test_a_subscription_is_answered_and_trades_are_wrapped(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    answer = await call(socket, "SUBSCRIBE", "btcusdt@trade", "ethusdt@aggTrade")
    assert answer == {"result": None, "id": 1}
    simulator.market.trade("binance", "BTCUSDT", "120000.5", "0.25")
    simulator.market.trade("binance", "ETHUSDT", "4000")
    simulator.market.trade("binance", "XRPUSDT", "3")
    clock.ms += 100
    simulator.step()
    first, second = await receive(socket), await receive(socket)
    assert first["stream"] == "btcusdt@trade"
    assert first["data"]["p"] == "120000.50000000"
    assert first["data"]["E"] == clock.ms
    assert second["stream"] == "ethusdt@aggTrade"
    assert simulator.violations.count == 0


async def test_the_array_has_what_changed_in_the_last_second(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await call(socket, "SUBSCRIBE", "!miniTicker@arr")
    clock.ms += 1_000
    simulator.step()
    simulator.market.trade("binance", "ETHUSDT", "4000")
    simulator.market.trade("binance", "BTCUSDT", "120000")
    simulator.market.trade("binance", "ETHUSDT", "4001")
    simulator.step()
    clock.ms += 1_000
    simulator.step()
    message = await receive(socket)
    assert message["stream"] == "!miniTicker@arr"
    assert [(row["s"], row["c"]) for row in message["data"]] == [
        ("ETHUSDT", "4001.00000000"),
        ("BTCUSDT", "120000.00000000"),
    ]


async def test_tickers_of_one_symbol_come_once_a_second(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await call(
        socket,
        "SUBSCRIBE",
        "ethusdt@miniTicker",
        "ethusdt@ticker",
        "ethusdt@bookTicker",
    )
    simulator.market.trade("binance", "ETHUSDT", "4000")
    clock.ms += 1_000
    simulator.step()
    rows = [await receive(socket) for _ in range(3)]
    assert [row["stream"] for row in rows] == [
        "ethusdt@bookTicker",
        "ethusdt@miniTicker",
        "ethusdt@ticker",
    ]
    assert rows[0]["data"]["a"] == "4000.00000000"


async def test_streams_can_be_listed_and_left(
    simulator: Simulator, socket: Socket
) -> None:
    await call(socket, "SUBSCRIBE", "btcusdt@trade", "ethusdt@trade")
    await call(socket, "UNSUBSCRIBE", "btcusdt@trade", "unknown@trade", number=2)
    listed = await call(socket, "LIST_SUBSCRIPTIONS", number=3)
    assert listed == {"result": ["ethusdt@trade"], "id": 3}
    simulator.market.trade("binance", "BTCUSDT")
    simulator.market.trade("binance", "ETHUSDT")
    simulator.step()
    assert (await receive(socket))["stream"] == "ethusdt@trade"


async def test_raw_streams_are_named_in_the_path_and_not_wrapped(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    base = f"{simulator.socket_url}/binance/ws"
    async with http.ws_connect(f"{base}/btcusdt@trade/ethusdt@trade") as opened:
        assert (await call(opened, "LIST_SUBSCRIPTIONS"))["result"] == [
            "btcusdt@trade",
            "ethusdt@trade",
        ]
        simulator.market.trade("binance", "ETHUSDT", "4000")
        simulator.step()
        assert (await receive(opened))["s"] == "ETHUSDT"
    async with http.ws_connect(base) as opened:
        assert (await call(opened, "LIST_SUBSCRIPTIONS"))["result"] == []


async def test_combined_streams_can_be_named_in_the_query(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    url = f"{full_simulator.socket_url}/binance/stream"
    query = {"streams": "币安人生usdt@trade/btcusdt@trade"}
    async with http.ws_connect(url, params=query) as opened:
        await call(opened, "LIST_SUBSCRIPTIONS")
        full_simulator.market.trade("binance", "币安人生USDT", "0.25")
        full_simulator.step()
        message = await receive(opened)
    assert message["stream"] == "币安人生usdt@trade"
    assert message["data"]["s"] == "币安人生USDT"


async def test_unknown_streams_are_silent_and_no_error(
    simulator: Simulator, socket: Socket
) -> None:
    answer = await call(socket, "SUBSCRIBE", "BTCUSDT@trade", "nope@trade", "?")
    assert answer == {"result": None, "id": 1}
    simulator.market.trade("binance", "BTCUSDT")
    simulator.step()
    assert (await call(socket, "LIST_SUBSCRIPTIONS", number=2))["id"] == 2


async def test_an_invalid_message_is_answered_by_a_code(
    simulator: Simulator, socket: Socket
) -> None:
    await socket.send_str("{")
    assert await receive(socket) == {
        "code": 3,
        "msg": "Invalid JSON: expected value at line 1 column 2",
    }
    assert simulator.violations.listed()[0].rule == "invalid request"


async def test_pings_come_every_20_seconds_and_want_their_payload_back(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await call(socket, "LIST_SUBSCRIPTIONS")
    clock.ms += 20_000
    simulator.step()
    ping = await socket.receive(timeout=LIMIT_S)
    assert ping.type is aiohttp.WSMsgType.PING
    await socket.pong(ping.data)
    await call(socket, "LIST_SUBSCRIPTIONS")
    clock.ms += 61_000
    simulator.step()
    assert (await socket.receive(timeout=LIMIT_S)).type is aiohttp.WSMsgType.PING
    await socket.pong(b"something else")
    await call(socket, "LIST_SUBSCRIPTIONS")
    clock.ms += 60_001
    simulator.step()
    assert (await socket.receive(timeout=LIMIT_S)).data == 1008
    assert simulator.violations.listed()[0].rule == "no pong"


async def test_a_connection_lasts_a_day(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await call(socket, "LIST_SUBSCRIPTIONS")
    clock.ms += 86_400_000
    simulator.step()
    assert (await socket.receive(timeout=LIMIT_S)).data == 1001


async def test_six_messages_in_a_second_end_the_connection(
    simulator: Simulator, socket: Socket
) -> None:
    for number in range(5):
        await call(socket, "LIST_SUBSCRIPTIONS", number=number)
    await socket.ping()
    assert (await socket.receive(timeout=LIMIT_S)).data == 1008
    assert simulator.violations.listed()[0].rule == "messages per connection"


async def test_more_than_1024_streams_end_the_connection(
    simulator: Simulator, socket: Socket
) -> None:
    streams = [f"coin{n}@trade" for n in range(1_025)]
    message = {"method": "SUBSCRIBE", "params": streams, "id": 1}
    await socket.send_str(json.dumps(message))
    assert (await socket.receive(timeout=LIMIT_S)).data == 1008
    assert simulator.violations.listed()[0].rule == "streams per connection"


async def test_a_shutdown_is_announced_on_both_kinds_of_stream(
    simulator: Simulator, socket: Socket, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{simulator.socket_url}/binance/ws") as raw:
        await call(raw, "LIST_SUBSCRIPTIONS")
        await call(socket, "LIST_SUBSCRIPTIONS")
        simulator.announce_shutdown()
        assert (await receive(raw))["e"] == "serverShutdown"
        assert (await receive(socket))["stream"] == "!serverShutdown"


async def test_more_than_300_connects_in_five_minutes_are_refused(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.socket_url}/binance/ws"
    for _ in range(300):
        async with http.ws_connect(url):
            pass
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await http.ws_connect(url)
    assert caught.value.status == 429
