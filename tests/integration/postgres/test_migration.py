"""Migrations: the sum of the revisions is the schema, and one process at a time."""

from __future__ import annotations

import ast
import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import NullPool, make_url, text

import migrations
from adapters.postgres import migration
from adapters.postgres.database import CONNECT_TIMEOUT_S, Database, engine_of
from adapters.postgres.migration import LOCK_KEY, SchemaTooNew, migrate
from adapters.postgres.table import Row
from adapters.postgres.url import MalformedDatabaseUrl, parse_url
from domain.model.error import StoreUnavailable

if TYPE_CHECKING:
    from tests.conftest import PostgresServer

REPOSITORY = Path(__file__).parents[3]
FOLDER = Path(migrations.__path__[0])
LIMIT_S = 60.0
COLUMNS = """
SELECT table_name, ordinal_position, column_name, data_type, udt_name, is_nullable,
       numeric_precision, column_default, is_identity, identity_generation
FROM information_schema.columns WHERE table_schema = 'public'
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
INDEXES = (
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname='public'"
)
OPTIONS = """
SELECT relname, reloptions::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""
CONTRACTING = (
    "drop", "rename", "alter_column", "execute", "batch_alter_table", "bulk_insert",
    "create_check_constraint", "create_unique_constraint", "create_foreign_key",
)  # fmt: skip


@pytest.fixture
def empty_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with nothing in it."""
    url = postgres_server.clone(empty=True)
    yield url
    postgres_server.drop(url)


async def ask(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(parse_url(url).dsn)
    try:
        return sorted(map(tuple, await connection.fetch(query)), key=repr)
    finally:
        await connection.close()


async def schema(url: str) -> list[tuple[object, ...]]:
    rows = []
    for query in (COLUMNS, CONSTRAINTS, INDEXES, OPTIONS):
        rows += [row for row in await ask(url, query) if row[0] != "alembic_version"]
    return rows


async def alembic(
    *arguments: str, url: str | None = None, folder: Path = REPOSITORY
) -> tuple[int, str]:
    """Run the command as a developer does; its exit code and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    environment.pop("KIMP_DATABASE__URL", None)
    if url is not None:
        environment["KIMP_DATABASE__URL"] = url
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alembic", *arguments),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def test_the_sum_of_the_revisions_is_the_schema_of_the_tables(
    empty_url: str, postgres_url: str
) -> None:
    engine = engine_of(parse_url(empty_url), CONNECT_TIMEOUT_S, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(Row.metadata.create_all)
    await engine.dispose()
    made, migrated = await schema(empty_url), await schema(postgres_url)
    assert len(made) > 50
    assert migrated == made


async def test_alembic_finds_nothing_to_do(postgres_url: str) -> None:
    code, printed = await alembic("check", url=postgres_url)
    assert "No new upgrade operations detected" in printed
    assert code == 0


async def test_alembic_finds_what_differs(postgres_url: str) -> None:
    await ask(postgres_url, "ALTER TABLE coin DROP COLUMN icon_url")
    code, printed = await alembic("check", url=postgres_url)
    assert "icon_url" in printed
    assert code != 0


async def test_a_second_time_there_is_nothing_to_do(empty_url: str) -> None:
    await migrate(empty_url)
    before = await schema(empty_url)
    await migrate(empty_url)
    assert await schema(empty_url) == before
    assert len(await ask(empty_url, "SELECT * FROM alembic_version")) == 1


async def test_several_at_once_in_one_process_take_turns(empty_url: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert len(await ask(empty_url, "SELECT * FROM alembic_version")) == 1


async def test_of_two_processes_one_does_it_and_the_other_finds_it_done(
    empty_url: str,
) -> None:
    outcomes = await asyncio.gather(
        *(alembic("upgrade", "head", url=empty_url) for _ in range(2))
    )
    assert [code for code, _ in outcomes] == [0, 0]
    ran = ["Running upgrade" in printed for _, printed in outcomes]
    assert sorted(ran) == [False, True]


async def test_who_waits_too_long_for_another_process_gives_up(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "LOCK_TIMEOUT_S", 0.2)
    other = await asyncpg.connect(parse_url(empty_url).dsn)
    try:
        await other.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
        with pytest.raises(StoreUnavailable, match="in use"):
            await migrate(empty_url)
        assert await schema(empty_url) == []
        await other.execute(f"SELECT pg_advisory_unlock({LOCK_KEY})")
        await migrate(empty_url)
    finally:
        await other.close()


async def test_a_cancelled_migration_leaves_the_turn_and_the_lock_to_others(
    empty_url: str,
) -> None:
    other = await asyncpg.connect(parse_url(empty_url).dsn)
    try:
        await other.execute(f"SELECT pg_advisory_lock({LOCK_KEY})")
        waiting = asyncio.create_task(migrate(empty_url))
        queued = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with asyncio.timeout(LIMIT_S):
            while not await other.fetch(queued):
                pass
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    finally:
        await other.close()
    async with asyncio.timeout(LIMIT_S):
        await migrate(empty_url)


async def test_a_schema_of_a_newer_version_is_refused_in_one_line(
    postgres_url: str,
) -> None:
    await ask(postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="newer version") as caught:
        await migrate(postgres_url)
    assert caught.value.revision == "9999"
    assert "\n" not in str(caught.value)
    await ask(postgres_url, "UPDATE alembic_version SET version_num = '0001'")
    await migrate(postgres_url)


async def test_a_database_that_is_away_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match="no connection"):
        await migrate("postgresql://kimp@/kimp?host=/nowhere")


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


async def test_there_is_no_way_back_down(postgres_url: str) -> None:
    before = await schema(postgres_url)
    code, printed = await alembic("downgrade", "base", url=postgres_url)
    assert code != 0
    assert "downgrade" in printed
    assert await schema(postgres_url) == before


async def test_the_command_says_what_is_missing() -> None:
    code, printed = await alembic("current")
    assert code != 0
    assert "KIMP_DATABASE__URL names the database to work on; set it" in printed


async def test_the_statements_can_be_had_without_a_database() -> None:
    code, printed = await alembic("upgrade", "head", "--sql")
    assert code == 0
    assert "CREATE TABLE latest_quote" in printed


async def test_an_installed_package_brings_its_configuration(
    tmp_path: Path, postgres_url: str
) -> None:
    # As the wheel has it: alembic.ini beside the revisions.
    installed = tmp_path / "site-packages" / "migrations"
    shutil.copytree(FOLDER, installed)
    shutil.copy(REPOSITORY / "alembic.ini", installed)
    ini = str(installed / "alembic.ini")
    code, printed = await alembic(
        "-c", ini, "current", url=postgres_url, folder=tmp_path
    )
    assert code == 0
    assert "0001 (head)" in printed


async def test_the_package_may_live_in_a_folder_of_any_name(
    tmp_path: Path, empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "100 % of: it"
    shutil.copytree(FOLDER, moved)
    monkeypatch.setattr(migrations, "__path__", [str(moved)])
    await migrate(empty_url)
    assert await ask(empty_url, "SELECT * FROM alembic_version") == [("0001",)]


def test_a_user_in_the_address_may_have_no_password(postgres_url: str) -> None:
    assert make_url(postgres_url).password is None


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "versions").glob("*.py")), ids=lambda path: path.stem
)
def test_a_revision_only_expands(path: Path) -> None:
    called = [
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "op"
    ]
    assert called
    assert [name for name in called if name.startswith(CONTRACTING)] == []
