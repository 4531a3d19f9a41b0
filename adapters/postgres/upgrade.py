"""What alembic does: its own command, and the upgrade that `migration` asks for.

Run as ``python -m adapters.postgres.upgrade`` with the address in KIMP_DATABASE__URL it
brings the schema to the newest revision. Exit codes: 0 done, 3 the database is away
(one line on stderr says why), anything else is a fault of ours.
"""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from logging.config import fileConfig
from pathlib import Path
from typing import Any

from alembic import context as command_context
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from adapters.postgres.database import CONNECT_TIMEOUT_S
from adapters.postgres.dial import engine_of
from adapters.postgres.history_table import PARTITION
from adapters.postgres.migration import EXIT_AWAY, EXIT_FAULT, URL_VARIABLE
from adapters.postgres.table import Row
from adapters.postgres.translation import translated
from adapters.postgres.url import DatabaseUrl, parse_url
from domain.model.error import StoreUnavailable

# Any number will do as long as it never changes; this one is "kimchi-p" in ASCII.
LOCK_KEY = 0x6B69_6D63_6869_2D70
# For each lock: the migration of another process, and tables that are in use. Past
# it: StoreUnavailable, nothing of the revision at hand is done.
LOCK_TIMEOUT_S = 60.0
_POLL_S = 0.02
# alembic keeps the migration at hand in globals of its modules: two in one process
# get in each other's way and hang.
_one_at_a_time = threading.Lock()


async def upgrade(url: str) -> None:
    """Bring the schema to the newest revision, in this process.

    While another process is at it, this one waits and finds it done.

    Raises:
        MalformedDatabaseUrl: the address cannot be meant.
        StoreUnavailable: the database is away, or a lock was not had in time.
    """
    address = parse_url(url)
    with translated():
        async with _turn():
            config = _config()
            script = await asyncio.to_thread(_read_scripts, config)
            async with _locked(address) as connection:
                await connection.run_sync(_upgrade, config, script)


def run_command() -> None:
    """Run what the alembic command asks for; called by migrations/env.py."""
    config = command_context.config
    if config.config_file_name is not None:
        fileConfig(config.config_file_name, disable_existing_loggers=False)
    if command_context.is_offline_mode():
        _configure(command_context, dialect_name="postgresql", literal_binds=True)
        with command_context.begin_transaction():
            command_context.run_migrations()
        return
    url = os.environ.get(URL_VARIABLE)
    if not url:
        raise CommandError(f"{URL_VARIABLE} names the database to work on; set it")
    asyncio.run(_run_command(parse_url(url)))


async def _run_command(address: DatabaseUrl) -> None:
    async with _locked(address) as connection:
        await connection.run_sync(_do_command)


def _do_command(connection: Connection) -> None:
    # Reads revisions' files as it goes: the command has this loop to itself.
    _run(connection, command_context)


def _config() -> Config:
    config = Config()
    folder = Path(migrations.__path__[0])
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _read_scripts(config: Config) -> ScriptDirectory:
    script = ScriptDirectory.from_config(config)
    # Loads every revision's module here, in a thread, and not on the event loop.
    script.get_heads()
    return script


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    while not _one_at_a_time.acquire(blocking=False):  # noqa: ASYNC110 - process-wide
        await asyncio.sleep(_POLL_S)  # until the next try
    try:
        yield
    finally:
        _one_at_a_time.release()


@asynccontextmanager
async def _locked(address: DatabaseUrl) -> AsyncIterator[AsyncConnection]:
    """Give a connection that holds the lock; the lock goes when it is closed."""
    engine = engine_of(lambda: address, CONNECT_TIMEOUT_S, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            timeout_ms = int(LOCK_TIMEOUT_S * 1000)
            await connection.execute(text(f"SET lock_timeout = {timeout_ms}"))
            await connection.execute(
                text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY}
            )
            await connection.commit()
            yield connection
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, config: Config, script: ScriptDirectory) -> None:
    def steps(heads: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        missing = script.iterate_revisions("head", heads, implicit_base=True)
        return [
            MigrationStep.upgrade_from_script(script.revision_map, revision)
            for revision in reversed(list(missing))
        ]

    with EnvironmentContext(config, script, fn=steps, destination_rev="head") as work:
        _run(connection, work)


def _run(connection: Connection, work: Any) -> None:  # noqa: ANN401 - module or object
    """Run the work: an `EnvironmentContext`, or the module that stands for it."""
    _configure(work, connection=connection)
    with work.begin_transaction():
        work.run_migrations()


def _configure(work: Any, **options: Any) -> None:  # noqa: ANN401 - or module
    work.configure(
        target_metadata=Row.metadata,
        include_name=_is_ours,
        compare_server_default=True,
        transaction_per_migration=True,
        **options,
    )


def _is_ours(name: str | None, kind: str, _: object) -> bool:
    """Whether the schema has to have it: partitions come and go with the months."""
    return not (kind == "table" and name is not None and PARTITION.fullmatch(name))


def main() -> int:
    """Upgrade the database of KIMP_DATABASE__URL; the exit code."""
    try:
        asyncio.run(upgrade(os.environ[URL_VARIABLE]))
    except StoreUnavailable as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_AWAY
    except DBAPIError as exc:
        sys.stderr.write(f"{exc.orig}\n")
        return EXIT_FAULT
    return 0


if __name__ == "__main__":
    sys.exit(main())
