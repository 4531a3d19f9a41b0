"""`kimp simulate`: the simulated exchanges alone, until a signal ends them."""

import argparse
import asyncio
import sys
from typing import Any

import uvloop

from adapters.simulator.server import Simulator, SimulatorOptions
from app.failure import CommandFailed
from app.log import configure_log
from app.settings import Settings
from app.signal import stop_on_signal


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Serve the simulated venues and print where they are, as settings of `serve`."""
    configure_log(settings.log.level, settings.log.format)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_simulate(settings, until_stdin_closes=options.until_stdin_closes))
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


async def _simulate(settings: Settings, *, until_stdin_closes: bool) -> None:
    wanted = settings.simulator
    simulator = Simulator(
        SimulatorOptions(
            host=wanted.host, port=wanted.port, seed=wanted.seed, rate=wanted.rate
        )
    )
    try:
        await simulator.start()
    except OSError as exc:
        raise CommandFailed(
            f"cannot listen on {wanted.host}:{wanted.port}: {exc.strerror}; "
            "choose another KIMP_SIMULATOR__PORT"
        ) from exc
    for name, value in venue_settings(simulator.base_url).items():
        print(f"{name}={value}", flush=True)
    stop = asyncio.Event()
    try:
        with stop_on_signal(stop):
            await _run_until(simulator, stop, until_stdin_closes=until_stdin_closes)
    finally:
        await simulator.stop()


async def _run_until(
    simulator: Simulator, stop: asyncio.Event, *, until_stdin_closes: bool
) -> None:
    market = asyncio.create_task(simulator.run(), name="simulator.market")
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


async def _stdin_closed() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(1024):
        continue
