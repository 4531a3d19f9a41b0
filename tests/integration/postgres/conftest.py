"""Databases with and without tables, and a network that can be made to fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from adapters.postgres.database import Database

if TYPE_CHECKING:
    from tests.conftest import PostgresServer

CHUNK_BYTES = 65_536


class Network:
    """Forwards TCP connections to the server's socket; `freeze` stops the bytes.

    A frozen network is the worst kind of failure: nothing is refused, nothing comes.
    """

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def freeze(self) -> None:
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def listen(self) -> None:
        """Take connections, on the same port as before."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def hang_up(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        await self.listen()
        try:
            yield
        finally:
            await self.hang_up()

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_unix_connection(self.socket)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._pump(reader, back))
                    group.create_task(self._pump(there, writer))
            finally:
                back.close()
        writer.close()

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                await self._flowing.wait()
                target.write(data)
                await target.drain()
            target.close()


@pytest.fixture
async def network(postgres_url: str) -> AsyncIterator[Network]:
    query = make_url(postgres_url).query
    network = Network(f"{query['host']}/.s.PGSQL.{query['port']}")
    async with network.serving():
        yield network


@pytest.fixture
def distant_url(network: Network, postgres_url: str) -> str:
    """The URL of a fresh database behind the network."""
    url = make_url(postgres_url)
    return f"postgresql://{url.username}@127.0.0.1:{network.port}/{url.database}"


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database."""
    database = Database(postgres_url)
    yield database
    await database.close()


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with nothing in it."""
    url = postgres_server.clone(empty=True)
    yield url
    postgres_server.drop(url)
