"""What is kept of the past beside the bars: dated rates and the venues' candles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from adapters.memory.candle_archive import MemoryCandleArchive
from adapters.memory.fx_history import MemoryRateStore
from adapters.memory.store import MemoryStore
from adapters.postgres.candle_archive import PostgresCandleArchive
from adapters.postgres.database import Database
from adapters.postgres.rate_store import PostgresRateStore

if TYPE_CHECKING:
    from domain.ports.candle_archive import CandleArchive
    from domain.ports.fx_history import RateStore

NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"


@dataclass(frozen=True, slots=True)
class Past:
    rates: RateStore
    candles: CandleArchive


@asynccontextmanager
async def in_postgres(url: str) -> AsyncIterator[Past]:
    database = Database(url)
    yield Past(PostgresRateStore(database), PostgresCandleArchive(database))
    await database.close()


def in_memory(store: MemoryStore) -> Past:
    return Past(MemoryRateStore(store), MemoryCandleArchive(store))


@pytest.fixture
async def past(store_url: str | None) -> AsyncIterator[Past]:
    """A fresh, empty store."""
    if store_url is None:
        yield in_memory(MemoryStore())
        return
    async with in_postgres(store_url) as made:
        yield made


@pytest.fixture(params=["memory", "postgres"])
async def lost_past(request: pytest.FixtureRequest) -> AsyncIterator[Past]:
    """A store that nobody reaches."""
    if request.param == "memory":
        yield in_memory(MemoryStore(down="gone"))
        return
    async with in_postgres(NOWHERE) as made:
        yield made
