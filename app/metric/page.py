"""docs/METRICS.md, made from the declarations themselves.

`python -m app.metric.page > docs/METRICS.md` renews it; a test compares.
"""

import sys
from collections.abc import Sequence

from app.metric import (
    access,
    board,
    bus,
    cache,
    database,
    fallback,
    gap,
    history,
    route,
    runtime,
    snapshot,
    traffic,
    upstream,
)
from app.metric.family import PREFIX, Family, Kind

PARTS: Sequence[tuple[str, Sequence[Family]]] = (
    ("The board", board.FAMILIES),
    ("Upstreams", upstream.FAMILIES),
    ("REST in place of a stream", fallback.FAMILIES),
    ("Requests and subscriptions", traffic.FAMILIES),
    ("API keys and persisted documents", access.FAMILIES),
    ("One-off reads of market data", route.FAMILIES),
    ("Database", database.FAMILIES),
    ("Minutes and their housekeeping", history.FAMILIES),
    ("Gaps among minutes", gap.FAMILIES),
    ("Caches", cache.FAMILIES),
    ("The bus, where one ingest is shared", bus.FAMILIES),
    ("Daily snapshots", snapshot.FAMILIES),
    ("Process", runtime.FAMILIES),
)
FAMILIES: Sequence[Family] = tuple(f for _, families in PARTS for f in families)

_HEAD = """# Metrics

`/metrics` is Prometheus text, gathered when it is asked for. Every label has a closed
list of values. Beside these the client library tells of the process (`process_*`), of
Python and its garbage collector (`python_*`). Dashboard and alert rules:
[deploy/](../deploy/README.md).
"""


def metrics_markdown() -> str:
    """Return the page."""
    return _HEAD + "".join(_part(title, families) for title, families in PARTS)


def _part(title: str, families: Sequence[Family]) -> str:
    rows = "\n".join(map(_row, families))
    head = "| metric | kind | labels | meaning |\n|---|---|---|---|"
    return f"\n## {title}\n\n{head}\n{rows}\n"


def _row(family: Family) -> str:
    suffix = "_total" if family.kind is Kind.COUNTER else ""
    labels = ", ".join(f"`{label}`" for label in family.labels)
    name = f"`{PREFIX}{family.name}{suffix}`"
    return f"| {name} | {family.kind.value} | {labels} | {family.text} |"


if __name__ == "__main__":
    sys.stdout.write(metrics_markdown())
