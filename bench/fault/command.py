"""Measures what each fault costs, and writes the table into docs/OPERATIONS.md.

    python -m bench fault [--only silence,cut] [--long] [--dry]

A real server and the simulator, each a process of its own, the server's settings as
they are by default. With `--only` some rows are measured again and replaced, with
`--dry` nothing is written. `--long` adds outages of ten minutes.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.control import Control, wait_until_up
from bench.fault.case import Case, chosen
from bench.fault.measure import NotSettled, Outcome, World
from bench.fault.table import HEAD, put, row, table, update
from bench.process import Measured, server, simulator
from bench.subscriber import Subscriber

DOCUMENT = Path("docs/OPERATIONS.md")


def main(arguments: list[str]) -> int:
    """Measure; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="bench fault")
    parser.add_argument("--only", default="", help="words of names or venues")
    parser.add_argument("--long", action="store_true", help="ten-minute outages too")
    parser.add_argument("--dry", action="store_true", help="write nothing")
    parser.add_argument("--log", default=os.devnull, help="where the server logs")
    options = parser.parse_args(arguments)
    # Ended from outside, it still ends the processes that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cases = chosen(options.only, long=options.long)
    outcomes = run(cases, Path(options.log))
    if not options.dry:
        _write(outcomes, whole=not options.only)
        print(f"written: {DOCUMENT}")
    missed = len(cases) - len(outcomes) + sum(bool(o.misses) for o in outcomes)
    print(f"{len(cases)} faults, {missed} with a goal missed")
    return 1 if missed else 0


def _write(outcomes: list[Outcome], *, whole: bool) -> None:
    now = datetime.now(UTC)
    if whole:
        put(DOCUMENT, table(outcomes, now, os.getloadavg()[2]))
    else:
        update(DOCUMENT, outcomes, now)


def run(cases: list[Case], log: Path) -> list[Outcome]:
    """Measure the cases one after the other on one server."""
    with (
        tempfile.TemporaryDirectory(prefix="kimp-fault-") as folder,
        simulator(1.0) as (_, settings),
        log.open("w") as lines,
        server(
            {**settings, "KIMP_DATA_DIR": folder, "KIMP_LOG__LEVEL": "INFO"}, log=lines
        ) as target,
    ):
        target.wait_live()
        base_url = settings["KIMP_UPBIT__REST_URL"].removesuffix("/upbit")
        return asyncio.run(_run(cases, target, base_url, Path(folder)))


async def _run(
    cases: list[Case], target: Measured, base_url: str, folder: Path
) -> list[Outcome]:
    board = Subscriber(target.url)
    outcomes = []
    print("\n".join(HEAD), flush=True)
    async with Control(base_url) as control:
        await wait_until_up(control)
        listening = asyncio.create_task(board.run(), name="subscriber")
        world = World(control, target, board, folder)
        try:
            await world.warm_up()
            for case in cases:
                outcome = await _one(world, case)
                if outcome is not None:
                    outcomes.append(outcome)
                    print(row(outcome), flush=True)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    return outcomes


async def _one(world: World, case: Case) -> Outcome | None:
    try:
        return await world.measure(case)
    except NotSettled as exc:
        print(f"not settled before: {exc}", flush=True)
        return None
    finally:
        await world.control.relieve()
