"""The small market of the API's tests, under limits of one's own."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from api.limit import Limits
from tests.integration.api.conftest import Site, World, serve, world

__all__ = ["limited", "world"]

Limited = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def limited(world: World) -> Limited:
    """Return what serves the world under limits; its `deps` are the world's then."""

    @asynccontextmanager
    async def begin(trusted_proxies: Any = (), **bounds: Any) -> AsyncIterator[Site]:
        world.deps = replace(
            world.deps, limits=Limits(**bounds), trusted_proxies=trusted_proxies
        )
        async with serve(world.deps) as site:
            yield site

    return begin
