"""Kill -9 at random moments, of recording and of backfill: bars lost and doubled.

    python -m bench.history.kill record   [--servers 5] [--kills 4] [--seed 1]
    python -m bench.history.kill backfill [--kills 20] [--seed 1]

Recording: several servers side by side, each on simulated venues and a folder of its
own, each killed and started again so many times; then they are left alone until they
have healed, and every minute of every coin is looked for, from its first bar to the
last start. Backfill: one command, killed and started again, then let finish.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from adapters.resilience.clock import SystemClock
from app.log import configure_log
from app.settings import Settings
from app.store import open_store
from bench.process import KIMP, end, free_port, simulator, without_settings

# Around a minute and two: some kills fall into the writing of a minute, some between.
LONGEST_LIFE_S = 130.0
SHORTEST_LIFE_S = 15.0
# Dead for so long at most: some minutes pass without a server.
LONGEST_DEATH_S = 90.0
# Minutes are healed when they ended two minutes ago; the rest is for the healing.
HEAL_S = 240.0
RATE = 0.2
STOP_LIMIT_S = 30.0
# A backfill that is long enough to be killed many times.
BACKFILL = ["--from", "2026-09-01", "--to", "2026-09-12", "--interval", "1m"]
BACKFILL_SYMBOLS = ("BTC", "ETH", "XRP", "SOL", "DOGE")
BACKFILL_DAYS = 12
BACKFILL_LIFE_S = (2.0, 9.0)
FINISH_LIMIT_S = 900.0

# Per coin: what there is, and what there would be without a hole in it.
_COUNTS = text(
    "SELECT symbol, count(*), count(DISTINCT opened_at),"
    " ((CAST(:before_s AS double precision)"
    " - extract(epoch FROM min(opened_at))) / 60)::int,"
    " count(*) FILTER (WHERE origin = 'BACKFILLED')"
    " FROM premium_minute"
    " WHERE opened_at < to_timestamp(CAST(:before_s AS double precision))"
    " GROUP BY symbol ORDER BY symbol"
)
_HOLES = text(
    "SELECT coalesce(sum(extract(epoch FROM to_at - from_at) / 60), 0)::int"
    " FROM premium_hole WHERE interval = 'M1'"
)


@dataclass(slots=True)
class Outcome:
    """Bars of one data folder: kept, expected, doubled, healed, impossible; kills."""

    coins: int = 0
    kept: int = 0
    expected: int = 0
    doubled: int = 0
    healed: int = 0
    impossible: int = 0
    kills: int = 0

    def row(self, name: str) -> str:
        """Return a line of the table."""
        lost = self.expected - self.kept + self.doubled - self.impossible
        return (
            f"| {name} | {self.kills} | {self.coins} | {self.expected:,} | {lost} "
            f"| {self.doubled} | {self.healed:,} | {self.impossible} |"
        )


def main() -> None:
    """Measure one of both; print a table."""
    parser = argparse.ArgumentParser(prog="bench.history.kill")
    parser.add_argument("what", choices=["record", "backfill"])
    parser.add_argument("--servers", type=int, default=5)
    parser.add_argument("--kills", type=int, default=None)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure_log("ERROR", "console")
    print(
        "| run | kills | coins | minutes expected | lost | doubled | healed "
        "| impossible |\n|---|---:|---:|---:|---:|---:|---:|---:|",
        flush=True,
    )
    if options.what == "backfill":
        chance = random.Random(options.seed)
        print(_killed_backfill(chance, options.kills or 20).row("backfill"))
        return
    _record(options.servers, options.kills or 4, options.seed)


def _record(servers: int, kills: int, seed: int) -> None:
    outcomes: dict[int, Outcome] = {}

    def run(number: int) -> None:
        outcomes[number] = _killed_server(random.Random(seed * 1000 + number), kills)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(servers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, outcome in sorted(outcomes.items()):
        print(outcome.row(f"server {number + 1}"))


def _killed_server(chance: random.Random, kills: int) -> Outcome:
    folder = tempfile.mkdtemp(prefix="kimp-kill-")
    try:
        with simulator(RATE) as (_, venues):
            given = {
                **without_settings(),
                **venues,
                "KIMP_DATA_DIR": folder,
                "KIMP_LOG__LEVEL": "ERROR",
            }
            for _ in range(kills):
                life_s = chance.uniform(SHORTEST_LIFE_S, LONGEST_LIFE_S)
                _live_and_die(["serve"], given, life_s)
                time.sleep(chance.uniform(0.0, LONGEST_DEATH_S))  # it stays dead
            before_s = time.time()
            process = _start(["serve"], given)
            time.sleep(HEAL_S)  # time to heal, as an operator gives
            end(process, STOP_LIMIT_S)
        found = _count(given, before_s // 60 * 60)
        found.kills = kills
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _killed_backfill(chance: random.Random, kills: int) -> Outcome:
    folder = tempfile.mkdtemp(prefix="kimp-kill-")
    try:
        with simulator(RATE) as (_, venues):
            given = {**without_settings(), **venues, "KIMP_DATA_DIR": folder}
            command = ["backfill", *BACKFILL, "--symbols", ",".join(BACKFILL_SYMBOLS)]
            killed = 0
            for _ in range(kills):
                killed += _live_and_die(
                    command, given, chance.uniform(*BACKFILL_LIFE_S)
                )
            last = _start(command, given)
            code = last.wait(FINISH_LIMIT_S)
        if code != 0:
            raise RuntimeError(f"the last run ended with {code}")
        found = _count(given, time.time())
        found.kills = killed
        found.expected = len(BACKFILL_SYMBOLS) * BACKFILL_DAYS * 1440
        return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _live_and_die(command: list[str], given: Mapping[str, str], life_s: float) -> bool:
    """Kill the command after a while; False: it had ended before."""
    process = _start(command, given)
    try:
        process.wait(life_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def _start(command: list[str], given: Mapping[str, str]) -> subprocess.Popen[bytes]:
    port = {"KIMP_HTTP__PORT": str(free_port())}
    return subprocess.Popen(
        [KIMP, *command],
        env={**given, **port},
        stdout=subprocess.DEVNULL,
        stderr=None if os.environ.get("KIMP_BENCH_VERBOSE") else subprocess.DEVNULL,
    )


def _count(given: Mapping[str, str], before_s: float) -> Outcome:
    settings = Settings(data_dir=Path(given["KIMP_DATA_DIR"]))
    return asyncio.run(_counted(settings, before_s))


async def _counted(settings: Settings, before_s: float) -> Outcome:
    outcome = Outcome()
    async with (
        open_store(settings, SystemClock()) as store,
        store.database.transaction() as connection,
    ):
        rows = await connection.execute(_COUNTS, {"before_s": before_s})
        for _, kept, distinct, expected, healed in rows:
            outcome.coins += 1
            outcome.kept += kept
            outcome.doubled += kept - distinct
            outcome.expected += expected
            outcome.healed += healed
        outcome.impossible = (await connection.execute(_HOLES)).scalar_one()
    return outcome


if __name__ == "__main__":
    main()
