"""What reading the documents of the attacks takes: the CPU time that they are after.

python -m tests.integration.attack.reading

In this process and without HTTP, many in a row, so that their garbage counts too;
`bench.query.cache` measures ordinary documents likewise.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from statistics import median
from typing import Final, NamedTuple

from graphql import get_introspection_query

from api.document import prepare
from api.limit import Bound, Limits
from api.schema import api_schema
from tests.integration.attack.case import TOOL_ATTACKS, sent
from tests.integration.attack.own_case import OWN_ATTACKS

ROUNDS: Final = 3
EACH: Final = 20
DEAREST: Final = 5
COMPARED: Final = "the introspection query, for comparison"
UNBOUND: Final = "the dearest of those that `REPETITIONS` stops, without that limit"
HEAD: Final = "| document | CPU ms |\n|---|---:|"

_LIMITS: Final = Limits()
_FREE: Final = replace(_LIMITS, repetitions=1_000_000_000)
_blanks: Final = count(1)


class Read(NamedTuple):
    """A document by the name of its attack, and what reading it took."""

    name: str
    ms: float


def documents() -> Iterator[tuple[str, str]]:
    """Yield name and text of what is sent by POST, read as a document and no larger."""
    for attack in [*TOOL_ATTACKS, *OWN_ATTACKS]:
        body = attack.body
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            continue
        if not attack.path and len(sent(attack)) <= _LIMITS.body_bytes:
            yield attack.name, body["query"]


def measured(rounds: int = ROUNDS, each: int = EACH) -> list[Read]:
    """Return what is told, the dearest attacks first."""
    texts = dict(documents())
    found = [Read(n, _ms(t, _LIMITS, rounds, each)) for n, t in texts.items()]
    stopped = [text for text in texts.values() if _is_repetitive(text)]
    return [
        *sorted(found, key=lambda read: -read.ms)[:DEAREST],
        Read(COMPARED, _ms(get_introspection_query(), _LIMITS, rounds, each)),
        Read(UNBOUND, max(_ms(text, _FREE, rounds, 1) for text in stopped)),
    ]


def rows(found: Sequence[Read]) -> list[str]:
    """Return the lines of the table."""
    return [f"| {name} | {ms:.0f} |" for name, ms in found]


def _is_repetitive(text: str) -> bool:
    errors = prepare(api_schema().core, text, _LIMITS).errors
    told = [(error.extensions or {}).get("limit") for error in errors]
    return Bound.REPETITIONS.value in told


def _ms(text: str, limits: Limits, rounds: int, each: int) -> float:
    """Return the time of a text that is new each time, by blanks at its end."""
    core, took = api_schema().core, []
    for _ in range(rounds):
        fresh = [text + " " * next(_blanks) for _ in range(each)]
        began_ns = time.thread_time_ns()
        for one in fresh:
            prepare(core, one, limits)
        took.append((time.thread_time_ns() - began_ns) / each / 1e6)
    return median(took)


if __name__ == "__main__":
    sys.stdout.write("\n".join([HEAD, *rows(measured())]) + "\n")
