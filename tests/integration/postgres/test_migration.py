"""Migrations: done once, by one process at a time, or refused with a reason."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from adapters.postgres import migration
from adapters.postgres import upgrade as upgrading
from adapters.postgres.database import Database
from adapters.postgres.migration import (
    EXIT_AWAY,
    REVISIONS,
    URL_VARIABLE,
    MigrationFailed,
    SchemaTooNew,
    migrate,
)
from adapters.postgres.upgrade import LOCK_KEY, upgrade
from adapters.postgres.url import MalformedDatabaseUrl, parse_url
from domain.model.error import StoreUnavailable

REPOSITORY = Path(__file__).parents[3]
LIMIT_S = 60.0
TABLES = "SELECT oid, relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"


async def ask(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(parse_url(url).dsn)
    try:
        return sorted(map(tuple, await connection.fetch(query)), key=repr)
    finally:
        await connection.close()


async def test_a_server_that_has_nothing_to_migrate_never_loads_alembic(
    postgres_url: str,
) -> None:
    code = (
        "import asyncio, sys; from adapters.postgres.migration import migrate; "
        "asyncio.run(migrate(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, postgres_url), cwd=REPOSITORY
    )
    async with asyncio.timeout(LIMIT_S):
        assert await process.wait() == 0


async def test_a_second_time_there_is_nothing_to_do(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_url)
    before = await ask(empty_url, TABLES)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    await migrate(empty_url)
    await upgrade(empty_url)
    assert await ask(empty_url, TABLES) == before
    assert len(await ask(empty_url, "SELECT * FROM alembic_version")) == 1


async def test_several_at_once_in_one_process_take_turns(empty_url: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*(upgrade(empty_url) for _ in range(4)))
    assert len(await ask(empty_url, "SELECT * FROM alembic_version")) == 1


async def test_servers_that_start_at_once_all_find_it_done(empty_url: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    assert len(await ask(empty_url, "SELECT * FROM alembic_version")) == 1


@pytest.fixture
async def locked_url(empty_url: str) -> AsyncIterator[str]:
    """A database that another process is migrating, for as long as the test runs."""
    other = await asyncpg.connect(parse_url(empty_url).dsn)
    await other.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
    yield empty_url
    await other.close()


async def test_who_waits_too_long_for_another_process_gives_up(
    locked_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(upgrading, "LOCK_TIMEOUT_S", 0.2)
    with pytest.raises(StoreUnavailable, match="in use"):
        await upgrade(locked_url)
    assert await ask(locked_url, TABLES) == []
    monkeypatch.setenv(URL_VARIABLE, locked_url)
    assert await asyncio.to_thread(upgrading.main) == EXIT_AWAY
    assert capsys.readouterr().err.startswith("what was asked for is in use")


def test_the_program_ends_well_when_it_is_done(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(URL_VARIABLE, empty_url)
    assert upgrading.main() == 0


@pytest.mark.parametrize("work", [upgrade, migrate])
async def test_a_cancelled_migration_leaves_the_lock_to_others(
    locked_url: str,
    work: Callable[[str], Coroutine[None, None, None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A busy machine may take longer to say goodbye: who is killed stays in the queue.
    monkeypatch.setattr(migration, "STOP_TIMEOUT_S", LIMIT_S)
    waiting = asyncio.create_task(work(locked_url))
    queued = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(LIMIT_S):
        while not await ask(locked_url, queued):
            pass
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        while await ask(locked_url, queued):
            pass
    assert await ask(locked_url, TABLES) == []


async def test_a_migration_that_does_not_end_by_itself_is_killed(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stubborn = tmp_path / "python"
    stubborn.write_text("#!/bin/sh\ntrap '' INT\nwhile :; do sleep 1; done\n")
    stubborn.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stubborn))
    monkeypatch.setattr(migration, "STOP_TIMEOUT_S", 0.1)
    monkeypatch.setattr(migration, "UPGRADE_TIMEOUT_S", 0.5)
    with pytest.raises(StoreUnavailable, match="not done in time"):
        await migrate(empty_url)


async def test_a_server_that_is_too_old_is_refused_in_one_line(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "OLDEST_SERVER", 99)
    with pytest.raises(MigrationFailed, match="PostgreSQL 99 or newer is needed"):
        await migrate(empty_url)


async def test_a_process_that_cannot_be_had_is_told(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(MigrationFailed, match="/nowhere/python"):
        await migrate(empty_url)


async def test_a_database_that_goes_away_meanwhile_is_unavailable(
    locked_url: str,
) -> None:
    waiting = asyncio.create_task(migrate(locked_url))
    queued = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks "
        "WHERE locktype = 'advisory' AND NOT granted"
    )
    async with asyncio.timeout(LIMIT_S):
        while not await ask(locked_url, queued):
            pass
        with pytest.raises(StoreUnavailable, match=r"broke|stopping"):
            await waiting


async def test_a_revision_that_cannot_be_done_says_why(empty_url: str) -> None:
    await ask(empty_url, "CREATE TABLE coin (symbol text)")
    with pytest.raises(MigrationFailed) as caught:
        await migrate(empty_url)
    assert 'relation "coin" already exists' in str(caught.value)
    assert "\n" not in str(caught.value)
    assert await ask(empty_url, "SELECT to_regclass('icon')") == [(None,)]


async def test_a_schema_of_a_newer_version_is_refused_in_one_line(
    postgres_url: str,
) -> None:
    await ask(postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="newer version") as caught:
        await migrate(postgres_url)
    assert caught.value.revision == "9999"
    assert "\n" not in str(caught.value)
    newest = REVISIONS[-1]
    await ask(postgres_url, f"UPDATE alembic_version SET version_num = '{newest}'")
    await migrate(postgres_url)


@pytest.mark.parametrize("work", [upgrade, migrate])
async def test_a_database_that_is_away_is_unavailable(
    work: Callable[[str], Coroutine[None, None, None]],
) -> None:
    with pytest.raises(StoreUnavailable, match="no connection"):
        await work("postgresql://kimp@/kimp?host=/nowhere")


async def test_a_malformed_address_is_refused() -> None:
    with pytest.raises(MalformedDatabaseUrl):
        await migrate("sqlite:///kimp.db")


async def test_questions_before_the_migration_are_unavailable_not_faults(
    empty_url: str,
) -> None:
    database = Database(empty_url)
    with pytest.raises(StoreUnavailable, match="kimp migrate"):
        async with database.transaction() as connection:
            await connection.execute(text("SELECT * FROM coin"))
    await database.close()
