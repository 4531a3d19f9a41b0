"""The files under a spool."""

import os
from pathlib import Path

import pytest

from adapters.spool.folder import ASIDE, ASIDE_BYTES, SpoolFolder, trim


@pytest.fixture
def folder(tmp_path: Path) -> SpoolFolder:
    return SpoolFolder(tmp_path / "deep" / "bars", max_bytes=100)


def test_the_folder_is_made_with_the_first_file(folder: SpoolFolder) -> None:
    assert list(folder.names()) == []
    assert not folder.path.exists()
    assert folder.write("1", b"content") == 0
    assert [file.name for file in folder.path.iterdir()] == ["1.jsonl"]
    assert folder.read("1") == b"content"


def test_a_file_that_could_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder = SpoolFolder(tmp_path / "bars", max_bytes=1_000_000)
    folder.path.mkdir()
    (folder.path / "1.jsonl").mkdir()  # a name that cannot be taken
    with pytest.raises(OSError, match=r"1\.jsonl"):
        folder.write("1", b"content")
    assert [file.name for file in folder.path.iterdir()] == ["1.jsonl"]


def test_the_oldest_files_go_for_the_new_one(folder: SpoolFolder) -> None:
    for name in "123":
        folder.write(name, b"x" * 40)
    assert list(folder.names()) == ["2", "3"]
    assert folder.write("4", b"x" * 90) == 2
    assert list(folder.names()) == ["4"]


def test_half_written_files_of_the_dead_are_set_aside(folder: SpoolFolder) -> None:
    folder.write("1", b"content")
    torn, running = folder.path / "2.part", folder.path / "3.part"
    torn.write_bytes(b"con")
    running.write_bytes(b"con")
    now_s = running.stat().st_mtime
    os.utime(torn, (now_s - 61, now_s - 61))
    assert folder.set_torn_aside(now_s) == 1
    assert list(folder.names()) == ["1"]
    assert [file.name for file in (folder.path / ASIDE).iterdir()] == ["2.part"]
    assert running.exists()


def test_what_somebody_else_took_is_no_error(folder: SpoolFolder) -> None:
    folder.write("1", b"content")
    folder.remove("1")
    folder.remove("1")
    assert folder.read("1") is None
    assert folder.set_aside("1") is False


def test_what_is_set_aside_is_bounded_too(folder: SpoolFolder) -> None:
    aside = folder.path / ASIDE
    aside.mkdir(parents=True)
    large = aside / "0.jsonl"
    with large.open("wb") as file:
        file.truncate(ASIDE_BYTES)
    folder.write("1", b"content")
    assert folder.set_aside("1") is True
    assert [file.name for file in aside.iterdir()] == ["1.jsonl"]


def test_a_file_in_place_of_the_folder_holds_no_names(tmp_path: Path) -> None:
    path = tmp_path / "bars"
    path.write_text("in the way")
    assert list(SpoolFolder(path, 100).names()) == []
    assert trim(path, "", 0) == 0
