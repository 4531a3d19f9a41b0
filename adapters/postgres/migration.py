"""The schema, brought up to date where it is not.

Migrations only expand: the program before a revision goes on working with the schema
after it, so servers are replaced one by one. There is no way back down.

Whether there is anything to do is asked without alembic; the work is done by a process
of its own, `upgrade`, so that a server does not carry alembic's memory for ever.
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import NullPool, text

import migrations
from adapters.postgres.database import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S
from adapters.postgres.dial import engine_of
from adapters.postgres.translation import translated
from adapters.postgres.url import DatabaseUrl, parse_url
from domain.model.error import StoreUnavailable

URL_VARIABLE = "KIMP_DATABASE__URL"
# The first major version whose UNIQUE can take two nulls for equal (listing.since).
OLDEST_SERVER = 15
# For the whole of it, waiting for other processes included. Past it: StoreUnavailable;
# finished revisions stay.
UPGRADE_TIMEOUT_S = 600.0
# For the process that does the work to say goodbye to the server when it is told to
# end. Past it: killed, and the server finds out by itself.
STOP_TIMEOUT_S = 2.0
EXIT_FAULT = 1
EXIT_AWAY = 3
# `0001_latest_values.py` is revision 0001; the last one is the newest.
REVISIONS = sorted(
    path.name.partition("_")[0]
    for path in Path(migrations.__path__[0], "versions").glob("[0-9]*_*.py")
)

_log = logging.getLogger(__name__)


class SchemaTooNew(Exception):
    """The database was migrated by a newer version of this program."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the database was written by a newer version (schema {revision}): "
            "install that version, or use another database"
        )
        self.revision = revision


class MigrationFailed(Exception):
    """A revision cannot be done on this database; says why."""


async def migrate(url: str) -> None:
    """Bring the schema to the newest revision; does nothing where it is there.

    While another process is at it, this one waits and finds it done.

    Raises:
        MalformedDatabaseUrl: the address cannot be meant.
        StoreUnavailable: the database is away, or a lock was not had in time.
        SchemaTooNew: the database has a revision that this program does not know.
        MigrationFailed: something else went wrong; nothing of that revision is done.
    """
    address = parse_url(url)
    with translated():
        async with asyncio.timeout(CONNECT_TIMEOUT_S + ANSWER_TIMEOUT_S):
            revision = await _revision(address)
    if revision == REVISIONS[-1]:
        return
    if revision is not None and revision not in REVISIONS:
        raise SchemaTooNew(revision)
    try:
        async with asyncio.timeout(UPGRADE_TIMEOUT_S):
            await _upgrade(address)
    except TimeoutError as exc:
        raise StoreUnavailable("the migration was not done in time") from exc
    except OSError as exc:
        raise MigrationFailed(f"no process for the migration: {exc}") from exc
    _log.info("database.migrated", extra={"was": revision, "is": REVISIONS[-1]})


async def _revision(address: DatabaseUrl) -> str | None:
    """Return the revision of the database, None where it has none.

    Raises:
        MigrationFailed: the server is too old.
    """
    engine = engine_of(lambda: address, CONNECT_TIMEOUT_S, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            major = int((connection.dialect.server_version_info or (0,))[0])
            if major < OLDEST_SERVER:
                raise MigrationFailed(
                    f"PostgreSQL {OLDEST_SERVER} or newer is needed, this is {major}"
                )
            table = text("SELECT to_regclass('alembic_version')")
            if (await connection.execute(table)).scalar_one() is None:
                return None
            version = text("SELECT max(version_num) FROM alembic_version")
            revision: str | None = (await connection.execute(version)).scalar_one()
            return revision
    finally:
        await engine.dispose()


async def _upgrade(address: DatabaseUrl) -> None:
    """Run `upgrade` to its end, or end it when cancelled: its revision is undone."""
    # The address holds a password, so it goes by the environment, which only we see.
    environment = {**os.environ, URL_VARIABLE: address.dsn}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "adapters.postgres.upgrade"),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        # Ctrl+C is for us, and we end it in order.
        start_new_session=True,
    )
    try:
        _, printed = await process.communicate()
    finally:
        await _end(process)
    if process.returncode:
        told = printed.decode("utf-8", "replace").strip().rpartition("\n")[2]
        away = process.returncode == EXIT_AWAY
        raise (StoreUnavailable if away else MigrationFailed)(told)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Make sure that the process has ended, politely at first."""
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
