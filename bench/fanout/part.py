"""What is measured, and on which servers."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from bench.fanout import market
from bench.fanout.load import Load, Run, client
from bench.fanout.server import (
    BROADCAST,
    FLOOR,
    NODE,
    OURS,
    STRAWBERRY,
    running,
)
from bench.peer import Running

EVERYBODY = (STRAWBERRY, NODE, BROADCAST, FLOOR, OURS)
GRAPHQL = (STRAWBERRY, NODE, OURS)
WARM_UP_S = 0.5
SETTLE_S = 2.0
TICKS_PER_S = 5.0

Row = dict[str, float | None]
"""What one run of a part came to, by the names of `Run` and of the part."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many members a part has, and for how long ticks are told."""

    members: int
    others: int
    seconds: float


Measure = Callable[[str, Size], Row]


@dataclass(frozen=True, slots=True)
class Part:
    """One measurement: `measure` is given a running server's name and the size.

    `others`: members beside the active ones, idle or silent.
    """

    name: str
    title: str
    members: int
    servers: tuple[str, ...]
    measure: Measure
    others: int = 0
    seconds: float = 1.0
    """Of the seconds asked for, so many times."""


def row(run: Run, **more: float | None) -> Row:
    """Return a run's figures with those computed from them."""
    return {
        **asdict(run),
        "per_second": run.per_second,
        "cpu_us": run.cpu_us,
        "delivery_us": run.delivery_us,
        "delivery_per_second": run.delivery_per_second,
        "client_us": run.client_us,
        "core": run.core,
        "frame_bytes": run.frame_bytes,
        **more,
    }


def _saturated(
    name: str, field: str, size: Size, payloads: list[dict[str, object]]
) -> Row:
    with running(name, field, "stepped") as server, client(server) as load:
        opened_s = load.open(size.members, payloads)
        load.check(payloads[0])
        load.saturate(WARM_UP_S)
        return row(load.saturate(size.seconds), opened_s=opened_s)


def board(name: str, size: Size) -> Row:
    """Tell the whole board to everybody, as fast as it goes."""
    return _saturated(name, "premiums", size, market.board_payloads())


def coin(name: str, size: Size) -> Row:
    """Tell one coin to everybody, as fast as it goes."""
    return _saturated(name, "premium", size, market.coin_payloads())


def own(name: str, size: Size) -> Row:
    """Tell each member symbols of its own, as fast as it goes."""
    return _saturated(name, "premiums", size, market.own_payloads(size.members))


def paced(name: str, size: Size) -> Row:
    """Tell the whole board at a steady pace."""
    with running(name, "premiums", "real") as server, client(server) as load:
        return _paced(load, size)


def _paced(load: Load, size: Size) -> Row:
    payloads = market.board_payloads()
    load.open(size.others, market.coin_payloads(market.QUIET), "idle")
    load.open(size.members, payloads)
    load.check(payloads[0])
    load.pace(TICKS_PER_S, 1.0)
    run = load.pace(TICKS_PER_S, size.seconds)
    due = run.ticks * run.members
    return row(run, share=run.messages / due if due else None)


def crowd(name: str, size: Size) -> Row:
    """Tell the active members beside many idle ones, and without them."""
    with running(name, "premiums", "real") as server, client(server) as load:
        found = _paced(load, size)
        found["rss_mb"] = server.rss_mb()
    with running(name, "premiums", "real") as server, client(server) as load:
        alone = _paced(load, Size(size.members, 0, size.seconds))
    return {
        **found,
        **{f"alone_{key}": alone[key] for key in ("p50_ms", "p99_ms", "core")},
    }


def memory(name: str, size: Size) -> Row:
    """Open subscribers to the board and let them be; the growth per subscriber."""
    with running(name, "premiums", "real") as server, client(server) as load:
        load.open(1, market.board_payloads())  # what the first one alone brings
        before_mb = _settled(server, load)
        opened_s = load.open(size.members, market.board_payloads(), "idle")
        grown_mb = _settled(server, load) - before_mb
    return {"kb": grown_mb * 1024 / size.members, "opened_s": opened_s}


def silent(name: str, size: Size) -> Row:
    """Tell the board while some members never read; the growth per such member."""
    payloads = market.board_payloads()
    with running(name, "premiums", "stepped") as server, client(server) as load:
        load.open(size.others, payloads, "silent")
        load.open(size.members, payloads)
        before_mb = _settled(server, load)
        run = load.saturate(size.seconds)
        grown_mb = server.rss_mb() - before_mb
    return row(run, mb=grown_mb / size.others, let_go=float(run.ended))


def _settled(server: Running, load: Load) -> float:
    load.rest(SETTLE_S)
    return server.rss_mb()


PARTS = (
    Part("board", "A board of 200 coins, saturation", 1000, EVERYBODY, board),
    Part("coin", "One coin, saturation", 1000, EVERYBODY, coin),
    Part("own", "10 own symbols each, saturation", 200, GRAPHQL, own),
    Part("paced", "The board at 5 ticks a second", 1000, EVERYBODY, paced, 0, 2.0),
    Part("memory", "Memory per idle subscriber", 2000, EVERYBODY, memory),
    Part("silent", "Members that never read", 10, EVERYBODY, silent, 20, 2.0),
    Part("crowd", "Beside 10,000 idle connections", 1000, (OURS,), crowd, 10_000, 2.0),
)


def chosen(names: Iterable[str]) -> list[Part]:
    """Return the parts of these names, all where none is named.

    Raises:
        KeyError: no part has that name.
    """
    known = {part.name: part for part in PARTS}
    return [known[name] for name in names] or list(PARTS)
