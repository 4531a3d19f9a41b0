"""One server's turn: every operation, one after the other."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from bench.query import wrk
from bench.query.operation import Operation
from bench.query.sample import Sample
from bench.query.server import BARE, Asked, running

SETTLE_S = 2.0
REST_S = 2.0
WARM_UP_S = 1
HEAT_S = 1
"""Of each operation before the first is measured: V8 needs seconds of them."""
FRESH_BETWEEN = 50_000_000
"""Documents that are counted off between the warm-up and the measurement."""

Row = dict[str, float | None]


class Measured(NamedTuple):
    """What an operation came to at a server."""

    name: str
    row: Row


def turn(
    name: str, sample: Sample, wanted: list[Operation], seconds: int
) -> Iterator[Measured]:
    """Start a server, check its answers and measure the operations.

    Raises:
        CannotBuild: its environment cannot be had.
        ServerFailed: it does not start, or an answer is an error.
        WrongAnswer: it does not answer as ours does.
        LoadFailed: the load could not be carried out.
    """
    with running(name, sample.path) as server:
        if name != BARE:
            sample.check(server)
        rest_core = _rest(server)
        for operation in wanted:
            wrk.load(server.url, operation, HEAT_S, FRESH_BETWEEN)
        for operation in wanted:
            row = measure(server, operation, seconds, rest_core)
            yield Measured(operation.name, row)


def measure(server: Asked, operation: Operation, seconds: int, rest_core: float) -> Row:
    """Return the figures of one operation at a server that runs.

    `rest_core`: what of a core it uses while nobody asks.

    Raises:
        LoadFailed: the load could not be carried out.
    """
    wrk.load(server.url, operation, WARM_UP_S)
    began_s = server.cpu_s()
    done = wrk.load(server.url, operation, seconds, 2 * FRESH_BETWEEN)
    used_s = server.cpu_s() - began_s
    server.ask(operation.bodies()[0])  # an error within a 200 is noticed here
    return {
        "per_second": done.requests / done.seconds,
        "cpu_us": used_s / done.requests * 1e6,
        "net_us": (used_s - rest_core * done.seconds) / done.requests * 1e6,
        "core": used_s / done.seconds,
        "rest_core": rest_core,
        "p50_ms": done.p50_ms,
        "p99_ms": done.p99_ms,
        "client_core": done.client_core,
        "bytes": done.bytes / done.requests,
    }


def _rest(server: Asked) -> float:
    time.sleep(SETTLE_S)  # the work before is over
    began_s, began = server.cpu_s(), time.monotonic()
    time.sleep(REST_S)  # the time measured
    return (server.cpu_s() - began_s) / (time.monotonic() - began)
