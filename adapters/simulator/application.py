"""The routes of all venues, each under its prefix and behind its own gate."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from adapters.simulator.barrier import Barrier
from adapters.simulator.binance_rest import BinanceRest
from adapters.simulator.binance_socket import BinanceSocket
from adapters.simulator.clock import Clock
from adapters.simulator.control import Control
from adapters.simulator.fault import Venue
from adapters.simulator.fx import FxRest
from adapters.simulator.gate import BinanceGate, FaultGate, UpbitGate
from adapters.simulator.market import Market
from adapters.simulator.network import Network
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
    networks: Mapping[Venue, Network]
    violations: ViolationLog
    now_ms: Clock


def build_application(venues: Venues, control: Control) -> web.Application:
    """Return /upbit, /binance, /fx and /control as one application."""
    application = web.Application()
    application.add_subapp("/upbit", _upbit(venues))
    application.add_subapp("/binance", _binance(venues))
    application.add_subapp("/fx", _fx(venues))
    application.add_subapp("/control", control.application())
    return application


def _upbit(venues: Venues) -> web.Application:
    network, now_ms = venues.networks["upbit"], venues.now_ms
    rest = UpbitRest(venues.market, now_ms)
    gate = UpbitGate(network.fault, venues.violations, now_ms)
    barrier = Barrier(network, now_ms)
    application = web.Application(
        middlewares=[barrier.pass_through, gate.pass_through, rest.refuse]
    )
    application.add_routes(rest.routes())
    application.router.add_get("/websocket/v1", venues.upbit.hub.serve)
    return application


def _binance(venues: Venues) -> web.Application:
    network, now_ms = venues.networks["binance"], venues.now_ms
    rest = BinanceRest(venues.market, now_ms)
    gate = BinanceGate(network.fault, venues.violations, now_ms)
    barrier = Barrier(network, now_ms)
    application = web.Application(
        middlewares=[barrier.pass_through, gate.pass_through, rest.refuse]
    )
    application.add_routes(rest.routes())
    serve = venues.binance.hub.serve
    application.router.add_get("/stream", serve)
    application.router.add_get("/ws", serve)
    application.router.add_get("/ws/{streams:.+}", serve)
    return application


def _fx(venues: Venues) -> web.Application:
    network, now_ms = venues.networks["fx"], venues.now_ms
    gate = FaultGate(network.fault, venues.violations, now_ms)
    barrier = Barrier(network, now_ms)
    application = web.Application(middlewares=[barrier.pass_through, gate.pass_through])
    application.add_routes(venues.fx.routes())
    return application
