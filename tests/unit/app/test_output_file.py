"""A file is there as a whole or not at all."""

from pathlib import Path

import pytest

from app.failure import CommandFailed
from app.output_file import whole_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_name_is_taken_at_the_end(tmp_path: Path) -> None:
    with whole_file(tmp_path / "x", force=False) as partial:
        partial.write_text("whole")
        assert not (tmp_path / "x").exists()
    assert names(tmp_path) == ["x"]
    assert (tmp_path / "x").read_text() == "whole"


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with (
        pytest.raises(ZeroDivisionError),
        whole_file(tmp_path / "x", force=True) as partial,
    ):
        partial.write_text("half" * (1 // (partial.write_text("a") - 1)))
    assert names(tmp_path) == ["x"]
    assert (tmp_path / "x").read_text() == "mine"


def test_what_is_there_is_kept_unless_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with (
        pytest.raises(CommandFailed, match=r"exists: .*--force"),
        whole_file(tmp_path / "x", force=False),
    ):
        raise AssertionError
    with whole_file(tmp_path / "x", force=True) as partial:
        partial.write_text("new")
    assert (tmp_path / "x").read_text() == "new"


@pytest.mark.parametrize(
    ("path", "why"), [(".", "is a folder"), ("none/x", "there is no folder")]
)
def test_a_place_that_cannot_be_is_said(tmp_path: Path, path: str, why: str) -> None:
    with (
        pytest.raises(CommandFailed, match=why),
        whole_file(tmp_path / path, force=True),
    ):
        raise AssertionError


def test_what_the_disk_says_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(CommandFailed, match="x: No space left"),
        whole_file(tmp_path / "x", force=False),
    ):
        raise OSError(28, "No space left on device")
