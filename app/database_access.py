"""The database as it is: opened without bringing its schema up to date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.postgres.database import Database
from adapters.postgres.embedded import ClusterUnusable, bin_dir
from app.failure import CommandFailed
from app.settings import Settings
from app.store import open_database


def client_programs() -> Path:
    """Return the folder of PostgreSQL's programs; looks through the file system.

    Raises:
        CommandFailed: there is none.
    """
    try:
        return bin_dir()
    except ClusterUnusable as exc:
        raise CommandFailed(str(exc)) from exc


@asynccontextmanager
async def open_as_it_is(settings: Settings) -> AsyncIterator[Database]:
    """Open the configured database, or the embedded one, beside whoever uses it.

    Raises:
        CannotStart: a malformed URL, or an embedded cluster that cannot be used.
    """
    database, embedded = await open_database(settings)
    try:
        yield database
    finally:
        await database.close()
        if embedded is not None:
            await embedded.stop()
