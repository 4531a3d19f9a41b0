"""A filled database, an empty one, and what backs up and restores them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.postgres.database import Database
from adapters.postgres.dump import DatabaseDump
from adapters.postgres.embedded import bin_dir
from tests.integration.postgres.dump.content import fill

if TYPE_CHECKING:
    pass


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of PostgreSQL's programs."""
    return bin_dir()


@pytest.fixture
async def full(postgres_url: str) -> AsyncIterator[Database]:
    """A database with a row in every table."""
    database = Database(postgres_url)
    try:
        await fill(database)
        yield database
    finally:
        await database.close()


@pytest.fixture
async def bare(empty_url: str) -> AsyncIterator[Database]:
    """A database with nothing in it."""
    database = Database(empty_url)
    yield database
    await database.close()


@pytest.fixture
async def other(other_url: str) -> AsyncIterator[Database]:
    """A second migrated database."""
    database = Database(other_url)
    yield database
    await database.close()


@pytest.fixture
def dump(full: Database, programs: Path) -> DatabaseDump:
    """Backs the full database up."""
    return DatabaseDump(full, programs)
