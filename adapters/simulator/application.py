"""The routes of all venues, each under its prefix and behind its own gate."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from adapters.simulator.binance_rest import BinanceRest
from adapters.simulator.binance_socket import BinanceSocket
from adapters.simulator.clock import Clock
from adapters.simulator.fault import Fault, Venue
from adapters.simulator.fx import FxRest
from adapters.simulator.gate import BinanceGate, FaultGate, UpbitGate, json_answer
from adapters.simulator.market import Market
from adapters.simulator.upbit_rest import UpbitRest
from adapters.simulator.upbit_socket import UpbitSocket
from adapters.simulator.violation import ViolationLog


@dataclass(frozen=True, slots=True)
class Venues:
    """Everything the routes lead to."""

    market: Market
    upbit: UpbitSocket
    binance: BinanceSocket
    fx: FxRest
    faults: Mapping[Venue, Fault]
    violations: ViolationLog
    now_ms: Clock


def build_application(venues: Venues) -> web.Application:
    """Return /upbit, /binance, /fx and /control as one application."""
    application = web.Application()
    application.add_subapp("/upbit", _upbit(venues))
    application.add_subapp("/binance", _binance(venues))
    application.add_subapp("/fx", _fx(venues))
    application.add_subapp("/control", _control(venues.violations))
    return application


def _upbit(venues: Venues) -> web.Application:
    rest = UpbitRest(venues.market, venues.now_ms)
    gate = UpbitGate(venues.faults["upbit"], venues.violations, venues.now_ms)
    application = web.Application(middlewares=[gate.pass_through, rest.refuse])
    application.add_routes(rest.routes())
    application.router.add_get("/websocket/v1", venues.upbit.hub.serve)
    return application


def _binance(venues: Venues) -> web.Application:
    rest = BinanceRest(venues.market, venues.now_ms)
    gate = BinanceGate(venues.faults["binance"], venues.violations, venues.now_ms)
    application = web.Application(middlewares=[gate.pass_through, rest.refuse])
    application.add_routes(rest.routes())
    serve = venues.binance.hub.serve
    application.router.add_get("/stream", serve)
    application.router.add_get("/ws", serve)
    application.router.add_get("/ws/{streams:.+}", serve)
    return application


def _fx(venues: Venues) -> web.Application:
    gate = FaultGate(venues.faults["fx"])
    application = web.Application(middlewares=[gate.pass_through])
    application.add_routes(venues.fx.routes())
    return application


def _control(log: ViolationLog) -> web.Application:
    async def listed(request: web.Request) -> web.Response:
        return web.json_response(log.to_json())

    async def cleared(request: web.Request) -> web.Response:
        log.clear()
        return json_answer(b"{}")

    application = web.Application()
    application.router.add_get("/violations", listed)
    application.router.add_delete("/violations", cleared)
    return application
