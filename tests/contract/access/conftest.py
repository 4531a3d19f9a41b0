"""What is held to the contract of keys: the twin in memory and the real one."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.memory.key_repository import MemoryKeyRepository
from adapters.memory.store import MemoryStore
from adapters.postgres.database import Database
from adapters.postgres.key_repository import PostgresKeyRepository
from domain.ports.key_store import KeyRepository

NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"
Keys = Callable[[], KeyRepository]


@pytest.fixture
async def keys(store_url: str | None) -> AsyncIterator[Keys]:
    """Makes repositories over one fresh store; each call is another process."""
    if store_url is None:
        store = MemoryStore()
        yield lambda: MemoryKeyRepository(store)
        return
    database = Database(store_url)
    yield lambda: PostgresKeyRepository(database)
    await database.close()


@pytest.fixture(params=["memory", "postgres"])
async def lost_keys(request: pytest.FixtureRequest) -> AsyncIterator[KeyRepository]:
    """A repository whose store nobody reaches."""
    if request.param == "memory":
        yield MemoryKeyRepository(MemoryStore(down="gone"))
        return
    database = Database(NOWHERE)
    yield PostgresKeyRepository(database)
    await database.close()
