"""The comparison with our peers, part by part in alternating rounds.

python -m bench.fanout [PART ...] [--rounds 3] [--seconds 4] [--scale 1]
    [--server NAME ...] [--write]

Prints Markdown. All parts on all servers, at full size, write docs/FANOUT.md and its
picture, less only with --write. A peer whose environment cannot be had is left out,
saying so.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import environment, machine
from bench.environment import BUILD, CannotBuild
from bench.fanout import native, table, version
from bench.fanout.load import LoadFailed
from bench.fanout.part import PARTS, Part, Row, Size, chosen
from bench.fanout.server import COMMANDS
from bench.peer import ROOT
from bench.process import ServerFailed

DOCUMENT = ROOT / "docs" / "FANOUT.md"
PICTURE = ROOT / "docs" / "image" / "fanout.png"
FIGURES = BUILD / "fanout.json"
PLOT_LIMIT_S = 120.0
ROUNDS, SECONDS = 3, 4.0

Rows = dict[str, dict[str, list[Row]]]


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for; return the exit code."""
    asked = _parser().parse_args(arguments)
    if platform.system() != "Linux":
        print("the fan-out bench needs Linux: its client and its floor use epoll")
        return 0
    try:
        native.program("client")
    except CannotBuild as exc:
        print(exc, file=sys.stderr)
        return 1
    parts = chosen(asked.part)
    servers = ready(asked.server)
    rows = measure(parts, servers, asked.rounds, asked.seconds, asked.scale)
    header = machine.header(asked.rounds, asked.seconds, version.versions())
    text = table.document(header, rows)
    print(text)
    BUILD.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(rows))
    is_whole = len(parts) == len(PARTS) and set(servers) == set(COMMANDS)
    if asked.write or (is_whole and asked.scale == 1.0):
        write(text)
    return 0


def ready(servers: Sequence[str]) -> list[str]:
    """Return the servers whose environments are there or can be had now."""
    found = []
    for name in servers:
        try:
            with tempfile.TemporaryDirectory(prefix="kimp-fanout-") as folder:
                COMMANDS[name]("premiums", "real", Path(folder))
            found.append(name)
        except CannotBuild as exc:
            print(f"{name}: left out, {exc}", file=sys.stderr, flush=True)
    return found


def measure(
    parts: Sequence[Part],
    servers: Sequence[str],
    rounds: int,
    seconds: float,
    scale: float,
) -> Rows:
    """Run the parts, the servers of each in alternating order."""
    found: Rows = {}
    for part in parts:
        wanted = [name for name in part.servers if name in servers]
        found[part.name] = {name: [] for name in wanted}
        size = Size(
            max(2, round(part.members * scale)),
            round(part.others * scale),
            part.seconds * seconds,
        )
        for turn in range(rounds):
            for name in wanted if turn % 2 == 0 else reversed(wanted):
                row = _one(part, name, size)
                if row is not None:
                    found[part.name][name].append(row)
    return found


def _one(part: Part, name: str, size: Size) -> Row | None:
    try:
        row = part.measure(name, size)
    except (CannotBuild, LoadFailed, ServerFailed) as exc:
        print(f"{part.name}, {name}: left out, {exc}", file=sys.stderr, flush=True)
        return None
    shown = ", ".join(
        f"{key} {value:.4g}"
        for key, value in row.items()
        if key in table.PROGRESS and value is not None
    )
    print(f"{part.name}, {name}: {shown}", file=sys.stderr, flush=True)
    return row


def write(text: str) -> None:
    """Write the document and its picture; without matplotlib the picture stays."""
    DOCUMENT.write_text(text)
    PICTURE.parent.mkdir(exist_ok=True)
    try:
        python = environment.python("plot")
    except CannotBuild as exc:
        print(f"no picture: {exc}", file=sys.stderr)
        return
    script = Path(__file__).parent / "plot.py"
    command = [python, script, FIGURES, PICTURE]
    subprocess.run(command, check=True, timeout=PLOT_LIMIT_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bench.fanout", epilog=f"parts: {', '.join(p.name for p in PARTS)}"
    )
    parser.add_argument("part", nargs="*", help="all by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--scale", type=float, default=1.0, help="of the members")
    parser.add_argument(
        "--server", nargs="+", default=list(COMMANDS), choices=list(COMMANDS)
    )
    parser.add_argument("--write", action="store_true")
    return parser
