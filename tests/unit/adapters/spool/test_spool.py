"""Batches in files, where the disk is not what it should be."""

import asyncio
import errno
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from adapters.spool.folder import SpoolFolder
from adapters.spool.spool import FileBarSpool
from domain.model.bar import Bar


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bars"


@pytest.fixture
def spool(path: Path) -> FileBarSpool:
    return FileBarSpool(path, max_bytes=1_000_000)


class Hanging(SpoolFolder):
    """A disk that answers when it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 1_000_000)
        self.go = threading.Event()

    def write(self, name: str, content: bytes) -> int:
        assert self.go.wait(10)
        return super().write(name, content)

    def read(self, name: str) -> bytes | None:
        assert self.go.wait(10)
        return super().read(name)


class Failing(SpoolFolder):
    """A disk of which nothing comes, and which lets nothing go."""

    def _fail(self, *_: object, **__: object) -> NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    def names(self) -> list[str]:
        return ["1"]

    read = set_aside = remove = _fail


def block(path: Path) -> None:
    """Put a file where the folder would be."""
    path.write_text("in the way")


def unblock(path: Path) -> None:
    """Take it away."""
    path.unlink()


def half_written(path: Path) -> Path:
    """Leave what a kill leaves."""
    path.mkdir()
    torn = path / "000001767225600000-00000000-000000.part"
    torn.write_bytes(b"{")
    return torn


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


async def test_a_folder_that_cannot_be_written_is_told_once_and_when_it_ends(
    spool: FileBarSpool,
    path: Path,
    bars: list[Bar],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    block(path)
    assert [await spool.append(bars) for _ in range(3)] == [None] * 3
    assert events(caplog) == ["spool.unwritable"]
    unblock(path)
    assert await spool.append(bars) is not None
    assert events(caplog) == ["spool.unwritable", "spool.writable"]
    assert spool.waiting == 1


async def test_batches_dropped_at_the_bound_are_an_error_in_the_log(
    path: Path, bars: list[Bar], caplog: pytest.LogCaptureFixture
) -> None:
    spool = FileBarSpool(path, max_bytes=1)
    await spool.append(bars)
    await spool.append(bars)
    assert events(caplog) == ["spool.dropped"]


async def test_torn_files_are_counted_with_the_first_look(
    spool: FileBarSpool,
    path: Path,
    bars: list[Bar],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    torn = half_written(path)
    monkeypatch.setattr("adapters.spool.folder.TORN_AFTER_S", -1.0)
    assert list(await spool.names()) == []
    assert list(await spool.names()) == []
    assert (spool.damaged, events(caplog)) == (1, ["spool.damaged"])
    assert not torn.exists()


async def test_a_file_that_the_disk_does_not_give_is_not_asked_for_again(
    spool: FileBarSpool, path: Path
) -> None:
    spool._folder = Failing(path, 1)
    [name] = await spool.names()
    assert list(await spool.read(name)) == []
    assert (spool.damaged, list(await spool.names())) == (1, [])


async def test_a_file_that_the_disk_does_not_let_go_is_not_written_again(
    spool: FileBarSpool, path: Path
) -> None:
    spool._folder = Failing(path, 1)
    await spool.remove("1")
    assert list(await spool.names()) == []


async def test_a_folder_that_cannot_be_listed_is_empty(
    spool: FileBarSpool,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", fail)
    assert list(await spool.names()) == []
    assert events(caplog) == ["spool.unreadable"]


@pytest.fixture
def hanging(path: Path) -> Iterator[Hanging]:
    folder = Hanging(path)
    yield folder
    folder.go.set()


async def test_a_disk_that_hangs_holds_nobody_up(
    path: Path, bars: list[Bar], hanging: Hanging
) -> None:
    spool = FileBarSpool(path, 1_000_000, timeout_s=0.01)
    spool._folder = hanging
    assert await spool.append(bars) is None
    assert list(await spool.names()) == []  # not even asked
    hanging.go.set()
    assert spool._hung is not None
    async with asyncio.timeout(10):
        await asyncio.wait([spool._hung])
    # What it was asked for is done in the end.
    assert len(await spool.names()) == 1


async def test_a_batch_that_is_not_read_in_time_stays(
    path: Path, bars: list[Bar], hanging: Hanging
) -> None:
    name = await FileBarSpool(path, 1_000_000).append(bars)
    assert name is not None
    spool = FileBarSpool(path, 1_000_000, timeout_s=0.01)
    spool._folder = hanging
    assert list(await spool.read(name)) == []
    assert spool.damaged == 0
    assert list(await FileBarSpool(path, 1_000_000).names()) == [name]
    hanging.go.set()
