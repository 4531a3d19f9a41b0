"""Sockets that are written to directly: compression, full transports, many at once."""

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

import app.socket_protocol as module
from app.socket_protocol import SocketProtocol

BOARD = "subscription { premiums { seq snapshot premiums { symbol percent } } }"
WIDE = (
    "subscription { premiums { seq snapshot premiums { symbol percent quality reason "
    "at seq coin { symbol koreanName englishName iconUrl } "
    "domestic { exchange market price bid ask exchangeTime receivedAt ageMs } "
    "global { exchange market price bid ask exchangeTime receivedAt ageMs } "
    "bases { basis percent absoluteKrw quality reason } } } }"
)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[SocketProtocol]:
    """Return the connections in the order of their handshakes."""
    found: list[SocketProtocol] = []
    begin = SocketProtocol.handle_connect

    def handle_connect(self: SocketProtocol, event: Any) -> None:
        found.append(self)
        begin(self, event)

    monkeypatch.setattr(SocketProtocol, "handle_connect", handle_connect)
    return found


def premiums(told: dict[str, Any]) -> Any:
    return told["payload"]["data"]["premiums"]


async def test_it_has_no_task_and_its_end_leaves_nothing(world: Any, site: Any) -> None:
    before = {task for task in asyncio.all_tasks() if "asgi" in repr(task)}
    async with site.talk() as talk:
        await talk.subscribe("1", BOARD)
        await talk.hear()
        assert {t for t in asyncio.all_tasks() if "asgi" in repr(t)} == before
        assert world.deps.traffic.sockets == 1
        assert world.deps.traffic.subscriptions["premiums", "websocket"] == 1
    await until(lambda: not world.deps.traffic.sockets)
    assert world.deps.traffic.subscriptions["premiums", "websocket"] == 0


async def test_a_lost_socket_waits_for_no_collector(
    world: Any, site: Any, made: list[SocketProtocol]
) -> None:
    gc.disable()
    try:
        async with site.talk() as talk:
            await talk.subscribe("1", BOARD)
            await talk.hear()
            connection = weakref.ref(made.pop().conn)
            assert connection() is not None
        await until(lambda: not world.deps.traffic.sockets)
        await until(lambda: connection() is None)
    finally:
        gc.enable()


@pytest.mark.parametrize(
    "offer",
    [
        ClientPerMessageDeflateFactory(),
        ClientPerMessageDeflateFactory(
            server_no_context_takeover=True, client_no_context_takeover=True
        ),
        ClientPerMessageDeflateFactory(client_max_window_bits=True),
    ],
)
async def test_with_compression_the_same_is_told(
    world: Any, site: Any, offer: Any
) -> None:
    async with (
        site.talk(extensions=[offer], compression=None) as packed,
        site.talk(compression=None) as plain,
    ):
        assert packed.connection.protocol.extensions
        assert not plain.connection.protocol.extensions
        for talk in (packed, plain):
            await talk.subscribe("a" * 100, WIDE)
        told = [premiums(await talk.hear()) for talk in (packed, plain)]
        assert told[0]["premiums"]
        assert told[0] == told[1]
        for price in ("52100000", "52200000"):
            await world.clock.advance(1)
            world.publish(BTC=price)
            told = [premiums(await talk.hear()) for talk in (packed, plain)]
            assert told[0] == told[1]


async def test_a_window_of_another_size_is_not_promised(site: Any) -> None:
    offer = ClientPerMessageDeflateFactory(server_max_window_bits=9)
    async with site.talk(extensions=[offer], compression=None) as talk:
        await talk.subscribe("1", WIDE)
        assert premiums(await talk.hear())["snapshot"] is True


async def test_a_reader_that_stops_gets_what_it_missed_as_one(
    world: Any, site: Any, made: list[SocketProtocol]
) -> None:
    async with site.talk() as slow, site.talk() as quick:
        for talk in (slow, quick):
            await talk.subscribe("1", BOARD)
            await talk.hear()
        wire = made[0]
        wire.pause_writing()
        last: Any = None
        for price in range(52_010_000, 52_310_000, 10_000):
            await world.clock.advance(0.5)
            world.publish(BTC=str(price), ETH=str(price // 20))
            last = premiums(await quick.hear())
        wire.resume_writing()
        merged = premiums(await slow.hear())
        assert merged["seq"] == last["seq"]
        told = {p["symbol"]: p for p in merged["premiums"]}
        assert {"BTC", "ETH"} <= told.keys()
        assert [told["BTC"]] == [p for p in last["premiums"] if p["symbol"] == "BTC"]


async def test_a_reader_that_takes_nothing_is_closed_with_a_reason(
    world: Any, site: Any, made: list[SocketProtocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PAUSE_S", 0.05)
    async with site.talk() as talk:
        await talk.subscribe("1", BOARD)
        await talk.hear()
        made[0].pause_writing()
        assert not made[0].transport.is_reading()
        await talk.connection.wait_closed()
        assert talk.connection.close_code == 1013
        assert "nothing was read" in talk.connection.close_reason
    assert world.deps.traffic.closes["1013"] == 1
    assert world.deps.traffic.subscriptions["premiums", "websocket"] == 0


async def test_while_it_is_full_nobody_is_asked_for_a_sign_of_life(
    site: Any, made: list[SocketProtocol]
) -> None:
    async with site.talk() as talk:
        made[0].pause_writing()
        made[0].send_keepalive_ping()
        made[0].keepalive_timeout()
        made[0].resume_writing()
        await talk.say(type="ping")
        assert await talk.hear() == {"type": "pong"}


async def test_many_that_vanish_leave_nothing(world: Any, site: Any) -> None:
    host, port = site.url.removeprefix("http://").split(":")
    count = 200
    tasks = len(asyncio.all_tasks())
    writers = []
    for number in range(count):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(masked(b'{"type":"connection_init"}'))
        query = json.dumps({"query": BOARD if number % 2 else WIDE}).encode()
        writer.write(masked(b'{"type":"subscribe","id":"1","payload":' + query + b"}"))
        writers.append(writer)
    traffic = world.deps.traffic
    await until(lambda: traffic.subscriptions["premiums", "websocket"] == count)
    for writer in writers:
        writer.transport.abort()
    await until(lambda: not traffic.sockets)
    assert traffic.subscriptions["premiums", "websocket"] == 0
    assert len(asyncio.all_tasks()) <= tasks


async def until(condition: Any) -> None:
    """Wait for a condition, within the limit of the site."""
    while not condition():  # noqa: ASYNC110 (sockets tell nobody when they are read)
        await asyncio.sleep(0.005)  # the next look


def masked(payload: bytes) -> bytes:
    """Return a client's text frame; a mask of zeros is one."""
    size = len(payload)
    head = (
        bytes((0x81, 0x80 | size))
        if size < 126
        else b"\x81\xfe" + size.to_bytes(2, "big")
    )
    return head + bytes(4) + payload


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
