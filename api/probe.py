"""What operators' tools ask: health, readiness, metrics and the schema.

Source: design.md, "Degrading".
"""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.answer import NOSNIFF, json_answer
from api.deps import ApiDeps
from api.scalar import instant_text
from api.schema import schema_text
from api.text_answer import TEXT, text_answer
from domain.model.health import Health, UpstreamStatus

SERVICE = "kimchi-premium"


def create_probe_app(deps: ApiDeps) -> Starlette:
    """Return an application that answers operators' tools and nobody else."""
    return Starlette(routes=Probe(deps).routes())


class Probe:
    """The routes that are not for people."""

    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/health", self.health),
            Route("/ready", self.ready),
            Route("/metrics", self.metrics),
            Route("/schema.graphql", self.schema),
        ]

    async def health(self, _request: Request) -> Response:
        """Say how every part is; 200 as long as the process works."""
        health = self._deps.health.now()
        now_ms = self._deps.clock.now_ms()
        return json_answer(health_report(health, now_ms), Cache_Control="no-store")

    async def ready(self, _request: Request) -> Response:
        """Say whether requests may be sent here: 200, else 503."""
        readiness = self._deps.readiness
        checks = {
            name: {"status": "ready" if done else "waiting"}
            for name, done in readiness.checks().items()
        }
        ready = readiness.is_ready()
        body = {"status": "ready" if ready else "not ready", "checks": checks}
        return json_answer(body, 200 if ready else 503, Cache_Control="no-store")

    async def metrics(self, _request: Request) -> Response:
        """Return Prometheus text.

        Gathered in the event loop, where nobody changes the board meanwhile; the
        collectors read `/proc`, which is memory.
        """
        text = self._deps.metrics()
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, **NOSNIFF})

    async def schema(self, request: Request) -> Response:
        """Return the schema as SDL, or 304 where the client has it."""
        return text_answer(request, schema_text(), TEXT)


def health_report(health: Health, now_ms: int) -> dict[str, object]:
    """Return the body of `/health`; times are ISO-8601, states in lower case."""
    return {
        "status": health.status.lower(),
        "service": SERVICE,
        "version": health.version,
        "uptime_s": max(0, now_ms - health.started_at_ms) / 1000,
        "checks": {
            "database": {"status": health.database.lower()},
            **{item.name: _check(item) for item in health.upstreams},
        },
    }


def _check(item: UpstreamStatus) -> dict[str, str | None]:
    return {
        "status": item.status.lower(),
        "circuit_breaker_state": item.breaker.lower().replace("_", "-"),
        "retry_at": _text(item.retry_at_ms),
        "last_success_at": _text(item.last_success_ms),
    }


def _text(at_ms: int | None) -> str | None:
    return None if at_ms is None else instant_text(at_ms)
