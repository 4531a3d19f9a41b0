"""A data folder of another PostgreSQL release, as whoever starts us sees it."""

from pathlib import Path

import pytest

from tests.e2e.care.conftest import Run


@pytest.fixture
def data(run: Run, tmp_path: Path) -> Path:
    """A data folder with a database in it."""
    assert run(tmp_path / "data", "migrate").returncode == 0
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("written", "way"),
    [
        ("17", ["`kimp backup kimp.dump`", "`KIMP_DATA_DIR=", "kimp restore kimp."]),
        ("99", ["Go on with the newer kimchi-premium that wrote it"]),
    ],
)
def test_every_command_refuses_it_with_one_line_that_says_what_to_run(
    data: Path, run: Run, written: str, way: list[str]
) -> None:
    cluster = data / "postgres/server/cluster"
    (cluster / "PG_VERSION").write_text(f"{written}\n")
    days = ("--from", "2026-01-01", "--to", "2026-01-01", "--format", "csv")
    for command in (("serve",), ("backup",), ("export", *days)):
        ran = run(data, *command)
        assert ran.returncode == 1
        [line] = [line for line in ran.stderr.splitlines() if line[:6] == "kimp: "]
        assert f"was written by PostgreSQL {written}, this is PostgreSQL" in line
        assert all(words in line for words in way)
    assert (cluster / "PG_VERSION").read_text() == f"{written}\n"
