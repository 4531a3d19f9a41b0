"""The results as Markdown; the same results give the same bytes."""

from collections.abc import Iterable, Sequence

from bench.markdown import grid
from conformance.audit import Audit
from conformance.case import Row

LEVELS = ("MUST", "SHOULD", "MAY")
# In the order in which they are explained.
MEANING = {
    "query": "a document with variables; every value of the answer is looked at",
    "error": "an unknown market: `NOT_FOUND` with its path",
    "refusal": "a field that does not exist: `BAD_USER_INPUT`, and no data",
    "introspection": "the schema read by introspection is the one at `/schema.graphql`",
    "board": "`premiums`: the whole board as snapshot, then a change with only newer "
    "versions in it",
    "stream error": "an unknown coin: `NOT_FOUND` as the end of the stream",
    "others": "another subscription goes on meanwhile",
    "end": "closed as the client does; the server has no socket or subscription left",
    "cache": "a subscription updates a watched query in the client's cache, by `id`",
    "first": "the hash of an unknown document, then the document with it",
    "again": "the hash alone",
    "compile": "fragments, a connection, a refetchable `Node`, a subscription",
    "connection": "two pages become one list in the store",
    "node": "an object fetched again by its `id`",
    "store": "a subscription updates the object in the store",
    "generate": "types of the schema (by introspection) and of documents",
    "typecheck": "`tsc --strict` accepts their right uses and refuses wrong ones",
    "cases": "made-up questions for every field of `Query`: no 5xx, every answer of "
    "the schema's shape, every error with a code of ours, never `INTERNAL`",
    "control": "stock Strawberry, which suggests names: near misses are enough for it",
    "nothing": "introspection off, suggestions off as by default, near misses of every "
    "field of `Query`: it learns none",
}
_INTRODUCTION = """\
# Conformance: other people's clients and suites

Made by `make conformance`; `python -m conformance --check` (among the tests) fails
where it differs. Each client is the published package, unchanged and pinned: those for
Python each in an environment of their own, those for Node in one folder with a lock
file. They talk to a whole server: `kimp demo`, a process with simulated exchanges and a
PostgreSQL of its own.
"""
_ATTACKS = """\
graphql-cop cannot be installed from a registry: its attacks, and what graphql-armor
guards against, are tests of ours, in [ATTACKS.md](ATTACKS.md). What each transport
promises: [TRANSPORTS.md](TRANSPORTS.md).
"""


def document(
    rows: Sequence[Row],
    audits: Sequence[Audit],
    stock: Sequence[Audit],
    versions: tuple[str, str],
) -> str:
    """Return the page; `versions` are those of graphql-http and of Strawberry."""
    parts = [
        _INTRODUCTION,
        "## Clients\n",
        client_table(rows),
        "\nWhat each step is:\n",
        *(f"- {step}: {meaning}" for step, meaning in _meanings(rows)),
        f"\n{_ATTACKS}",
        "## GraphQL over HTTP\n",
        f"The {len(audits)} audits of npm `graphql-http` {versions[0]}, beside those "
        f"of stock Strawberry {versions[1]}.\n",
        audit_summary(audits, stock),
        "\n<details><summary>Every audit</summary>\n",
        audit_table(audits, stock),
        "\n</details>\n",
    ]
    return "\n".join(parts)


def client_table(rows: Iterable[Row]) -> str:
    """Return a line for each client and transport."""
    lines = [
        [
            row.client,
            row.version,
            row.transport,
            ", ".join(row.steps),
            "pass" if row.is_passed else f"**FAIL** {_cell('; '.join(row.failures))}",
        ]
        for row in rows
    ]
    return _table(["client", "version", "transport", "steps", "result"], lines)


def audit_summary(audits: Sequence[Audit], stock: Sequence[Audit]) -> str:
    """Return how many pass by level."""
    lines = [
        [level, *(_passed(found, level) for found in (audits, stock))]
        for level in LEVELS
    ]
    lines.append(["all", *(_passed(found) for found in (audits, stock))])
    return grid(["level", "kimchi-premium", "stock Strawberry"], lines)


def audit_table(audits: Sequence[Audit], stock: Sequence[Audit]) -> str:
    """Return every audit with both results, by level."""
    other = {audit.id: audit for audit in stock}
    lines = [
        [
            audit.id,
            _cell(audit.words),
            _verdict(audit),
            _verdict(other[audit.id], reason=False) if audit.id in other else "–",
        ]
        for level in LEVELS
        for audit in audits
        if audit.level == level
    ]
    return _table(["ID", "audit", "kimchi-premium", "stock Strawberry"], lines)


def _meanings(rows: Iterable[Row]) -> list[tuple[str, str]]:
    used = {step for row in rows for step in row.steps}
    return [(step, meaning) for step, meaning in MEANING.items() if step in used]


def _passed(audits: Sequence[Audit], level: str | None = None) -> str:
    found = [audit for audit in audits if level in (None, audit.level)]
    return f"{sum(audit.failure is None for audit in found)} of {len(found)}"


def _verdict(audit: Audit, *, reason: bool = True) -> str:
    if audit.failure is None:
        return "pass"
    return f"**FAIL** {_cell(audit.failure)}" if reason else "fail"


def _cell(text: str) -> str:
    """Return a text that stays in its cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
