"""Real sockets on this machine, and a clock whose waits cost nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class JumpingClock:
    """Implements `domain.ports.clock.Clock`; time only goes by in `sleep`, at once."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.slept_s: list[float] = []
        self.start_ms = 1_760_000_000_000

    def now_ms(self) -> int:
        return self.start_ms + round(self.elapsed_s * 1000)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.elapsed_s += max(0.0, seconds)
        await asyncio.sleep(0)  # lets others run


class Upstream:
    """An HTTP server that answers what the test scripted and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.script: list[web.StreamResponse | Handler] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        step = self.script.pop(0) if self.script else web.json_response({"ok": True})
        return step if isinstance(step, web.StreamResponse) else await step(request)


@asynccontextmanager
async def serving(upstream: Upstream) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_get("/{path:.*}", upstream.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        upstream.url = f"http://127.0.0.1:{port}"
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with serving(upstream):
        yield upstream


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()
