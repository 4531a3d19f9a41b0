"""`kimp simulate`: the simulated exchanges alone, until a signal ends them."""

import argparse
import asyncio
import math
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import uvloop

from adapters.simulator.scenario import Scenario, UnknownScenario, find
from adapters.simulator.scenario_table import SCENARIOS
from adapters.simulator.server import AddressUnavailable, Simulator, SimulatorOptions
from app.failure import CommandFailed, WrongUse
from app.log import configure_log
from app.settings import Settings
from app.signal import stop_on_signal


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in this run: these scenarios together, once."""

    names: tuple[str, ...]
    venue: str | None
    after_s: float
    for_s: float | None

    async def play(self, simulator: Simulator) -> None:
        """Wait for the time and inflict them."""
        if self.names:
            await asyncio.sleep(self.after_s)  # the time asked for
        for name in self.names:
            simulator.inflict(name, venue=self.venue, for_s=self.for_s)


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Serve the simulated venues and print where they are, as settings of `serve`.

    Raises:
        WrongUse: a scenario, venue or time that there is not.
        CommandFailed: the address cannot be listened on.
    """
    if options.list_scenarios:
        for scenario in SCENARIOS:
            print(described(scenario))
        return 0
    plan = read_plan(options)
    configure_log(settings.log.level, settings.log.format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            _simulate(settings, plan, until_stdin_closes=options.until_stdin_closes)
        )
    return 0


def venue_settings(base_url: str) -> dict[str, str]:
    """Return the settings that point a server at a simulator (`http://host:port`)."""
    stream = base_url.replace("http", "ws", 1)
    return {
        "KIMP_UPBIT__REST_URL": f"{base_url}/upbit",
        "KIMP_UPBIT__WS_URL": f"{stream}/upbit/websocket/v1",
        "KIMP_UPBIT__ICON_URL": "",
        "KIMP_BINANCE__REST_URL": f"{base_url}/binance",
        "KIMP_BINANCE__WS_URL": f"{stream}/binance",
        "KIMP_FX__DUNAMU_URL": f"{base_url}/fx",
        "KIMP_FX__FRANKFURTER_URL": f"{base_url}/fx",
        "KIMP_FX__OPEN_ER_API_URL": f"{base_url}/fx",
    }


def read_plan(options: argparse.Namespace) -> Plan:
    """Return what is asked to go wrong.

    Raises:
        WrongUse: a scenario, venue or time that there is not; says what there is.
    """
    names = tuple(options.scenario)
    if not names and (options.venue or options.after or options.for_s is not None):
        raise WrongUse("--venue, --after and --for are for a --scenario")
    # A NaN is no time either.
    if not 0 <= options.after < math.inf:
        raise WrongUse(f"--after {options.after:g}: seconds from 0")
    try:
        for name in names:
            scenario = find(SCENARIOS, name)
            scenario.befalls(options.venue)
            scenario.lasting(options.for_s)
    except (UnknownScenario, ValueError) as exc:
        raise WrongUse(str(exc)) from exc
    return Plan(names, options.venue, options.after, options.for_s)


def described(scenario: Scenario) -> str:
    """Return a scenario in words for the terminal."""
    lines = [
        f"{scenario.name} ({', '.join(scenario.venues)})",
        f"    {scenario.description}",
        *(
            f"    {each.name}={each.default}: {each.meaning} ({each.allowed()})"
            for each in scenario.parameters
        ),
    ]
    return "\n".join(lines)


async def _simulate(
    settings: Settings, plan: Plan, *, until_stdin_closes: bool
) -> None:
    wanted = settings.simulator
    simulator = Simulator(
        SimulatorOptions(
            host=wanted.host, port=wanted.port, seed=wanted.seed, rate=wanted.rate
        ),
        told=_tell,
    )
    try:
        await simulator.start()
    except AddressUnavailable as exc:
        raise CommandFailed(
            f"cannot listen on {exc}; choose another KIMP_SIMULATOR__PORT"
        ) from exc
    for name, value in venue_settings(simulator.base_url).items():
        print(f"{name}={value}", flush=True)
    stop = asyncio.Event()
    try:
        with stop_on_signal(stop):
            await _run_until(
                simulator, plan, stop, until_stdin_closes=until_stdin_closes
            )
    finally:
        await simulator.stop()


def _tell(line: str) -> None:
    # Not on stdout: who reads the settings there stops reading after them.
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=sys.stderr, flush=True)


async def _run_until(
    simulator: Simulator, plan: Plan, stop: asyncio.Event, *, until_stdin_closes: bool
) -> None:
    market = asyncio.create_task(_run(simulator, plan), name="simulator.market")
    waits: list[asyncio.Task[Any]] = [
        asyncio.create_task(stop.wait(), name="simulator.stop")
    ]
    if until_stdin_closes:
        waits.append(asyncio.create_task(_stdin_closed(), name="simulator.stdin"))
    done, _ = await asyncio.wait([market, *waits], return_when=asyncio.FIRST_COMPLETED)
    for task in (market, *waits):
        task.cancel()
    await asyncio.gather(market, *waits, return_exceptions=True)
    if market in done and not market.cancelled():
        market.result()


async def _run(simulator: Simulator, plan: Plan) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(simulator.run(), name="simulator.step")
        tasks.create_task(plan.play(simulator), name="simulator.plan")


async def _stdin_closed() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(1024):
        continue
