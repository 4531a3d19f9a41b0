"""Messages on WebSockets are bounded, packed ones by what is in them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from api.app import create_app
from app.http_server import make_server
from app.http_setting import HttpSettings

MOST = 8192


@asynccontextmanager
async def serving(world: Any) -> AsyncIterator[str]:
    """Run the server as the process does."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    app = await asyncio.to_thread(create_app, world.deps)
    server = make_server(app, HttpSettings(port=0), MOST)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    try:
        async with asyncio.timeout(10):
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}/graphql"
    finally:
        await server.shutdown(sockets=[listener])


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_a_message_beyond_the_bound_closes_its_socket(
    world: Any, compression: Any
) -> None:
    async with serving(world) as url:
        protocols: Any = ["graphql-transport-ws"]
        async with connect(
            url, subprotocols=protocols, compression=compression
        ) as talk:
            fits = {"type": "ping", "payload": {"x": "a" * (MOST - 100)}}
            await talk.send(json.dumps(fits))
            assert json.loads(await talk.recv())["type"] == "pong"
            # A million of one letter is a thousand bytes when packed.
            await talk.send(json.dumps({"type": "ping", "payload": "a" * 1_000_000}))
            with pytest.raises(ConnectionClosed) as closed:
                await talk.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert world.deps.traffic.refused == {"message_bytes": 1}
    assert world.deps.traffic.closes == {"1009": 1}
    assert world.deps.traffic.sockets == 0
