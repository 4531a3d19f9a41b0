"""What our cache of documents saves: parsing, measuring and validating them.

python -m bench.query.cache

In this process and without HTTP, in CPU time; `bench.query` shows the same from
outside ("unknown documents").
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from graphql import get_introspection_query

from api.document import prepare
from api.limit import Limits
from api.schema import api_schema
from bench.markdown import grid, number
from bench.query.operation import operations

ROUNDS = 5
UNKNOWN, KNOWN = 40, 20_000

Prepare = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Saving:
    """One document: CPU µs where its text is unknown and where it is known.

    `hit`: the second time gave the very object of the first.
    """

    name: str
    characters: int
    unknown_us: float
    known_us: float
    hit: bool


def documents() -> dict[str, str]:
    """Return what is measured: our operations, and what every tool sends first."""
    told = {a.operation_name: a.query for a in operations([""]) if not a.fresh}
    return {**told, "Introspection": get_introspection_query()}


def savings(
    prepare: Prepare,
    texts: Mapping[str, str],
    unknown: int = UNKNOWN,
    known: int = KNOWN,
) -> list[Saving]:
    """Measure each text, made unknown by a comment, and as it is; medians of rounds."""
    found = []
    for name, text in texts.items():
        fresh, same = [], []
        for turn in range(ROUNDS):
            new = [f"{text} # {turn} {place}" for place in range(unknown)]
            fresh.append(_each_us(prepare, new))
            prepare(text)
            same.append(_each_us(prepare, [text] * known))
        hit = prepare(text) is prepare(text)
        found.append(Saving(name, len(text), median(fresh), median(same), hit))
    return found


def table(found: list[Saving]) -> str:
    """Return the savings as Markdown."""
    heads = ["document", "characters", "unknown, µs", "known, µs", "hit"]
    lines = [
        [
            saving.name,
            number(saving.characters),
            number(saving.unknown_us),
            number(saving.known_us, 2),
            "yes" if saving.hit else "no",
        ]
        for saving in found
    ]
    return grid(heads, lines)


def measured() -> str:
    """Measure our own server's preparation of documents; return Markdown.

    A document with which it finds fault is left out: its time would say nothing.
    """
    core, limits = api_schema().core, Limits()
    texts = documents()
    for name in list(texts):
        if errors := prepare(core, texts[name], limits).errors:
            print(f"{name}: left out, {errors[0].message}", file=sys.stderr)
            del texts[name]
    return table(savings(lambda text: prepare(core, text, limits), texts))


def _each_us(prepare: Prepare, texts: list[str]) -> float:
    began_ns = time.thread_time_ns()
    for text in texts:
        prepare(text)
    return (time.thread_time_ns() - began_ns) / len(texts) / 1000


if __name__ == "__main__":
    print(measured())
