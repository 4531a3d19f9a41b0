"""The table of docs/CONFORMANCE.md, and whether it is still true.

python -m conformance [--check] [--client NAME ...] [--cases N]

Writes the document when every client is asked; with --check it compares instead, and
prints the difference. Exit code 1: a client failed, or the document differs.
"""

import argparse
import difflib
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.environment import CannotBuild
from conformance import environment, server, stock, table
from conformance.audit import Audit, audits
from conformance.case import Client, ClientFailed, Place, Row, rows
from conformance.client import CLIENTS

DOCUMENT = Path(__file__).parents[1] / "docs" / "CONFORMANCE.md"
AUDITS = "graphql-http"
CASES = 600


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        found, ours, others = measure(asked.client, asked.cases)
    except (CannotBuild, ClientFailed, server.NotLive) as exc:
        print(f"conformance: {exc}", file=sys.stderr)
        return 1
    failed = [row for row in found if not row.is_passed]
    failed_audits = [audit for audit in ours if audit.failure is not None]
    versions = environment.npm_version(AUDITS), stock.VERSION
    text = table.document(found, ours, others, versions)
    is_whole = {AUDITS, *(c.name for c in CLIENTS)} <= set(asked.client)
    if not is_whole:
        print(table.client_table(found))
    elif asked.check:
        print(difference := differing(text), end="")
        if difference:
            return 1
    else:
        DOCUMENT.write_text(text)
    print(
        f"{len(found) - len(failed)} of {len(found)} rows, "
        f"{len(ours) - len(failed_audits)} of {len(ours)} audits pass"
    )
    return 1 if failed or failed_audits else 0


def measure(
    names: Sequence[str], cases: int
) -> tuple[list[Row], list[Audit], list[Audit]]:
    """Return the rows of these clients, and the audits of ours and of stock.

    Raises:
        CannotBuild: a client cannot be had.
        ClientFailed: the audits cannot be run.
        NotLive: the server does not come up.
    """
    node = environment.node_folder()
    found: list[Row] = []
    ours: list[Audit] = []
    others: list[Audit] = []
    with (
        tempfile.TemporaryDirectory(prefix="kimp-conformance-") as folder,
        server.serving() as url,
        server.serving(**server.CLOSED) as closed_url,
        stock.serving() as stock_url,
    ):
        urls = (url, closed_url, stock_url)
        place = Place(*urls, node, environment.python, Path(folder), cases)
        if AUDITS in names:
            ours, others = audits(node, url), audits(node, stock_url)
        for client in CLIENTS:
            if client.name in names:
                found += _asked(client, place)
    return found, ours, others


def _asked(client: Client, place: Place) -> list[Row]:
    began_s = time.monotonic()
    found = rows(client, place)
    verdict = "pass" if all(row.is_passed for row in found) else "FAIL"
    took_s = time.monotonic() - began_s
    print(f"{client.name}: {verdict}, {took_s:.0f} s", file=sys.stderr, flush=True)
    return found


def differing(text: str) -> str:
    """Return how the document differs from what it should be; empty: it does not."""
    kept = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    return "".join(
        difflib.unified_diff(
            kept.splitlines(keepends=True),
            text.splitlines(keepends=True),
            "docs/CONFORMANCE.md",
            "now",
        )
    )


def _parser() -> argparse.ArgumentParser:
    names = [AUDITS, *(client.name for client in CLIENTS)]
    parser = argparse.ArgumentParser(prog="conformance")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument(
        "--client", nargs="+", default=names, choices=names, metavar="NAME"
    )
    parser.add_argument("--cases", type=int, default=CASES, help="of schemathesis")
    return parser
