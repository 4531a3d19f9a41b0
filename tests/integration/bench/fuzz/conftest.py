"""Worlds and drivers as the fuzz bench has them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from bench.fuzz.byte_driver import ByteDriver
from bench.fuzz.connection import FakeTransport, answers_in
from bench.fuzz.finding import Findings
from bench.fuzz.oracle import Answer, Oracle
from bench.fuzz.pace import Pace
from bench.fuzz.request import Request
from bench.fuzz.world import World, open_world


def post(body: bytes, *more: tuple[str, str]) -> bytes:
    """Return a POST of JSON to `/graphql` as bytes."""
    length = ("Content-Length", str(len(body)))
    kind = ("Content-Type", "application/json")
    return Request(headers=[("Host", "here"), kind, length, *more], body=body).written()


@dataclass
class Line:
    """A connection to one world's server, without a socket."""

    driver: ByteDriver
    transport: FakeTransport

    async def say(self, *chunks: bytes) -> list[Answer]:
        """Have bytes arrive; return all answers so far."""
        for chunk in chunks:
            self.transport.feed(chunk)
            await self.settle()
        return answers_in(bytes(self.transport.out), [])

    async def settle(self) -> None:
        """Let whatever waits for nothing come to its end."""
        for _ in range(100):
            await asyncio.sleep(0)  # a turn for each task

    @property
    def tasks(self) -> int:
        """Requests that are being answered."""
        return len(self.transport.protocol.tasks)


@dataclass
class Place:
    """One world and its server's protocols."""

    world: World
    findings: Findings

    def __post_init__(self) -> None:
        pace = Pace(self.findings)
        self.driver = ByteDriver(self.world, Oracle(self.findings), pace)
        pace.close()

    def dial(self) -> Line:
        """Open a connection."""
        return Line(self.driver, self.driver.dial("192.0.2.1"))


@pytest.fixture
async def place() -> AsyncIterator[Callable[..., object]]:
    """Return the maker of places by the world's name."""
    opened: list[World] = []

    async def make(name: str = "open") -> Place:
        opened.append(await open_world(name))
        return Place(opened[-1], Findings())

    yield make
    for world in opened:
        await world.close()


@pytest.fixture
def posted() -> Callable[..., bytes]:
    """Return the writer of requests."""
    return post
