"""The figures as Markdown."""

from collections.abc import Callable, Mapping, Sequence

from bench.fanout.goal import goals
from bench.fanout.part import PARTS
from bench.markdown import grid, number, percent
from bench.statistic import Rounds, Row, middle, ratio, spread

PROGRESS = ("per_second", "cpu_us", "delivery_us", "client_us", "p99_ms", "kb", "mb")
SHOWN = {
    "ours": "**kimchi-premium**",
    "strawberry": "stock Strawberry, uvicorn",
    "graphql-ws": "graphql-ws, Node",
    "broadcast": "`websockets.broadcast` of ready bytes",
    "floor": "C, epoll, ready bytes",
}
_INTRODUCTION = """\
# Fan-out: what a live subscriber costs

Made by `python -m bench.fanout` (the end of `make bench`). Every server tells the same
market to the same load client: a C program in a process of its own that speaks
`graphql-transport-ws` and drops what it need not read. Ours is the real application,
HTTP server and board; `websockets.broadcast` and the C floor run no GraphQL and write
bytes that are ready. In saturation the next tick is ordered as soon as every member has
the last one. CPU is the server process's, user and kernel. No deflate anywhere.
"""
_NOTES = """\
- CPU µs: of the server per delivered message. "Delivery" leaves out the making of the
  event: with us, evaluating 200 premiums from 400 quotes; with GraphQL peers, making
  objects from a file; ready bytes have next to none.
- "Delivery alone" among the goals: the same with the time taken off in which events
  were made, on both sides.
- Delivered per second and latency are wall time: on a shared machine they suffer from
  whatever else runs; CPU per message suffers less ("by CPU" among the goals).
- A server that had much less than 100 % of a core in saturation was not saturated:
  other work, or the client, held it back.
- Where the client's µs are not clearly below the server's, as beside the C floor, the
  client holds the server back: its delivered per second is then too low, and our ratio
  to it too high. "By CPU" is the fair one there.
- An idle subscriber has been told the whole board once; what a server keeps of that
  event counts. Nobody's garbage was collected by force.
- Members that never read: the kernel's socket buffers, which swallow the first
  megabytes, are not counted. Servers told unequal numbers of ticks in the same time.
- Both GraphQL peers tell who is behind the newest board, so that nothing queues there.
- Peers are told the board as it stands; only ours has throttles, filters, lag and ages
  to keep.
"""

Cell = Callable[[Row], str]


def document(header: str, rounds: Rounds) -> str:
    """Return the whole page for the rows of each round by part and server."""
    reached = goals(rounds)
    sections = [_INTRODUCTION.rstrip(), header]
    if reached:
        lines = [[g.text, g.shown, g.delivery, g.by_cpu, g.verdict] for g in reached]
        heads = ["goal, side by side in this run", "found", "delivery alone", "by CPU"]
        heads.append("reached")
        sections.append("## Goals\n\n" + grid(heads, lines))
    sections.append("![delivered per second](image/fanout.png)")
    for part in PARTS:
        if rounds.get(part.name):
            sections.append(f"## {part.title}\n\n{_part(part.name, rounds[part.name])}")
    return "\n\n".join([*sections, "## How to read it\n\n" + _NOTES])


def _part(name: str, servers: Mapping[str, Sequence[Row]]) -> str:
    columns = _COLUMNS.get(name, _SATURATION)
    lines = []
    for server, rows in servers.items():
        if rows:
            told = middle(rows)
            lines.append([SHOWN[server], *(cell(told) for cell in columns.values())])
    table = grid(["", *columns], lines)
    members = next((r[0].get("members") for r in servers.values() if r), None)
    range_ = _range(servers)
    size = f"{number(members, 1)} members. " if members else ""
    above = f"{size}{range_}".strip()
    return f"{above}\n\n{table}" if above else table


def _range(servers: Mapping[str, Sequence[Row]]) -> str:
    ours = servers.get("ours", ())
    found = spread(ours, "cpu_us") if len(ours) > 1 else None
    if found is None:
        return ""
    return f"CPU µs of ours by round: {number(found[0])} to {number(found[1])}."


def _of(key: str, digits: int = 3) -> Cell:
    return lambda row: number(row.get(key), digits)


def _percent(key: str) -> Cell:
    return lambda row: percent(row.get(key))


def _latency(before: str = "") -> Cell:
    keys = (f"{before}p50_ms", f"{before}p99_ms")
    return lambda row: " / ".join(number(row.get(key), 2) for key in keys)


def _making(row: Row) -> str:
    return number(ratio(row.get("made_cpu_s"), _thousandth(row.get("ticks"))), 2)


def _thousandth(value: float | None) -> float | None:
    return None if value is None else value / 1000


_CPU: dict[str, Cell] = {
    "CPU µs": _of("cpu_us"),
    "delivery µs": _of("delivery_us"),
}
_SATURATION: dict[str, Cell] = {
    "delivered/s": _of("per_second"),
    "of a core": _percent("core"),
    **_CPU,
    "making an event, ms": _making,
    "p50 / p99 ms": _latency(),
    "client µs": _of("client_us"),
    "bytes": _of("frame_bytes"),
}
_COLUMNS: dict[str, dict[str, Cell]] = {
    "paced": {
        "delivered": _percent("share"),
        "of a core": _percent("core"),
        **_CPU,
        "p50 / p99 ms": _latency(),
    },
    "memory": {"KB per subscriber": _of("kb"), "seconds to open": _of("opened_s")},
    "silent": {
        "MB grown per silent member": _of("mb"),
        "ticks told": _of("ticks"),
        "let go": _of("let_go"),
    },
    "crowd": {
        "p50 / p99 ms": _latency(),
        "alone": _latency("alone_"),
        "of a core": _percent("core"),
        "alone, of a core": _percent("alone_core"),
        "resident MB": _of("rss_mb"),
    },
}
