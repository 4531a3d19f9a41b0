"""The simulated venues as one server: one port, three path prefixes."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from adapters.simulator.application import Venues, build_application
from adapters.simulator.binance_socket import BinanceSocket
from adapters.simulator.clock import Clock, wall_clock_ms
from adapters.simulator.control import Control
from adapters.simulator.deed import deeds
from adapters.simulator.fault import VENUES, Fault, Venue
from adapters.simulator.fx import FxRest
from adapters.simulator.holding import Holding
from adapters.simulator.hub import Hub
from adapters.simulator.market import Market
from adapters.simulator.network import Network
from adapters.simulator.scenario import find
from adapters.simulator.scenario_table import SCENARIOS
from adapters.simulator.stage import Stage, Told
from adapters.simulator.traffic import TrafficLog
from adapters.simulator.truth import prices
from adapters.simulator.upbit_socket import UpbitSocket
from adapters.simulator.violation import ViolationLog

SHUTDOWN_S = 1.0
"""How long handlers may go on when the server stops; sockets are cut before."""
_TEND_MS = 1_000


class AddressUnavailable(Exception):
    """The server cannot listen where it was told to; the message says where and why."""


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """`port` 0 takes a free one; `rate` multiplies the trades per second (0: none but
    those asked for); `coins` limits the won markets (None: all). The market moves
    every `step_ms`, and frames of a step leave together."""

    host: str = "127.0.0.1"
    port: int = 0
    seed: int = 7
    rate: float = 1.0
    coins: int | None = None
    step_ms: int = 100


class Simulator:
    """Upbit under /upbit, Binance under /binance, rates under /fx.

    `start` binds, `run` moves the market until it is cancelled; a test may call
    `step` instead, with a clock of its own. As a context manager it starts and stops
    but does not run. `market` is the truth behind every answer, `told` hears what
    `inflict` and `relieve` do and what is over.
    """

    def __init__(
        self,
        options: SimulatorOptions | None = None,
        *,
        now_ms: Clock = wall_clock_ms,
        told: Told | None = None,
    ) -> None:
        self.options = options = options or SimulatorOptions()
        self._now_ms = now_ms
        self.market = Market(
            seed=options.seed,
            rate=options.rate,
            coins=options.coins,
            start_ms=now_ms(),
        )
        self.violations = ViolationLog()
        self.traffic = TrafficLog(now_ms)
        self._networks = self._connect()
        faults = {venue: each.fault for venue, each in self._networks.items()}
        log = self.violations
        self._upbit = UpbitSocket(self.market, faults["upbit"], log, now_ms)
        self._binance = BinanceSocket(self.market, faults["binance"], log, now_ms)
        self._hubs: dict[Venue, Hub] = {
            "upbit": self._upbit.hub,
            "binance": self._binance.hub,
        }
        for venue, hub in self._hubs.items():
            hub.attach(self._networks[venue])
        self.fx = FxRest(self.market.economy, self._fx_now_ms)
        self._stage = Stage(
            SCENARIOS,
            faults,
            deeds(self._hubs, self._networks, self.market, self._upbit, self._binance),
            now_ms,
            told or _tell_nobody,
        )
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._tended_ms = now_ms()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The port it listens on, 0 before `start`."""
        return self._port

    @property
    def base_url(self) -> str:
        """`http://host:port`; the venues are under /upbit, /binance and /fx."""
        return f"http://{self._netloc}"

    @property
    def socket_url(self) -> str:
        """`ws://host:port`; streams are at /upbit/websocket/v1 and /binance/stream."""
        return f"ws://{self._netloc}"

    @property
    def _netloc(self) -> str:
        host = self.options.host
        return f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            AddressUnavailable: the port is taken, or the address not of this machine.
        """
        runner = web.AppRunner(
            build_application(self._venues(), self._control()),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        site = web.TCPSite(runner, self.options.host, self.options.port)
        try:
            await site.start()
        except OSError as exc:
            await runner.cleanup()
            where = f"{self.options.host}:{self.options.port}"
            raise AddressUnavailable(f"{where}: {exc.strerror or exc}") from exc
        self._runner = runner
        self._port = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Cut all connections and stop listening; harmless when not started."""
        runner, self._runner = self._runner, None
        if runner is not None:
            for hub in self._hubs.values():
                hub.cut()
            for network in self._networks.values():
                network.room.empty()
            await runner.cleanup()

    async def run(self) -> None:
        """Move the market step by step until cancelled."""
        pause_s = self.options.step_ms / 1_000
        while True:
            self.step()
            await asyncio.sleep(pause_s)  # the pace of the market

    def step(self) -> None:
        """Bring the market to now and send what changed; never waits."""
        now_ms = self._now_ms()
        self._stage.step(now_ms)
        for network in self._networks.values():
            network.room.release(now_ms)
        upbit, binance = self._upbit, self._binance
        for trade in self.market.advance(now_ms):
            if trade.instrument.listing.exchange == "upbit":
                upbit.publish(trade, now_ms)
            else:
                binance.publish(trade, now_ms)
        binance.publish_tickers(now_ms)
        if now_ms - self._tended_ms >= _TEND_MS:
            self._tended_ms = now_ms
            upbit.tend(now_ms)
            binance.tend(now_ms)
        upbit.hub.flush()
        binance.hub.flush()

    # Faults

    def inflict(
        self,
        name: str,
        *,
        venue: str | None = None,
        for_s: float | None = None,
        **params: object,
    ) -> None:
        """Let a scenario of scenario_table.py begin now.

        `venue` None is the scenario's default, "all" every venue it knows. It holds
        for `for_s` seconds by the simulator's clock and ends in a `step`; None holds
        until it is relieved, where the scenario has no duration of its own.

        Raises:
            UnknownScenario: no such name; the message names those there are.
            ValueError: a venue, duration or parameter that is not allowed; the
                message says what is.
        """
        self._stage.inflict(name, venue, for_s, params)

    def relieve(self, name: str | None = None, venue: str | None = None) -> int:
        """End what holds: all, that of a name, at a venue; return how much it was.

        Raises:
            UnknownScenario: no such name.
            ValueError: no such venue.
        """
        return self._stage.relieve(name, venue)

    @property
    def holding(self) -> tuple[Holding, ...]:
        """The scenarios that hold now."""
        return self._stage.holding

    def drop_connections(self, venue: Venue) -> int:
        """Cut every WebSocket of a venue without a word; return how many there were."""
        hub = self._hubs.get(venue)
        return hub.cut() if hub else 0

    def refuse(self, venue: Venue, status: int, *, sockets: bool = False) -> None:
        """Answer REST requests with this status, handshakes too where `sockets`."""
        scenario = find(SCENARIOS, "server-error")
        params = {"status": status, "sockets": sockets}
        self._stage.begin(Holding(scenario, venue, params, self._now_ms()))

    def silence(self, venue: Venue) -> None:
        """Keep sockets open and answering, but send no data on them."""
        self._stage.inflict("heartbeat-only", venue, None, {})

    def restore(self, venue: Venue) -> None:
        """End every fault of a venue."""
        self._stage.relieve(None, venue)

    def announce_shutdown(self) -> None:
        """Send Binance's serverShutdown to all its clients; cuts nothing by itself."""
        self._binance.announce_shutdown()

    def connections(self, venue: Venue) -> int:
        """Return how many WebSockets of a venue are open."""
        hub = self._hubs.get(venue)
        return len(hub.connections) if hub else 0

    def prices(self) -> dict[str, Any]:
        """Return the last trade of every market and the newest rate of every source.

        `{"upbit": {"KRW-BTC": "158000000"}, "binance": {…}, "fx": {"dunamu": "1398.2"},
        "at_ms": {"upbit": {"KRW-BTC": 1795154400000}, …}}`; prices in canonical text.
        """
        return prices(self.market, self.fx)

    def _connect(self) -> dict[Venue, Network]:
        seed, of = self.options.seed, self.traffic.of
        return {venue: Network(venue, Fault(), of[venue], seed) for venue in VENUES}

    def _fx_now_ms(self) -> int:
        """Return the instant whose rates are told."""
        now_ms, frozen_ms = self._now_ms(), self._networks["fx"].fault.frozen_ms
        return min(now_ms, frozen_ms) if frozen_ms else now_ms

    def _venues(self) -> Venues:
        return Venues(
            self.market,
            self._upbit,
            self._binance,
            self.fx,
            self._networks,
            self.violations,
            self._now_ms,
        )

    def _control(self) -> Control:
        return Control(self._stage, self.traffic, self.violations, self)


def _tell_nobody(line: str) -> None:
    """Nobody asked."""
