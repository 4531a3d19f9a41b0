"""The figures as Markdown."""

from collections.abc import Callable, Mapping, Sequence

from bench.markdown import grid, number, percent
from bench.query.goal import goals, shown
from bench.query.operation import operations
from bench.query.server import RAISED
from bench.statistic import Rounds, Row, middle, ratio, spread

PROGRESS = ("per_second", "cpu_us", "net_us", "core", "client_core")
SHOWN = {
    "ours": "**kimchi-premium**",
    "strawberry": "stock Strawberry with its caches, uvicorn",
    "yoga": "graphql-yoga, Node",
    "apollo": "Apollo Server, Node",
    "mercurius": "mercurius with JIT, Node",
    "bare": "ready JSON on bare ASGI, uvicorn",
}
_INTRODUCTION = """\
# Queries: what an answer over HTTP costs

Made by `python -m bench.query` (part of `make bench`). `wrk` with one thread and 16
keep-alive connections posts the same bodies to every server, operation name, document
and variables, with the headers that Apollo Client sends. Ours is `kimp serve` as it is
started anywhere, database and all, fed by simulated exchanges whose prices move while
it answers, every limit on. Peers tell boards taken from it, another one ten times a
second, from plain objects by default resolvers; what they answer is compared with ours
before they are measured. Bare ASGI runs no GraphQL and writes one answer of ours.
"""
_CACHED = """\
## Documents, known and unknown

What our server does before it executes: parsing, bounds and validation. CPU time in one
process, without HTTP (`python -m bench.query.cache`); medians of 5 rounds.
"""
_NOTES = """\
- CPU µs: of all threads of the server's process, user and kernel, per request. Nothing
  is taken off: ours also takes in and evaluates the market meanwhile ("at rest": what
  of a core that takes while nobody asks), which weighs more where fewer are answered;
  "net of rest" is without it. Goals are judged by the whole.
- Not by requests per second, which are wall time: they suffer from whatever else runs
  on the machine, and Node does not always fill its core. A server far below 100 % of a
  core was held back by the client or by other work.
- "To ours": CPU per request, how many times ours.
- "Another each time": the symbols of 100 coins in turn, or boards of 51 to 150 coins,
  so that no answer is the one just given (bare ASGI gives its one answer anyway).
  Ours keeps answers until prices move: of 100 in turn, the fewer are asked for in a
  tenth of a second, the more of them are made anew.
- "Unknown documents": the same query with another default of its variable in each
  request, which no cache of documents knows.
- Every server's CPU, ours and peers', includes reading HTTP and writing the answer.
- `bytes` are those of an answer with its headers.
"""

Cell = Callable[[Row], str]
_COLUMNS: dict[str, Cell] = {
    "requests/s": lambda row: number(row.get("per_second")),
    "CPU µs": lambda row: number(row.get("cpu_us")),
    "net of rest": lambda row: number(row.get("net_us")),
    "of a core": lambda row: percent(row.get("core")),
    "at rest": lambda row: percent(row.get("rest_core")),
    "p50 / p99 ms": lambda row: " / ".join(
        number(row.get(key), 2) for key in ("p50_ms", "p99_ms")
    ),
    "client, of a core": lambda row: percent(row.get("client_core")),
    "bytes": lambda row: number(row.get("bytes")),
}


def document(header: str, rounds: Rounds, cached: str) -> str:
    """Return the whole page for the rows of each round by operation and server.

    `cached`: the table of known and unknown documents.
    """
    sections = [_INTRODUCTION.rstrip(), header, _raised()]
    reached = goals(rounds)
    if reached:
        lines = [[goal.text, goal.found, goal.net, goal.verdict] for goal in reached]
        heads = ["goal, side by side in this run", "found", "net of rest", "verdict"]
        sections.append("## Goals\n\n" + grid(heads, lines))
    for operation in operations([""]):
        if rounds.get(operation.name):
            section = _operation(operation.query, rounds[operation.name])
            sections.append(f"## {operation.title}\n\n{section}")
    sections.append(f"{_CACHED}\n{cached}")
    return "\n\n".join([*sections, "## How to read it\n\n" + _NOTES])


def _raised() -> str:
    names = ", ".join(f"`{name}={value}`" for name, value in RAISED.items())
    return f"Raised for the bench, as all requests come from one address: {names}."


def _operation(query: str, servers: Mapping[str, Sequence[Row]]) -> str:
    ours = middle(servers.get("ours", ())).get("cpu_us")
    lines = []
    for server, rows in servers.items():
        if rows:
            told = middle(rows)
            cells = [cell(told) for cell in _COLUMNS.values()]
            times = ratio(told.get("cpu_us"), ours)
            cells.insert(2, shown(times) if server != "ours" else "")
            lines.append([SHOWN[server], *cells])
    heads = list(_COLUMNS)
    heads.insert(2, "to ours")
    return f"`{query}`\n\n{_range(servers)}{grid(['', *heads], lines)}"


def _range(servers: Mapping[str, Sequence[Row]]) -> str:
    ours = servers.get("ours", ())
    found = spread(ours, "cpu_us") if len(ours) > 1 else None
    if found is None:
        return ""
    return f"CPU µs of ours by round: {number(found[0])} to {number(found[1])}.\n\n"
