"""A NATS server that a test may end, and start again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from adapters.nats.board_bus import NatsBoardBus
from bench.nats_server import NatsServer, run_nats


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A server of the test's own."""
    with run_nats(tmp_path) as server:
        yield server


@pytest.fixture
async def connect(nats: NatsServer) -> AsyncIterator[Callable[[], NatsBoardBus]]:
    """Makes connections, and closes them."""
    made: list[NatsBoardBus] = []

    def one(url: str = "") -> NatsBoardBus:
        made.append(NatsBoardBus(url or nats.url))
        return made[-1]

    yield one
    await asyncio.gather(*(bus.close() for bus in made))
