"""Every close code of graphql-transport-ws, by our own protocol and by ASGI."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from api.access import Access
from api.endpoint import GraphQLEndpoint
from api.limit import Limits
from tests.contract.transport.conftest import FALLBACK, Transport, World, serve

COIN = 'subscription { premium(symbol: "BTC") { percent } }'
PROTOCOL = "graphql-transport-ws"
INIT = {"type": "connection_init"}
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": COIN}}


@asynccontextmanager
async def dialled(
    sockets: Transport, deps: Any, **more: Any
) -> AsyncIterator[ClientConnection]:
    """Serve, and open a socket on which nothing has been said."""
    more.setdefault("subprotocols", [PROTOCOL])
    async with serve(deps, direct=sockets.name != FALLBACK) as url:
        address = url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, **more) as connection:
            yield connection


async def say(connection: ClientConnection, *messages: Any) -> None:
    """Send messages; a text is sent as it is."""
    for message in messages:
        text = message if isinstance(message, str) else json.dumps(message)
        await connection.send(text)


async def closing(connection: ClientConnection) -> tuple[int | None, str | None]:
    """Return code and reason of the server's close."""
    await connection.wait_closed()
    return connection.close_code, connection.close_reason


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        (["nonsense"], 4400, "WebSocket message must be valid JSON"),
        ([{"type": "nope"}], 4400, "Unknown message type: nope"),
        ([{**INIT, "payload": 1}], 4400, "the payload of connection_init"),
        ([INIT, {"type": "ping", "payload": []}], 4400, "the payload of ping"),
        ([INIT, {"type": "subscribe", "id": "1"}], 4400, "payload must be"),
        ([SUBSCRIBE], 4401, "Unauthorized"),
        ([INIT, SUBSCRIBE, SUBSCRIBE], 4409, "Subscriber for 1 already exists"),
        ([INIT, INIT], 4429, "Too many initialisation requests"),
    ],
)
async def test_a_mistake_in_the_protocol_closes_with_its_code(
    sockets: Transport, world: World, messages: list[Any], code: int, reason: str
) -> None:
    async with dialled(sockets, world.deps) as connection:
        await say(connection, *messages)
        told = await closing(connection)
    assert told[0] == code
    assert (told[1] or "").startswith(reason)
    assert world.deps.traffic.closes[str(code)] == 1
    assert not world.deps.traffic.sockets


async def test_a_message_that_is_no_text_is_4400(
    sockets: Transport, world: World
) -> None:
    async with dialled(sockets, world.deps) as connection:
        await connection.send(b"{}")
        assert (await closing(connection))[0] == 4400


@pytest.mark.parametrize("payload", [None, {"Authorization": "Bearer kimp_no_no"}])
async def test_without_the_key_that_is_demanded_it_is_4403(
    sockets: Transport, world: World, payload: Any
) -> None:
    deps = replace(world.deps, access=Access(required=True))
    async with dialled(sockets, deps) as connection:
        await say(connection, {**INIT, "payload": payload})
        code, reason = await closing(connection)
    assert code == 4403
    assert "API key" in (reason or "")


@pytest.mark.parametrize("protocols", [["graphql-ws"], ["other"], None])
async def test_another_protocol_is_4406_the_old_one_too(
    sockets: Transport, world: World, protocols: Any
) -> None:
    async with dialled(sockets, world.deps, subprotocols=protocols) as connection:
        assert await closing(connection) == (4406, "Subprotocol not acceptable")


async def test_silence_at_the_beginning_is_4408(
    sockets: Transport, world: World
) -> None:
    deps = replace(world.deps, limits=Limits(init_timeout_s=0.01))
    async with dialled(sockets, deps) as connection:
        told = await closing(connection)
    assert told == (4408, "Connection initialisation timeout")


async def test_a_socket_too_many_is_turned_away_before_it_opens(
    sockets: Transport, world: World
) -> None:
    deps = replace(world.deps, limits=Limits(sockets=1))
    async with serve(deps, direct=sockets.name != FALLBACK) as url:
        address = url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, subprotocols=[PROTOCOL]) as connection:  # type: ignore[list-item]  # any text
            with pytest.raises(InvalidStatus) as refused:
                await connect(address, subprotocols=[PROTOCOL])  # type: ignore[list-item]  # any text
            assert refused.value.response.status_code == 429
            assert refused.value.response.headers["Retry-After"] == "1"
            await say(connection, INIT)
            await connection.recv()
        async with asyncio.timeout(5):
            while world.deps.traffic.sockets:  # noqa: ASYNC110 (sockets tell nobody)
                await asyncio.sleep(0.005)  # the next look
        async with connect(address, subprotocols=[PROTOCOL]) as connection:  # type: ignore[list-item]  # any text
            await say(connection, INIT)
            await connection.recv()


async def test_a_server_that_cannot_say_why_turns_away_plainly(world: World) -> None:
    deps = replace(world.deps, limits=Limits(sockets=0))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [],
        "query_string": b"",
        "subprotocols": [PROTOCOL],
    }
    await GraphQLEndpoint(deps)(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert not world.deps.traffic.sockets


async def test_a_client_that_leaves_in_the_handshake_leaves_nothing(
    world: World,
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(_message: Any) -> None:
        raise OSError("gone")

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/graphql",
        "headers": [],
        "query_string": b"",
        "subprotocols": [PROTOCOL],
    }
    with pytest.raises(OSError, match="gone"):
        await GraphQLEndpoint(world.deps)(scope, receive, send)
    assert not world.deps.traffic.sockets


async def test_a_handshake_that_is_none_is_refused(
    sockets: Transport, world: World
) -> None:
    async with serve(world.deps, direct=sockets.name != FALLBACK) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HANDSHAKE.replace(b"Version: 13", b"Version: 12"))
        assert b" 400 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert not world.deps.traffic.sockets


async def test_a_ping_is_answered_with_its_payload(
    sockets: Transport, world: World
) -> None:
    async with dialled(sockets, world.deps) as connection:
        await say(connection, {"type": "ping", "payload": {"n": 1}}, {"type": "ping"})
        told = [json.loads(await connection.recv()) for _ in range(2)]
    assert told == [{"type": "pong", "payload": {"n": 1}}, {"type": "pong"}]


async def test_a_silent_client_is_asked_and_lives_on_by_its_answer(
    sockets: Transport, world: World
) -> None:
    deps = replace(world.deps, ping_interval_s=0.01)
    async with dialled(sockets, deps) as connection:
        await say(connection, INIT)
        assert json.loads(await connection.recv()) == {"type": "connection_ack"}
        for _ in range(3):
            assert json.loads(await connection.recv()) == {"type": "ping"}
            await say(connection, {"type": "pong"})


async def test_a_client_that_answers_no_ping_is_closed(
    sockets: Transport, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.pulse.PONG_TIMEOUT_S", 0.01)
    deps = replace(world.deps, ping_interval_s=0.01)
    async with dialled(sockets, deps) as connection:
        await say(connection, INIT)
        assert (await closing(connection))[0] == 1011


async def test_a_complete_of_what_nobody_runs_is_ignored(
    sockets: Transport, world: World
) -> None:
    async with dialled(sockets, world.deps) as connection:
        await say(connection, INIT, {"type": "complete", "id": "nope"})
        await say(connection, {"type": "ping"})
        told = [json.loads(await connection.recv()) for _ in range(2)]
    assert told == [{"type": "connection_ack"}, {"type": "pong"}]


async def test_a_document_may_be_named_instead_of_sent(
    sockets: Transport, world: World
) -> None:
    digest = "0" * 64
    named = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    message = {"type": "subscribe", "id": "1", "payload": {"extensions": named}}
    async with dialled(sockets, world.deps) as connection:
        await say(connection, INIT, message)
        await connection.recv()
        told = json.loads(await connection.recv())
    assert (told["type"], told["id"]) == ("error", "1")
    assert told["payload"][0]["message"] == "PersistedQueryNotFound"


async def test_a_peer_that_answers_no_ping_of_websocket_is_closed(
    sockets: Transport, world: World
) -> None:
    direct = sockets.name != FALLBACK
    pings = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.05}
    async with serve(world.deps, direct=direct, **pings) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        # A ping of four bytes, and then the close: 1011, by its two bytes.
        ping = await reader.readexactly(6)
        assert ping[:2] == b"\x89\x04"
        close = await reader.readexactly(4)
        assert (close[0], close[2:]) == (0x88, (1011).to_bytes(2, "big"))
        writer.close()
        await writer.wait_closed()


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
