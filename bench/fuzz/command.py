"""Bad input into the real application, in this process; see docs/FUZZ.md.

python -m bench.fuzz [--cases 20000] [--seed 1] [--jobs 1] [--write]
python -m bench.fuzz --session NUMBER [--seed 1]
python -m bench.fuzz --attack [--write]
python -m bench.fuzz --sockets 20000

Prints what was found and exits with 1 where something was. `--session` runs one
session of a seed again; `--attack` and `--sockets` use real sockets against
`kimp demo`: the latter as many as it says at once, from one address (see crowd.py).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.fuzz import attack, crowd, report
from bench.fuzz.worker import Hung, Summary, run_beside, session_here

DOCUMENT = Path(__file__).parents[2] / "docs" / "FUZZ.md"


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return the exit code."""
    asked = _parser().parse_args(arguments)
    if asked.attack:
        return attack.command(asked.write, DOCUMENT)
    if asked.sockets is not None:
        return crowd.command(asked.sockets)
    try:
        found = _summaries(asked)
    except Hung as exc:
        print(exc, file=sys.stderr)
        return 1
    for summary in found:
        if summary.findings:
            print(f"seed {summary.seed}\n{summary.findings}")
    if asked.session is not None:
        return int(any(summary.findings for summary in found))
    text = report.figures(found)
    print(text)
    if asked.write:
        report.write(DOCUMENT, report.FIGURES, text)
    return int(any(summary.findings for summary in found))


def _summaries(asked: argparse.Namespace) -> list[Summary]:
    if asked.session is not None:
        return [session_here(asked.session, asked.seed)]
    return run_beside(asked.cases, range(asked.seed, asked.seed + asked.jobs))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench.fuzz")
    parser.add_argument("--cases", type=int, default=20_000, help="inputs at least")
    parser.add_argument("--seed", type=int, default=1, help="of the first job")
    parser.add_argument("--jobs", type=int, default=1, help="processes beside another")
    parser.add_argument("--session", type=int, help="run one session again")
    parser.add_argument("--attack", action="store_true", help="with real sockets")
    parser.add_argument("--sockets", type=int, help="so many real ones at once")
    parser.add_argument("--write", action="store_true", help="into docs/FUZZ.md")
    return parser
