"""The measured table as Markdown, and its place in a document."""

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.fault.measure import Outcome

BEGIN = "<!-- fault table: begin, written by `python -m bench fault` -->"
END = "<!-- fault table: end -->"
HEAD = (
    "| fault | venue | held s | honest s | fallback s | recovered s | coins hit "
    "| requests + handshakes | rules broken | goals |",
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
)
NOTE = (
    "Seconds from the fault's begin until no price from before it says LIVE (honest), "
    "from there until all are LIVE by REST or the next source (fallback), and from its "
    "end until all are LIVE and the stream delivers (recovered). "
    "Goals: honest within the bound (Upbit 10, Binance 5) + 1; fallback < 5; a single "
    "cut or error recovered < 3, an outage < 5 after its end, a rate with its next "
    "poll, after a ban when its time and the minute of the weight it told of are over; "
    "no rule of a venue broken. `-`: nothing was lost, or there is none."
)


class NoPlace(Exception):
    """The document has no pair of markers."""


def row(outcome: Outcome) -> str:
    """Return one line."""
    case = outcome.case
    sent = f"{outcome.requests} + {outcome.handshakes} in {outcome.seconds:.0f} s"
    cells = (
        case.name,
        case.venue,
        f"{case.held_s:.0f}" if case.held_s else "at once",
        _seconds(outcome.honest_s),
        _seconds(outcome.fallback_s),
        _recovered(outcome),
        f"{outcome.affected} of {outcome.coins}",
        "-" if case.side == "database" else sent,
        str(outcome.violations),
        "; ".join(outcome.misses) or "kept",
    )
    return f"| {' | '.join(cells)} |"


def table(outcomes: Sequence[Outcome], now: datetime, load: float) -> str:
    """Return the section: where and when, the rows, what they mean."""
    python = sys.version.split()[0]
    where = (
        f"{now.astimezone(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores shared with others (load {load:.1f} meanwhile), "
        f"Python {python}, simulated venues."
    )
    return "\n".join([where, "", *HEAD, *map(row, outcomes), "", NOTE])


def put(document: Path, section: str) -> None:
    """Replace what stands between the markers.

    Raises:
        NoPlace: they are missing or the wrong way round.
    """
    text = document.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise NoPlace(f"{document} lacks {BEGIN} … {END}")
    document.write_text(f"{head}{BEGIN}\n{section}\n{END}{tail}", encoding="utf-8")


def update(document: Path, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Replace or add the rows of these outcomes in the table that stands there.

    Raises:
        NoPlace: there is no table between the markers.
    """
    text = document.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    section, end, tail = rest.partition(END)
    above, rule, below = section.partition(f"{HEAD[1]}\n")
    if not begin or not end or not rule:
        raise NoPlace(f"{document} has no table between its markers")
    lines, _, note = below.partition("\n\n")
    rows = {_key(line): line for line in lines.splitlines()}
    for outcome in outcomes:
        line = row(outcome)
        rows[_key(line)] = f"{line[:-2]}, {now.astimezone(UTC):%Y-%m-%d %H:%M} |"
    table = "\n".join(rows.values())
    document.write_text(
        f"{head}{BEGIN}{above}{rule}{table}\n\n{note}{END}{tail}", encoding="utf-8"
    )


def _key(line: str) -> tuple[str, ...]:
    """Return what makes it the same row: fault, venue and how long it is held."""
    return tuple(cell.strip() for cell in line.split("|")[1:4])


def _recovered(outcome: Outcome) -> str:
    if outcome.recovered_s is None:
        return "never"
    lost = outcome.affected or outcome.honest_s is not None
    if lost or outcome.case.side == "database":
        return _seconds(outcome.recovered_s)
    return "-"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
