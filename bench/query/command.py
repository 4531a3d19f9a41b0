"""The comparison with our peers over HTTP, in alternating rounds.

python -m bench.query [OPERATION ...] [--rounds 3] [--seconds 3] [--server NAME ...]
    [--write]

Prints Markdown; --write makes it docs/QUERY.md. A peer whose environment cannot be
had, or that does not answer as ours does, is left out, saying so.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import machine
from bench.environment import BUILD, CannotBuild
from bench.peer import ROOT
from bench.process import ServerFailed
from bench.query import cache, part, table, version, wrk
from bench.query.operation import NAMES
from bench.query.part import Row
from bench.query.sample import Sample, WrongAnswer, take
from bench.query.server import PEERS, SERVERS, ours
from bench.query.wrk import LoadFailed

DOCUMENT = ROOT / "docs" / "QUERY.md"
FIGURES = BUILD / "query.json"
ROUNDS, SECONDS = 3, 3

Rows = dict[str, dict[str, list[Row]]]


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for; return the exit code."""
    asked = _parser().parse_args(arguments)
    if platform.system() != "Linux":
        print("the query bench needs Linux: it reads CPU times from /proc")
        return 0
    names = asked.operation or list(NAMES)
    try:
        wrk.require()
        servers = ready(asked.server)
        with tempfile.TemporaryDirectory(prefix="kimp-query-") as folder:
            with ours() as server:
                sample = take(server, Path(folder))
            rows = measure(sample, names, servers, asked.rounds, asked.seconds)
    except CannotBuild as exc:
        print(exc, file=sys.stderr)
        return 1
    except ServerFailed as exc:
        print(f"ours: {exc}; KIMP_BENCH_VERBOSE=1 shows its log", file=sys.stderr)
        return 1
    header = machine.header(asked.rounds, asked.seconds, version.versions())
    text = table.document(header, rows, cache.measured())
    print(text)
    BUILD.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(rows))
    if asked.write:
        DOCUMENT.write_text(text)
    return 0


def ready(servers: Sequence[str]) -> list[str]:
    """Return the servers whose environments are there or can be had now."""
    found = []
    for name in servers:
        try:
            if name in PEERS:
                PEERS[name](Path())
            found.append(name)
        except CannotBuild as exc:
            print(f"{name}: left out, {exc}", file=sys.stderr, flush=True)
    return found


def measure(
    sample: Sample,
    names: Sequence[str],
    servers: Sequence[str],
    rounds: int,
    seconds: int,
) -> Rows:
    """Measure each server's operations in turn, the servers in alternating order."""
    wanted = [asked for asked in sample.operations if asked.name in names]
    found: Rows = {asked.name: {name: [] for name in servers} for asked in wanted}
    for number in range(rounds):
        for name in servers if number % 2 == 0 else reversed(servers):
            try:
                for told in part.turn(name, sample, wanted, seconds):
                    found[told.name][name].append(told.row)
                    _say(f"{told.name}, {name}", told.row)
            except (CannotBuild, LoadFailed, ServerFailed, WrongAnswer) as exc:
                print(f"{name}: left out, {exc}", file=sys.stderr, flush=True)
    return found


def _say(what: str, row: Row) -> None:
    shown = ", ".join(f"{key} {row[key]:.4g}" for key in table.PROGRESS)
    print(f"{what}: {shown}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.query")
    parser.add_argument("operation", nargs="*", help=f"all by default: {NAMES}")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument(
        "--server", nargs="+", default=list(SERVERS), choices=list(SERVERS)
    )
    parser.add_argument("--write", action="store_true")
    return parser
