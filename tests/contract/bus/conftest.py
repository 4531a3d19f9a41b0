"""Buses that are held to one contract: the one in memory, and a real NATS server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from adapters.memory.board_bus import MemoryBoardBus, MemoryRow
from adapters.nats.board_bus import NatsBoardBus
from bench.nats_server import NatsServer, run_nats
from domain.ports.board_bus import BoardBus

_names = count(1)


@dataclass
class Buses:
    """Makes connections to one bus, and closes them all."""

    make: Callable[[], BoardBus]
    open: list[BoardBus] = field(default_factory=list)

    def connect(self) -> BoardBus:
        """Return one more connection."""
        bus = self.make()
        self.open.append(bus)
        return bus


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server for the whole module; each test has a board of its own name on it."""
    with run_nats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(params=["memory", "nats"])
async def buses(request: pytest.FixtureRequest) -> AsyncIterator[Buses]:
    """A bus on which nothing was ever told."""
    if request.param == "memory":
        row = MemoryRow()
        made = Buses(lambda: MemoryBoardBus(row))
    else:
        server: NatsServer = request.getfixturevalue("nats")
        name = f"board{next(_names)}"
        made = Buses(lambda: NatsBoardBus(server.url, name))
    yield made
    await asyncio.gather(*(bus.close() for bus in made.open))
