"""The control port: faults, counts and the truth. No fault ever holds here."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web

from adapters.simulator.answer import Handler
from adapters.simulator.fault import VENUES, Venue
from adapters.simulator.holding import Holding
from adapters.simulator.scenario import UnknownScenario
from adapters.simulator.stage import Stage
from adapters.simulator.traffic import TrafficLog
from adapters.simulator.violation import ViolationLog

MAX_BODY_BYTES = 64 * 1024
"""A longer request body is answered 413."""
_BODY = (
    'a JSON object {"scenario": name, "venue": name?, "for_s": seconds?, '
    '"params": object?}'
)
_FIELDS = ("scenario", "venue", "for_s", "params")


class Truth(Protocol):
    """What is so at the venues, whatever clients are told."""

    def connections(self, venue: Venue) -> int:
        """Return how many WebSockets of a venue are open."""
        ...

    def prices(self) -> dict[str, Any]:
        """Return the last trades and rates and their stamps."""
        ...


class _BadRequest(Exception):
    """What is wrong with a request, in words for its sender."""


class Control:
    """Handlers of /control."""

    def __init__(
        self, stage: Stage, traffic: TrafficLog, log: ViolationLog, truth: Truth
    ) -> None:
        self._stage, self._traffic = stage, traffic
        self._log, self._truth = log, truth

    def application(self) -> web.Application:
        """Return the routes, relative to their prefix."""
        application = web.Application(
            middlewares=[_refuse], client_max_size=MAX_BODY_BYTES
        )
        application.add_routes(
            [
                web.get("/scenarios", self._scenarios),
                web.get("/faults", self._faults),
                web.post("/faults", self._inflict),
                web.delete("/faults", self._relieve),
                web.get("/connections", self._connections),
                web.get("/traffic", self._counts),
                web.delete("/traffic", self._clear_counts),
                web.get("/prices", self._prices),
                web.get("/violations", self._violations),
                web.delete("/violations", self._clear_violations),
            ]
        )
        return application

    async def _scenarios(self, request: web.Request) -> web.Response:
        rows = [scenario.to_json() for scenario in self._stage.scenarios]
        return web.json_response({"scenarios": rows})

    async def _faults(self, request: web.Request) -> web.Response:
        return _told(self._stage.holding)

    async def _inflict(self, request: web.Request) -> web.Response:
        asked = _read(await request.read())
        name, venue = _text(asked, "scenario"), _text(asked, "venue")
        if name is None:
            raise _BadRequest(f"no scenario named; {_BODY}")
        params = asked.get("params") or {}
        if not isinstance(params, dict):
            raise _BadRequest(f"params is no object; {_BODY}")
        begun = self._stage.inflict(name, venue, _seconds(asked), params)
        return _told(begun)

    async def _relieve(self, request: web.Request) -> web.Response:
        query = request.query
        unknown = [name for name in query if name not in ("scenario", "venue")]
        if unknown:
            raise _BadRequest(f"query {unknown[0]!r}: one of scenario, venue")
        name, venue = query.get("scenario") or None, query.get("venue") or None
        return web.json_response({"relieved": self._stage.relieve(name, venue)})

    async def _connections(self, request: web.Request) -> web.Response:
        counts = {venue: self._truth.connections(venue) for venue in VENUES}
        return web.json_response(counts)

    async def _counts(self, request: web.Request) -> web.Response:
        return web.json_response(self._traffic.to_json())

    async def _clear_counts(self, request: web.Request) -> web.Response:
        self._traffic.clear()
        return web.json_response({})

    async def _prices(self, request: web.Request) -> web.Response:
        return web.json_response(self._truth.prices())

    async def _violations(self, request: web.Request) -> web.Response:
        return web.json_response(self._log.to_json())

    async def _clear_violations(self, request: web.Request) -> web.Response:
        self._log.clear()
        return web.json_response({})


@web.middleware
async def _refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say what is allowed where something else was asked."""
    try:
        return await handler(request)
    except (_BadRequest, UnknownScenario, ValueError) as exc:
        return web.json_response({"message": str(exc)}, status=400)


def _told(holding: tuple[Holding, ...]) -> web.Response:
    return web.json_response({"faults": [each.to_json() for each in holding]})


def _read(body: bytes) -> Mapping[str, object]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise _BadRequest(f"the body is no JSON; send {_BODY}") from exc
    if not isinstance(asked, dict):
        raise _BadRequest(f"the body is no object; send {_BODY}")
    for name in asked:
        if name not in _FIELDS:
            raise _BadRequest(f"field {name!r}: one of {', '.join(_FIELDS)}")
    return asked


def _text(asked: Mapping[str, object], name: str) -> str | None:
    value = asked.get(name)
    if value is not None and not isinstance(value, str):
        raise _BadRequest(f"{name} is no text; {_BODY}")
    return value


def _seconds(asked: Mapping[str, object]) -> float | None:
    value = asked.get("for_s")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _BadRequest(f"for_s is no number; {_BODY}")
    return float(value)
