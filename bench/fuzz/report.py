"""The figures of runs as docs/FUZZ.md has them."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.fuzz.growth import GROWTH_MB, GROWTH_OBJECTS, growth
from bench.fuzz.worker import Summary
from bench.machine import processor
from bench.markdown import grid, number, percent

FIGURES: Final = "figures"
ATTACK: Final = "attack"


def write(path: Path, name: str, text: str) -> None:
    """Put a text between the marks of a part of the page."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    page = path.read_text()
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    assert pattern.search(page), name
    path.write_text(pattern.sub(lambda _: f"{begin}\n{text.rstrip()}\n{end}", page))


def figures(found: Sequence[Summary]) -> str:
    """Return the tables of one run."""
    outcomes: Counter[str] = sum((one.outcomes for one in found), Counter())
    parts = [
        _sentence(found),
        grid(("", "figure"), _lines(found, outcomes)),
        _kinds(found),
        grid(("answer", "times"), _outcomes(outcomes)),
        grid(("seed", "inputs", "RSS, MiB", "live objects"), _memory(found)),
    ]
    return "\n\n".join(parts)


def _sentence(found: Sequence[Summary]) -> str:
    seeds = ", ".join(str(one.seed) for one in found)
    load = os.getloadavg()[0]
    return (
        f"Run on {datetime.now(UTC):%Y-%m-%d}, a process each for the seeds {seeds}: "
        f"{processor()}, {os.cpu_count()} cores, load average {load:.1f} at the end."
    )


def _lines(found: Sequence[Summary], outcomes: Counter[str]) -> list[tuple[str, str]]:
    inputs = sum(one.inputs for one in found)
    results = outcomes["accepted"] + outcomes["rejected"]
    failures = sum((one.counts for one in found), Counter[str]())
    return [
        ("inputs (HTTP requests and WebSocket messages)", f"{inputs:,}"),
        ("connections and sockets", f"{sum(one.sessions for one in found):,}"),
        ("seconds", number(max(one.seconds for one in found))),
        ("findings", f"{sum(failures.values()):,}"),
        ("results without errors", percent(outcomes["accepted"] / max(1, results))),
        ("results with errors", percent(outcomes["rejected"] / max(1, results))),
        ("answered by the direct way", f"{sum(one.direct for one in found):,}"),
        (
            "connections compared with the ordinary way",
            f"{sum(one.compared for one in found):,}",
        ),
        (
            "longest hold of the loop, CPU ms",
            number(max(one.worst_cpu_s for one in found) * 1000),
        ),
        (
            "the same with what else the machine did, ms",
            number(max(one.worst_wall_s for one in found) * 1000),
        ),
        (
            "longest garbage collection, CPU ms",
            number(max(one.worst_collection_s for one in found) * 1000),
        ),
        *_growth(found),
    ]


def _growth(found: Sequence[Summary]) -> list[tuple[str, str]]:
    """Return what each process grew by from half-way on, in the order of the seeds."""
    grew = [growth(one.memory) for one in found]
    rss = [None if one is None else round(one.rss_mb, 1) for one in grew]
    objects = [None if one is None else round(one.objects) for one in grew]
    return [
        (
            f"RSS grew from half-way on, MiB (at most {GROWTH_MB:g})",
            ", ".join(map(_signed, rss)),
        ),
        (
            f"live objects grew from half-way on (at most {GROWTH_OBJECTS:,})",
            ", ".join(map(_signed, objects)),
        ),
    ]


def _signed(value: float | None) -> str:
    """Return a figure with its sign; runs that are too short are not judged."""
    return "not judged" if value is None else f"{value:+,}"


def _kinds(found: Sequence[Summary]) -> str:
    kinds: Counter[str] = sum((one.kinds for one in found), Counter())
    lines = [(kind, f"{count:,}") for kind, count in sorted(kinds.items())]
    return grid(("driver, world", "inputs"), lines)


def _outcomes(outcomes: Counter[str]) -> list[tuple[str, str]]:
    shown = ("http", "code", "message", "close")
    kept = {k: v for k, v in outcomes.items() if k.split(" ")[0] in shown}
    return [(kind, f"{count:,}") for kind, count in sorted(kept.items())]


def _memory(found: Sequence[Summary]) -> list[tuple[str, ...]]:
    return [
        (str(one.seed), f"{at.inputs:,}", number(at.rss_mb, 4), f"{at.objects:,}")
        for one in found
        for at in one.memory
    ]
