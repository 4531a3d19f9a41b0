"""What is held to the contracts: the in-memory twins and the real adapters."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from adapters.memory.store import (
    MemoryCoinRepository,
    MemoryIconRepository,
    MemoryLatestRepository,
    MemoryStore,
)
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.database import Database
from adapters.postgres.icon_repository import PostgresIconRepository
from adapters.postgres.latest_repository import PostgresLatestRepository
from domain.ports.store import CoinRepository, IconRepository, LatestRepository

NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"


@dataclass(frozen=True, slots=True)
class Stores:
    """Makes repositories over one store; each call is a server that starts anew."""

    coins: Callable[[], CoinRepository]
    latest: Callable[[], LatestRepository]
    icons: Callable[[], IconRepository]


def in_memory(store: MemoryStore) -> Stores:
    return Stores(
        coins=lambda: MemoryCoinRepository(store),
        latest=lambda: MemoryLatestRepository(store),
        icons=lambda: MemoryIconRepository(store),
    )


def in_postgres(database: Database) -> Stores:
    return Stores(
        coins=lambda: PostgresCoinRepository(database),
        latest=lambda: PostgresLatestRepository(database),
        icons=lambda: PostgresIconRepository(database),
    )


@pytest.fixture(params=["memory", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str | None:
    """None for the store in memory, else the URL of a fresh database."""
    if request.param == "memory":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def stores(store_url: str | None) -> AsyncIterator[Stores]:
    """A fresh, empty store."""
    if store_url is None:
        yield in_memory(MemoryStore())
        return
    database = Database(store_url)
    yield in_postgres(database)
    await database.close()


@pytest.fixture(params=["memory", "postgres"])
async def lost_stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    """A store that nobody reaches."""
    if request.param == "memory":
        yield in_memory(MemoryStore(down="gone"))
        return
    database = Database(NOWHERE)
    yield in_postgres(database)
    await database.close()
