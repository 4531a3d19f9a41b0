"""`kimp backup` and `kimp restore`, beside a server and without one."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.care.conftest import Run, one_line

if TYPE_CHECKING:
    from tests.e2e.conftest import RunningServer


@pytest.fixture(scope="module")
def server_data(demo: "RunningServer") -> Path:
    """The data folder of a server that runs."""
    return demo.log.parent / "data"


def restored_rows(printed: str, column: int) -> dict[str, int]:
    """Return the rows by table before (1) or after (2) a restore."""
    rows = (line.split() for line in printed.splitlines())
    return {
        row[0]: int(row[column].replace(",", ""))
        for row in rows
        if len(row) == 3 and row[0] != "table"
    }


def test_what_is_backed_up_beside_a_server_comes_back_in_a_fresh_folder(
    server_data: Path, run: Run, tmp_path: Path
) -> None:
    backup = run(server_data, "backup")
    assert backup.returncode == 0, backup.stderr
    [file] = tmp_path.iterdir()
    assert re.fullmatch(r"kimp-\d{8}-\d{4}\.dump", file.name)
    assert str(file) in backup.stdout

    fresh = tmp_path / "fresh"
    restore = run(fresh, "restore", file.name)
    assert restore.returncode == 0, restore.stderr
    rows = restored_rows(restore.stdout, 2)
    assert rows["coin"] > 100
    assert rows["latest_quote"] > 100

    refused = run(fresh, "restore", file.name)
    assert refused.returncode == 1
    assert "the database has data (coin, " in refused.stderr
    again = run(fresh, "restore", file.name, "--force")
    assert again.returncode == 0, again.stderr
    assert restored_rows(again.stdout, 1) == restored_rows(again.stdout, 2) == rows


def test_a_restore_under_a_running_server_is_refused(
    server_data: Path, run: Run
) -> None:
    assert run(server_data, "backup", "kimp.dump").returncode == 0
    refused = run(server_data, "restore", "kimp.dump", "--force")
    assert refused.returncode == 1
    assert "stop `kimp serve`" in refused.stderr


def test_a_file_that_is_there_is_kept_unless_it_is_said(
    server_data: Path, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "kimp.dump").write_text("mine")
    assert "--force" in one_line(run(server_data, "backup", "kimp.dump"))
    assert (tmp_path / "kimp.dump").read_text() == "mine"
    assert run(server_data, "backup", "kimp.dump", "--force").returncode == 0
    assert (tmp_path / "kimp.dump").stat().st_size > 10_000
    assert [path.name for path in tmp_path.iterdir()] == ["kimp.dump"]


def test_a_folder_without_a_database_is_not_backed_up_and_not_made(
    run: Run, tmp_path: Path
) -> None:
    assert "no database in" in one_line(run(tmp_path / "none", "backup"))
    assert not list(tmp_path.iterdir())


def test_what_is_no_backup_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x" * 10_000)
    assert "cannot be read as a backup" in one_line(run(tmp_path / "d", "restore", "x"))
    assert "no such file" in one_line(run(tmp_path / "d", "restore", "y"))


def test_a_database_that_is_away_is_one_line(run: Run, tmp_path: Path) -> None:
    away = {"KIMP_DATABASE__URL": "postgresql://me:secret@127.0.0.1:9/kimp"}
    told = one_line(run(tmp_path, "backup", "kimp.dump", **away))
    assert "no connection" in told
    assert "secret" not in told
    assert not (tmp_path / "kimp.dump").exists()
