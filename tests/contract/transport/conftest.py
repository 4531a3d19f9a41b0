"""The real application over a small market, and a client of each transport."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import uvicorn

from api.app import ApiDeps, create_app
from app.http_protocol import http_protocol
from app.socket_protocol import socket_protocol
from tests.contract.transport.client import (
    LIMIT_S,
    Client,
    EventClient,
    HttpClient,
    event_forms,
    plain_forms,
    socket_client,
)
from tests.integration.api.access.conftest import Keys, keys
from tests.integration.api.conftest import World, world

__all__ = ["Keys", "World", "keys", "world"]

DIRECT, FALLBACK = "socket_direct", "socket_asgi"
SOCKETS = (DIRECT, FALLBACK)
_PLAIN = dict(plain_forms())
_EVENTS = dict(event_forms())
PLAIN = tuple(_PLAIN)
STREAMING = (*_EVENTS, *SOCKETS)
ALL = (*PLAIN, *STREAMING)


@asynccontextmanager
async def serve(
    deps: ApiDeps, *, direct: bool = True, **more: Any
) -> AsyncIterator[str]:
    """Run the application on a free port, by our protocols or uvicorn's own."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    app = await asyncio.to_thread(create_app, deps)
    graphql = app.state.graphql
    ours = socket_protocol(graphql.converse, graphql.may_talk)
    more.setdefault("http", http_protocol(graphql.exchange) if direct else "httptools")
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws=ours if direct else "websockets-sansio",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
        proxy_headers=False,
        **more,
    )
    server = uvicorn.Server(config)
    server.config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        async with asyncio.timeout(LIMIT_S):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await server.shutdown(sockets=[listener])


@dataclass
class Transport:
    """One transport, to be served with any dependencies."""

    name: str

    @property
    def is_socket(self) -> bool:
        """Whether it is a WebSocket."""
        return self.name in SOCKETS

    @asynccontextmanager
    async def client(self, deps: ApiDeps) -> AsyncIterator[Client]:
        """Serve, and return a client."""
        async with (
            serve(deps, direct=self.name != FALLBACK) as url,
            self.at(url) as client,
        ):
            yield client

    @asynccontextmanager
    async def at(self, url: str, key: str | None = None) -> AsyncIterator[Client]:
        """Return a client of a server, which shows a key."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        if self.is_socket:
            async with socket_client(url, headers) as speaking:
                yield speaking
            return
        async with aiohttp.ClientSession() as http:
            if self.name in _PLAIN:
                asked: dict[str, Any] = {**_PLAIN[self.name], "headers": headers}
                yield HttpClient(url, http, **asked)
            else:
                asked = {**_EVENTS[self.name], "headers": headers}
                yield EventClient(url, http, **asked)


@pytest.fixture(params=ALL)
def transport(request: pytest.FixtureRequest) -> Transport:
    """Return every transport."""
    return Transport(request.param)


@pytest.fixture(params=PLAIN)
def plain(request: pytest.FixtureRequest) -> Transport:
    """Return every transport of one answer."""
    return Transport(request.param)


@pytest.fixture(params=STREAMING)
def streaming(request: pytest.FixtureRequest) -> Transport:
    """Return every transport of subscriptions."""
    return Transport(request.param)


@pytest.fixture(params=SOCKETS)
def sockets(request: pytest.FixtureRequest) -> Transport:
    """Return both ways of a WebSocket."""
    return Transport(request.param)


@pytest.fixture
def serving() -> Callable[..., AbstractAsyncContextManager[str]]:
    """Return the starter of servers."""
    return serve


@pytest.fixture
async def client(transport: Transport, world: World) -> AsyncIterator[Client]:
    """Return a client of each transport."""
    async with transport.client(world.deps) as found:
        yield found


@pytest.fixture
async def listening(streaming: Transport, world: World) -> AsyncIterator[Client]:
    """Return a client of each transport of subscriptions."""
    async with streaming.client(world.deps) as found:
        yield found
