"""The real application under its default limits, served as the process serves it."""

import asyncio
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from api.app import create_app
from app.http_server import make_server
from app.http_setting import HttpSettings
from tests.integration.api.conftest import LIMIT_S, Site, World, world

__all__ = ["site", "world"]


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    """The application over the world."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    app = await asyncio.to_thread(create_app, world.deps)
    server = make_server(app, HttpSettings(port=0))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    port = listener.getsockname()[1]
    try:
        async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as http:
            yield Site(f"http://127.0.0.1:{port}", http)
    finally:
        await server.shutdown(sockets=[listener])
