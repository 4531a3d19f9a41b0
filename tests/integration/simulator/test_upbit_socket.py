import json
from collections.abc import AsyncIterator
from decimal import Decimal
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
    url = f"{simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url, autoping=False) as opened:
        yield opened


async def receive(socket: Socket) -> Any:
    data = await socket.receive_bytes(timeout=LIMIT_S)
    return json.loads(data, parse_float=Decimal)


async def ask(socket: Socket, *parts: dict[str, object]) -> None:
    await socket.send_str(json.dumps([{"ticket": "test"}, *parts]))


async def listed(socket: Socket) -> Any:
    await socket.send_str('[{"method":"LIST_SUBSCRIPTIONS"},{"ticket":"test"}]')
    return await receive(socket)


async def test_a_snapshot_comes_first_and_then_every_trade(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await ask(socket, {"type": "ticker", "codes": ["KRW-BTC", "KRW-ETH"]})
    snapshots = [await receive(socket) for _ in range(2)]
    assert [row["code"] for row in snapshots] == ["KRW-BTC", "KRW-ETH"]
    assert {row["stream_type"] for row in snapshots} == {"SNAPSHOT"}
    simulator.market.trade("upbit", "KRW-BTC", "170000000")
    simulator.market.trade("upbit", "KRW-XRP", "4000")
    simulator.market.trade("upbit", "KRW-BTC", "171000000")
    clock.ms += 100
    simulator.step()
    rows = [await receive(socket) for _ in range(2)]
    assert {row["stream_type"] for row in rows} == {"REALTIME"}
    assert rows[1]["trade_price"] == 171_000_000
    assert simulator.violations.count == 0


async def test_several_types_share_one_subscription(
    simulator: Simulator, socket: Socket
) -> None:
    await ask(
        socket,
        {"type": "ticker", "codes": ["KRW-BTC"]},
        {"type": "trade", "codes": ["KRW-BTC"]},
        {"type": "orderbook", "codes": ["KRW-BTC.1", "KRW-ETH.5"]},
        {"format": "SIMPLE"},
    )
    rows = [await receive(socket) for _ in range(4)]
    assert [row["ty"] for row in rows] == ["ticker", "trade", "orderbook", "orderbook"]
    assert [len(row["obu"]) for row in rows[2:]] == [1, 5]
    simulator.market.trade("upbit", "KRW-BTC")
    simulator.step()
    rows = [await receive(socket) for _ in range(3)]
    assert [row["ty"] for row in rows] == ["ticker", "trade", "orderbook"]


async def test_a_new_request_replaces_the_one_before(
    simulator: Simulator, socket: Socket
) -> None:
    await ask(socket, {"type": "ticker", "codes": ["KRW-BTC"]})
    await receive(socket)
    await ask(socket, {"type": "ticker", "codes": ["KRW-ETH"]})
    await receive(socket)
    simulator.market.trade("upbit", "KRW-BTC")
    simulator.market.trade("upbit", "KRW-ETH")
    simulator.step()
    assert (await receive(socket))["code"] == "KRW-ETH"
    assert (await listed(socket))["result"] == [
        {"type": "ticker", "codes": ["KRW-ETH"]}
    ]


async def test_flags_ask_for_one_half_only(
    simulator: Simulator, socket: Socket
) -> None:
    await ask(
        socket,
        {"type": "ticker", "codes": ["KRW-BTC"], "is_only_snapshot": True},
        {"type": "ticker", "codes": ["KRW-ETH"], "is_only_realtime": True},
    )
    first = await receive(socket)
    assert (first["code"], first["stream_type"]) == ("KRW-BTC", "SNAPSHOT")
    simulator.market.trade("upbit", "KRW-BTC")
    simulator.market.trade("upbit", "KRW-ETH")
    simulator.step()
    second = await receive(socket)
    assert (second["code"], second["stream_type"]) == ("KRW-ETH", "REALTIME")


async def test_a_question_in_another_format_switches_everything(
    simulator: Simulator, socket: Socket
) -> None:
    assert (await listed(socket))["result"] == []
    await ask(socket, {"type": "ticker", "codes": ["KRW-BTC"]})
    await receive(socket)
    await ask(socket, {"method": "LIST_SUBSCRIPTIONS"}, {"format": "SIMPLE_LIST"})
    answer = await receive(socket)
    assert answer["mthd"] == "LIST_SUBSCRIPTIONS"
    simulator.market.trade("upbit", "KRW-BTC")
    simulator.step()
    row = await receive(socket)
    assert row[0]["cd"] == "KRW-BTC"


async def test_unknown_codes_are_silent(simulator: Simulator, socket: Socket) -> None:
    await ask(socket, {"type": "ticker", "codes": ["KRW-NO", "KRW-BTC"]})
    assert (await receive(socket))["code"] == "KRW-BTC"


async def test_a_ping_in_words_is_answered_every_ten_seconds(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await socket.send_str("PING")
    assert await receive(socket) == {"status": "UP"}
    clock.ms += 10_000
    simulator.step()
    assert await receive(socket) == {"status": "UP"}


async def test_a_ping_frame_is_answered(simulator: Simulator, socket: Socket) -> None:
    await socket.ping(b"are you there")
    answer = await socket.receive(timeout=LIMIT_S)
    assert (answer.type, bytes(answer.data)) == (
        aiohttp.WSMsgType.PONG,
        b"are you there",
    )
    await socket.pong(b"unasked")
    await socket.send_str("PING")
    assert await receive(socket) == {"status": "UP"}


async def test_nonsense_gets_an_error_frame_and_the_socket_stays(
    simulator: Simulator, socket: Socket
) -> None:
    await socket.send_bytes(b"\xff\xfe")
    assert (await receive(socket))["error"]["name"] == "WRONG_FORMAT"
    await socket.send_str('[{"ticket":"x"},{"type":"ticker"}]')
    assert (await receive(socket))["error"]["name"] == "NO_CODES"
    await ask(socket, {"type": "ticker", "codes": ["KRW-BTC"]})
    assert (await receive(socket))["code"] == "KRW-BTC"
    assert simulator.violations.count == 2


async def test_a_subscription_may_come_as_bytes(
    simulator: Simulator, socket: Socket
) -> None:
    await socket.send_bytes(b'[{"ticket":"x"},{"type":"ticker","codes":["KRW-BTC"]}]')
    assert (await receive(socket))["code"] == "KRW-BTC"


async def test_six_messages_in_a_second_end_the_connection(
    simulator: Simulator, socket: Socket
) -> None:
    for _ in range(6):
        await socket.send_str("PING")
    for _ in range(5):
        assert await receive(socket) == {"status": "UP"}
    last = await socket.receive(timeout=LIMIT_S)
    assert last.type is aiohttp.WSMsgType.CLOSE
    assert last.data == 1008
    assert simulator.violations.listed()[0].rule == "messages per connection"


async def test_an_idle_connection_is_closed_after_two_minutes(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await ask(socket, {"type": "ticker", "codes": ["KRW-BTC"]})
    await receive(socket)
    clock.ms += 119_000
    simulator.step()
    assert simulator.connections("upbit") == 1
    clock.ms += 1_000
    simulator.step()
    assert (await socket.receive(timeout=LIMIT_S)).data == 1001


async def test_a_client_that_leaves_is_forgotten(
    simulator: Simulator, socket: Socket, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url) as other:
        await ask(other, {"type": "ticker", "codes": ["KRW-BTC"]})
        await receive(other)
        await ask(socket, {"type": "ticker", "codes": ["KRW-BTC"]})
        await receive(socket)
        assert simulator.connections("upbit") == 2
    simulator.market.trade("upbit", "KRW-BTC")
    simulator.step()
    assert (await receive(socket))["stream_type"] == "REALTIME"
    assert simulator.connections("upbit") == 1


async def test_two_clients_get_the_same_bytes(
    simulator: Simulator, socket: Socket, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url) as other:
        for each in (socket, other):
            await ask(each, {"type": "ticker", "codes": ["KRW-BTC"]})
            await receive(each)
        simulator.market.trade("upbit", "KRW-BTC")
        simulator.step()
        first = await socket.receive_bytes(timeout=LIMIT_S)
        assert first == await other.receive_bytes(timeout=LIMIT_S)


async def test_a_page_in_a_browser_may_connect_once_in_ten_seconds(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url, origin="https://example.org"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await http.ws_connect(url, origin="https://example.org")
    assert caught.value.status == 429


async def test_a_big_snapshot_arrives_whole(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    codes = [
        code for code in full_simulator.market.instruments("upbit") if "KRW" in code
    ]
    url = f"{full_simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url) as opened:
        await ask(opened, {"type": "orderbook", "codes": codes})
        rows = [await receive(opened) for _ in codes]
    assert [row["code"] for row in rows] == codes
    for row in rows:
        for unit in row["orderbook_units"]:
            assert unit["bid_price"] < unit["ask_price"]
