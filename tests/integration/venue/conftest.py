"""A venue on a port of its own, made of answers, and our real way to ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest
from aiohttp import web

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import LimitRule
from adapters.resilience.clock import SystemClock
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.limiter import RequestLimiter
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.retry import RetryPolicy
from domain.model.market import Channel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "/some/prefix"
FAST_RULE = LimitRule(limit=1_000, window_s=1.0, per_address=False)


class VenueServer:
    """Serves handlers or bodies by path, 404 for the rest, and remembers requests."""

    def __init__(self) -> None:
        self.bodies: dict[str, str | Handler] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.headers: list[Mapping[str, str]] = []
        self.base_url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        self.asked.append((path, dict(request.query)))
        self.headers.append(dict(request.headers))
        found = self.bodies.get(path)
        if found is None or not request.path.startswith(PREFIX):
            body = '{"error":{"name":404,"message":"Code not found"}}'
            return web.Response(status=404, text=body)
        if isinstance(found, str):
            return web.Response(text=found, content_type="application/json")
        return await found(request)


@pytest.fixture
async def venue() -> AsyncIterator[VenueServer]:
    server = VenueServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.base_url = f"http://{host}:{port}{PREFIX}"
    yield server
    await runner.cleanup()


@pytest.fixture
def monitor() -> UpstreamMonitor:
    return UpstreamMonitor("venue.rest", Channel.REST, clock=SystemClock())


@pytest.fixture
async def make_http(
    venue: VenueServer, monitor: UpstreamMonitor
) -> AsyncIterator[Callable[..., UpstreamHttp]]:
    made: list[UpstreamHttp] = []
    clock = SystemClock()

    def make(headers: Mapping[str, str] | None = None) -> UpstreamHttp:
        http = UpstreamHttp(
            "venue.rest",
            venue.base_url,
            monitor,
            limiter=RequestLimiter("venue", FAST_RULE, clock=clock),
            breaker=AsyncBreaker("venue.rest", clock=clock),
            retry=RetryPolicy(tries=1),
            clock=clock,
            timeout_s=5.0,
            headers=headers,
        )
        made.append(http)
        return http

    yield make
    for http in made:
        await http.close()
