"""A recorder of latest values on a real Postgres, and what can befall that."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import make_url

from adapters.postgres.database import Database
from adapters.postgres.embedded import EmbeddedPostgres
from adapters.postgres.latest_repository import PostgresLatestRepository
from adapters.postgres.url import parse_url
from domain.services.latest_service import LatestService
from tests.conftest import SETTINGS
from tests.integration.postgres.conftest import Network
from tests.unit.domain.services import conftest as small

if TYPE_CHECKING:
    from tests.conftest import PostgresServer
    from tests.unit.domain.services.conftest import World

# Far above what any step here takes, far below what a hang takes.
LIMIT_S = 30.0
LOOK_S = 0.02
BEFORE, AFTER = Decimal("52000000"), Decimal("53000000")

world = small.world


async def until(holds: Callable[[], bool | Awaitable[bool]], what: str) -> None:
    """Return once the condition holds; fails past the limit."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                found = holds()
                if found if isinstance(found, bool) else await found:
                    return
                await asyncio.sleep(LOOK_S)  # the next look
    except TimeoutError:
        raise AssertionError(f"not within {LIMIT_S} s: {what}") from None


@asynccontextmanager
async def asking(url: str) -> AsyncIterator[Any]:
    """A connection of the operator's, past everything of ours."""
    connection = await asyncpg.connect(parse_url(url).dsn, timeout=LIMIT_S)
    try:
        yield connection
    finally:
        await connection.close(timeout=LIMIT_S)


async def stored_price(url: str, market: str = "KRW-BTC") -> Decimal | None:
    """What Postgres itself says about the last price of a market."""
    async with asking(url) as connection:
        wanted = "SELECT price FROM latest_quote WHERE market = $1"
        found: Decimal | None = await connection.fetchval(wanted, market)
        return found


async def do(url: str, *statements: str) -> None:
    """Run statements of the operator's."""
    async with asking(url) as connection:
        for statement in statements:
            await connection.execute(statement)


async def end_sessions(url: str) -> None:
    """End every session but the one that asks."""
    await do(
        url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


@dataclass
class Recorder:
    """The service over a small live market; time stands still unless told."""

    world: World
    service: LatestService
    database: Database

    def trade(self, price: Decimal) -> None:
        """Let a price of BTC be published."""
        self.world.trade("KRW-BTC", str(price))
        self.world.board.tick()

    async def save(self) -> bool:
        """Write once; bounded."""
        async with asyncio.timeout(LIMIT_S):
            return await self.service.save()

    async def save_when_possible(self) -> None:
        """Write as soon as the store takes it."""
        await until(self.save, "the store takes what waits")


Record = Callable[..., Recorder]


@pytest.fixture
async def record(world: World) -> AsyncIterator[Record]:
    """Make the recorder on a database; the first price is published."""
    databases: list[Database] = []

    def make(url: str, **bounds: float) -> Recorder:
        database = Database(url, **bounds)  # type: ignore[arg-type] # bounds of any type
        databases.append(database)
        repository = PostgresLatestRepository(database)
        service = LatestService(repository, world.board, world.clock)
        world.board.on_tick(service.note)
        world.go_live()
        world.board.tick()
        return Recorder(world, service, database)

    yield make
    for database in databases:
        await database.close()


@pytest.fixture
async def network(postgres_url: str) -> AsyncIterator[Network]:
    """The way to a fresh database over TCP; may be frozen."""
    query = make_url(postgres_url).query
    network = Network(f"{query['host']}/.s.PGSQL.{query['port']}")
    async with network.serving():
        yield network


@pytest.fixture
def distant_url(network: Network, postgres_url: str) -> str:
    """The address of that database behind the network."""
    url = make_url(postgres_url)
    return f"postgresql://{url.username}@127.0.0.1:{network.port}/{url.database}"


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with nothing in it."""
    url = postgres_server.clone(empty=True)
    yield url
    postgres_server.drop(url)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a cluster of the test's own."""
    made = Path(tempfile.mkdtemp(prefix="kimp-test-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
async def cluster(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server of the test's own, to be killed."""
    # What is committed outlives the server's death, as it does in ours.
    survives = {**SETTINGS, "synchronous_commit": "on"}
    embedded = EmbeddedPostgres(folder, settings=survives)
    await embedded.start()
    yield embedded
    await embedded.stop()
