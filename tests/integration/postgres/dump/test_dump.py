"""Backups: everything comes back, or nothing changes."""

import asyncio
import os
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.client import ClientFailed
from adapters.postgres.database import Database
from adapters.postgres.dump import TABLES, DatabaseDump, DumpFacts, Unrestorable
from adapters.postgres.migration import REVISIONS, migrate
from tests.integration.postgres.dump.content import contents, fill


async def do(database: Database, statement: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(statement))


def with_version(programs: Path, folder: Path, major: int) -> Path:
    """Return the real programs, but pg_dump says it is of another release."""
    folder.mkdir()
    for name in ("psql", "pg_restore"):
        (folder / name).symlink_to(programs / name)
    (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.1'")
    (folder / "pg_dump").chmod(0o755)
    return folder


async def test_a_restored_database_equals_the_one_that_was_backed_up(
    dump: DatabaseDump, full: Database, bare: Database, programs: Path, tmp_path: Path
) -> None:
    made = await dump.back_up(tmp_path / "kimp.dump")
    copy = DatabaseDump(bare, programs)
    await copy.restore(tmp_path / "kimp.dump")
    assert made.tables == TABLES
    assert made.revision == await copy.revision() == REVISIONS[-1]
    assert await contents(bare) == await contents(full)
    assert all(rows == 1 for rows in (await copy.count_rows()).values())


async def test_a_restored_database_is_up_to_date_and_takes_more_rows(
    dump: DatabaseDump, bare: Database, programs: Path, tmp_path: Path
) -> None:
    await dump.back_up(tmp_path / "kimp.dump")
    copy = DatabaseDump(bare, programs)
    await copy.restore(tmp_path / "kimp.dump")
    await copy.analyze()
    await migrate(bare.url.dsn)
    # Numbers that the database gives itself go on after the restored ones.
    await do(bare, "INSERT INTO coin (symbol, korean_name, english_name) "
        "VALUES ('X', 'x', 'x')")  # fmt: skip
    await do(bare, "INSERT INTO listing (coin, exchange, market, base_symbol, quote, "
        "multiplier) VALUES ('X', 'UPBIT', 'KRW-X', 'X', 'KRW', 1)")  # fmt: skip
    assert (await copy.count_rows())["listing"] == 2


async def test_a_restore_takes_the_place_of_what_is_there(
    dump: DatabaseDump, full: Database, other: Database, programs: Path, tmp_path: Path
) -> None:
    await fill(other)
    await do(other, "UPDATE coin SET english_name = 'other'")
    await dump.back_up(tmp_path / "kimp.dump")
    await DatabaseDump(other, programs).restore(tmp_path / "kimp.dump")
    assert await contents(other) == await contents(full)


async def test_a_file_cut_short_changes_nothing(
    dump: DatabaseDump, other: Database, programs: Path, tmp_path: Path
) -> None:
    await do(dump._database, "INSERT INTO icon (symbol, content, media_type, "
        "source_url) SELECT i::text, decode(repeat(md5(i::text), 400), 'hex'), '', '' "
        "FROM generate_series(1, 100) i")  # fmt: skip
    await fill(other)
    before = await contents(other)
    whole = tmp_path / "kimp.dump"
    await dump.back_up(whole)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 9 // 10])
    with pytest.raises(ClientFailed):
        await DatabaseDump(other, programs).restore(whole)
    assert await contents(other) == before


async def test_a_restore_that_is_broken_off_changes_nothing(
    dump: DatabaseDump, other: Database, programs: Path, tmp_path: Path
) -> None:
    await fill(other)
    before = await contents(other)
    whole, begun = tmp_path / "kimp.dump", tmp_path / "begun"
    await dump.back_up(whole)
    os.mkfifo(begun)
    slow = with_version(programs, tmp_path / "bin", 18)
    (slow / "pg_restore").unlink()
    (slow / "pg_restore").write_text(
        f"#!/bin/sh\n'{programs}/pg_restore' \"$@\" | head -c 5000\n"
        f"echo > '{begun}'\nexec sleep 60\n"
    )
    (slow / "pg_restore").chmod(0o755)
    restoring = asyncio.create_task(DatabaseDump(other, slow).restore(whole))
    async with asyncio.timeout(30):
        await asyncio.to_thread(begun.read_text)
    restoring.cancel()
    with pytest.raises(asyncio.CancelledError):
        await restoring
    assert await contents(other) == before


async def test_a_refusal_of_the_server_changes_nothing(
    dump: DatabaseDump, other: Database, programs: Path, tmp_path: Path
) -> None:
    await fill(other)
    await do(other, "CREATE VIEW theirs AS SELECT symbol FROM coin")
    before = await contents(other)
    await dump.back_up(tmp_path / "kimp.dump")
    with pytest.raises(ClientFailed, match="other objects depend on them"):
        await DatabaseDump(other, programs).restore(tmp_path / "kimp.dump")
    assert await contents(other) == before


async def test_tables_of_others_in_the_same_database_are_left_alone(
    dump: DatabaseDump, full: Database, other: Database, programs: Path, tmp_path: Path
) -> None:
    await do(full, "CREATE TABLE theirs (x int)")
    await do(other, "CREATE TABLE theirs AS SELECT 7 AS x")
    await dump.back_up(tmp_path / "kimp.dump")
    await DatabaseDump(other, programs).restore(tmp_path / "kimp.dump")
    async with other.transaction() as connection:
        assert (await connection.execute(text("SELECT x FROM theirs"))).scalar() == 7


async def test_other_sessions_of_ours_are_seen(
    full: Database, dump: DatabaseDump
) -> None:
    assert await dump.users() == 0
    beside = Database(full.url.dsn)
    await beside.ping()
    assert await dump.users() == 1
    await beside.close()


async def test_a_database_without_our_tables_is_not_backed_up(
    bare: Database, programs: Path, tmp_path: Path
) -> None:
    empty = DatabaseDump(bare, programs)
    with pytest.raises(ClientFailed, match="no tables of ours"):
        await empty.back_up(tmp_path / "kimp.dump")
    assert await empty.revision() is None
    assert await empty.count_rows() == {}


async def test_a_server_newer_than_the_programs_is_one_clear_line(
    full: Database, programs: Path, tmp_path: Path
) -> None:
    older = with_version(programs, tmp_path / "bin", 16)
    with pytest.raises(ClientFailed, match=r"pg_dump is 16: name the programs"):
        await DatabaseDump(full, older).back_up(tmp_path / "kimp.dump")


async def test_a_file_of_a_newer_server_is_refused(dump: DatabaseDump) -> None:
    facts = DumpFacts(TABLES, REVISIONS[-1], "", server_major=99)
    with pytest.raises(Unrestorable, match="comes from PostgreSQL 99"):
        await dump.check(facts)
    await dump.check(DumpFacts(TABLES, REVISIONS[-1], "", server_major=15))


async def test_what_an_older_server_would_not_take_is_refused(
    dump: DatabaseDump, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def releases() -> tuple[int, int]:
        return 18, 16

    monkeypatch.setattr(dump, "_releases", releases)
    with pytest.raises(Unrestorable, match="programs of PostgreSQL 16 in PG_BIN"):
        await dump.check(DumpFacts(TABLES, REVISIONS[-1], "", server_major=16))


async def test_a_file_of_a_newer_schema_is_refused(
    dump: DatabaseDump, full: Database, tmp_path: Path
) -> None:
    await do(full, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unrestorable, match=r"a newer version \(schema 9999\)"):
        await dump.back_up(tmp_path / "kimp.dump")


async def test_a_file_of_something_else_is_refused(
    dump: DatabaseDump, tmp_path: Path
) -> None:
    (tmp_path / "x").write_text("no archive, but long enough to be looked at as one")
    with pytest.raises(Unrestorable, match="cannot be read as a backup"):
        await dump.read(tmp_path / "x")


async def test_a_dump_of_another_program_is_refused(
    dump: DatabaseDump, full: Database, tmp_path: Path
) -> None:
    await do(full, "ALTER TABLE alembic_version RENAME TO theirs")
    with pytest.raises(Unrestorable, match="is no backup of this program"):
        await dump.back_up(tmp_path / "kimp.dump")


async def test_programs_that_are_not_there_are_named(
    full: Database, tmp_path: Path
) -> None:
    with pytest.raises(ClientFailed, match=r"pg_dump does not run .*PG_BIN"):
        await DatabaseDump(full, tmp_path).back_up(tmp_path / "kimp.dump")


async def test_a_pg_dump_that_is_none_is_named(full: Database, tmp_path: Path) -> None:
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho hello")
    (tmp_path / "pg_dump").chmod(0o755)
    with pytest.raises(ClientFailed, match="is no pg_dump"):
        await DatabaseDump(full, tmp_path).back_up(tmp_path / "kimp.dump")
