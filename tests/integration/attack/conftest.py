"""The real application under its default limits, served as the process serves it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.app import create_app
from app.http_server import make_server
from app.http_setting import HttpSettings
from tests.integration.api.conftest import Site, World, running, world

__all__ = ["site", "world"]


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    """The application over the world."""
    app = await asyncio.to_thread(create_app, world.deps)
    async with running(make_server(app, HttpSettings(port=0))) as found:
        yield found
