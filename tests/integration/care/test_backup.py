"""`kimp backup` and `kimp restore` on servers of one's own."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.database import Database
from app.failure import CommandFailed
from tests.integration.care.conftest import Command, using


def test_a_backup_comes_back_in_another_database(
    filled: str,
    other_url: str,
    command: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(filled, "backup") == 0
    [file] = tmp_path.glob("kimp-*.dump")
    said = capsys.readouterr().out
    assert str(file) in said
    assert " kB, 19 tables, schema " in said
    assert command(other_url, "restore", str(file)) == 0
    lines = capsys.readouterr().out.splitlines()[1:-1]
    rows = {name: told for name, *told in map(str.split, lines)}
    assert rows["premium_minute"] == ["0", "120"]
    assert rows["coin"] == ["0", "2"]
    with pytest.raises(CommandFailed, match=r"has data \(candle, coin, .*--force"):
        command(other_url, "restore", str(file))
    assert command(other_url, "restore", str(file), "--force") == 0


def test_a_database_in_use_is_not_restored(
    filled: str, command: Command, tmp_path: Path
) -> None:
    assert command(filled, "backup", "x.dump") == 0
    with asyncio.Runner() as runner:
        beside = Database(filled)
        runner.run(beside.ping())
        with pytest.raises(CommandFailed, match=r"1 connections\): stop `kimp serve`"):
            command(filled, "restore", "x.dump", "--force")
        runner.run(beside.close())


def test_a_database_of_a_newer_version_is_not_restored(
    filled: str, other_url: str, command: Command
) -> None:
    assert command(filled, "backup", "x.dump") == 0

    async def newer(database: Database) -> None:
        async with database.transaction() as connection:
            statement = text("UPDATE alembic_version SET version_num = '9999'")
            await connection.execute(statement)

    using(other_url, newer)
    with pytest.raises(CommandFailed, match=r"newer version \(schema 9999\)"):
        command(other_url, "restore", "x.dump", "--force")


def test_what_cannot_be_is_one_line(command: Command, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="there is no such file"):
        command("postgresql://127.0.0.1:9/kimp", "restore", "none")
    with pytest.raises(CommandFailed, match="no connection"):
        command("postgresql://127.0.0.1:9/kimp", "backup", "x")
    with pytest.raises(CommandFailed, match="KIMP_DATABASE__URL"):
        command("postgresql://127.0.0.1", "backup", "x")
    with pytest.raises(CommandFailed, match="no database in"):
        command("", "backup", "x")
    assert not list(tmp_path.iterdir())
