"""What every `IconSource` does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web

from adapters.icon.source import HttpIconSource
from adapters.memory.store import MemoryIconSource
from domain.model.error import UpstreamUnavailable
from domain.ports.store import Icon, IconSource

PICTURE = b"\x89PNG\r\n\x1a\n\x00\xff"


@dataclass(frozen=True, slots=True)
class Gallery:
    """A source, and the base of the addresses under which it finds PICTURE."""

    port: IconSource
    base: str


async def show(request: web.Request) -> web.Response:
    if request.path != "/btc.png":
        raise web.HTTPNotFound
    return web.Response(body=PICTURE, content_type="image/png")


@pytest.fixture(params=["memory", "http"])
async def gallery(request: pytest.FixtureRequest) -> AsyncIterator[Gallery]:
    if request.param == "memory":
        twin = MemoryIconSource()
        twin.put("https://example.org/btc.png", PICTURE)
        yield Gallery(twin, "https://example.org")
        return
    application = web.Application()
    application.router.add_get("/{path:.*}", show)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    source = HttpIconSource()
    yield Gallery(source, f"http://{host}:{port}")
    await source.close()
    await runner.cleanup()


async def test_a_picture_comes_with_all_that_is_kept_of_it(gallery: Gallery) -> None:
    url = f"{gallery.base}/btc.png"
    assert await gallery.port.fetch("BTC", url) == Icon(
        "BTC", PICTURE, "image/png", url
    )


async def test_where_there_is_no_picture_it_is_unavailable(gallery: Gallery) -> None:
    with pytest.raises(UpstreamUnavailable):
        await gallery.port.fetch("ETH", f"{gallery.base}/eth.png")
