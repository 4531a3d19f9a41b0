"""Plays random faults by seed against a real server and checks what must hold.

    python -m bench.soak [--minutes 5] [--seed N] [--story] [--cycles N]

Minutes and seed also come from KIMP_SOAK_MINUTES and KIMP_SOAK_SEED; without a seed one
is drawn and printed. `--story` only prints what would happen. `--cycles N` instead lets
both venues fall silent N times and asks that nothing grows. Exit code 1: something was
broken, told with its time, seed and the story so far. Ctrl-C ends it with the report.
"""

import argparse
import asyncio
import os
import secrets
import shutil
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from adapters.simulator.server import Simulator, SimulatorOptions
from app.signal import stop_on_signal
from bench.soak.cycle import BOUNDS, run_cycles
from bench.soak.report import Report
from bench.soak.run import Soak
from bench.soak.story import write_story
from bench.soak.world import NotServing, serving

DEFAULT_MINUTES = 5.0
MAX_MINUTES = 24 * 60.0
# What start, recovery and the last checks may take beyond the story.
MARGIN_S = 180.0
CYCLE_LIMIT_S = 20.0


def main(arguments: list[str]) -> int:
    """Run; 1 where something was broken."""
    options = _options(arguments)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    seconds = options.minutes * 60
    story = write_story(seed, seconds)
    told = f"{options.minutes:g} minutes, {len(story)} faults"
    if options.cycles:
        told = f"{options.cycles} silences in a row"
    print(f"seed {seed}, {told}", flush=True)
    if options.story:
        print("\n".join(map(str, story)))
        return 0
    report = Report(seed)

    async def soak() -> None:
        async with Simulator(SimulatorOptions(seed=seed)) as simulator:
            patience = BOUNDS if options.cycles else {}
            with serving(simulator.base_url, patience) as server:
                try:
                    if options.cycles:
                        await run_cycles(simulator, server, report, options.cycles)
                    else:
                        await Soak(simulator, server, report).run(story, seconds)
                except NotServing as exc:
                    report.blame("the server lives", str(exc))
                finally:
                    if report.failed and options.log:
                        shutil.copy(server.log, options.log)

    limit_s = options.cycles * CYCLE_LIMIT_S if options.cycles else seconds
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_bounded(soak(), limit_s + MARGIN_S, report))
    print(report.text(), flush=True)
    return 1 if report.failed else 0


def _options(arguments: list[str]) -> argparse.Namespace:
    minutes = float(os.environ.get("KIMP_SOAK_MINUTES") or DEFAULT_MINUTES)
    seed = os.environ.get("KIMP_SOAK_SEED")
    parser = argparse.ArgumentParser(prog="bench.soak")
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--seed", type=int, default=int(seed) if seed else None)
    parser.add_argument("--story", action="store_true", help="print it and end")
    parser.add_argument("--cycles", type=int, default=0, help="silences in a row")
    parser.add_argument("--log", type=Path, help="where to keep a failed server's log")
    options = parser.parse_args(arguments)
    if not 0 < options.minutes <= MAX_MINUTES:
        parser.error(f"--minutes must be above 0 and at most {MAX_MINUTES:g}")
    return options


async def _bounded(
    soak: Coroutine[Any, Any, None], limit_s: float, report: Report
) -> None:
    """Run until it is over, the limit, or a signal; the report tells which."""
    stop = asyncio.Event()
    running = asyncio.create_task(soak, name="soak")
    stopping = asyncio.create_task(stop.wait(), name="signal")
    with stop_on_signal(stop):
        await asyncio.wait(
            [running, stopping], timeout=limit_s, return_when=asyncio.FIRST_COMPLETED
        )
        if stop.is_set():
            report.note("ended by a signal")
        elif not running.done():
            report.blame("it ends in time", f"not within {limit_s:.0f} s")
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(running, stopping, return_exceptions=True)
    if not running.cancelled():
        running.result()
