import errno
import gzip
import hashlib
import io
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from adapters.recording.checksum import ChecksumMismatch, sidecar, verify
from adapters.recording.event import (
    Answer,
    Connected,
    End,
    Frame,
    Header,
    decode,
)
from adapters.recording.writer import (
    RecordingStopped,
    RecordingWriter,
    WriterOptions,
)

Make = Callable[..., RecordingWriter]
Put = Callable[..., None]
MakeFrame = Callable[..., Frame]


def kinds(path: Path) -> list[str]:
    lines = gzip.decompress(path.read_bytes()).splitlines()
    return [type(decode(line)).__name__ for line in lines]


def test_an_unfinished_file_is_called_part_and_holds_all_that_was_written(
    make_writer: Make, put: Put, frame: MakeFrame
) -> None:
    writer = make_writer()
    writer.open()
    put(writer, frame("a"), frame("b"))
    part = writer.current
    assert part is not None
    assert part.name == "kimp-20261121T080501Z-0001.jsonl.gz.part"
    read = subprocess.run(["zcat", "-f", part], capture_output=True, check=False)
    # zcat says that the end is missing, and gives everything before.
    assert len(read.stdout.splitlines()) == 3
    writer.close("test")


def test_a_finished_file_ends_with_its_reason_and_has_its_checksum_beside_it(
    make_writer: Make, put: Put, frame: MakeFrame
) -> None:
    writer = make_writer()
    writer.open()
    put(writer, frame())
    writer.close("signal")
    (path,) = writer.finished
    assert path.suffix == ".gz"
    assert writer.current is None
    assert kinds(path) == ["Header", "Frame", "End"]
    end = decode(gzip.decompress(path.read_bytes()).splitlines()[-1])
    assert isinstance(end, End)
    assert (end.reason, end.lines) == ("signal", 2)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert sidecar(path).read_text() == f"{digest}  {path.name}\n"
    assert verify(path)
    assert not list(path.parent.glob("*.new"))
    assert writer.bytes_written == path.stat().st_size
    writer.close("again")
    assert len(writer.finished) == 1


def test_a_changed_file_fails_its_checksum_and_one_without_is_told_apart(
    make_writer: Make,
) -> None:
    writer = make_writer()
    writer.open()
    writer.close("test")
    (path,) = writer.finished
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ChecksumMismatch, match=r"jsonl\.gz: checksum mismatch"):
        verify(path)
    sidecar(path).write_text("")
    with pytest.raises(ChecksumMismatch, match="says nothing"):
        verify(path)
    sidecar(path).unlink()
    assert not verify(path)


def test_a_file_is_full_by_size_or_age(
    make_writer: Make, put: Put, frame: MakeFrame, clock: SimpleNamespace
) -> None:
    writer = make_writer(rotate_bytes=2_000, rotate_s=60)
    assert not writer.is_full()
    writer.open()
    assert not writer.is_full()
    clock.us += 60_000_000
    assert writer.is_full()
    writer.close("full")
    writer.open()
    assert not writer.is_full()
    put(writer, frame(os.urandom(4_000).hex()))
    assert writer.is_full()
    writer.close("full")
    assert [path.name[-13:-9] for path in writer.finished] == ["0001", "0002"]


def test_a_new_file_begins_with_what_is_carried_over(
    make_writer: Make, clock: SimpleNamespace
) -> None:
    writer = make_writer()
    writer.open(
        [
            Answer(at=1, venue="upbit", path="/x", text="[]", carried=True),
            Connected(at=2, venue="upbit", connection=1, url="wss://x", carried=True),
        ]
    )
    writer.close("test")
    assert kinds(writer.finished[0]) == ["Header", "Answer", "Connected", "End"]


def test_a_name_that_is_taken_is_passed_over(make_writer: Make) -> None:
    first, second = make_writer(), make_writer()
    first.open()
    second.open()
    assert first.current != second.current
    first.close("test")
    third = make_writer()
    third.open()
    assert len({third.current, second.current, *first.finished}) == 3
    for writer in (second, third):
        writer.close("test")


def test_the_oldest_files_go_beyond_the_cap_but_never_the_newest_or_foreign_ones(
    make_writer: Make,
    put: Put,
    frame: MakeFrame,
    clock: SimpleNamespace,
    tmp_path: Path,
) -> None:
    abandoned = tmp_path / "kimp-20251121T080501Z-0001.jsonl.gz.part"
    foreign = tmp_path / "holiday.jpg"
    for path in (abandoned, foreign):
        path.write_bytes(b"x" * 5_000)
        os.utime(path, (clock.us / 1e6 - 7_200,) * 2)
    writer = make_writer(keep_bytes=6_000)
    for _ in range(4):
        clock.us += 1_000_000
        writer.open()
        put(writer, frame(os.urandom(4_000).hex()))
        writer.close("full")
    kept = [path for path in writer.finished if path.exists()]
    assert kept == writer.finished[-1:]
    assert not abandoned.exists()
    assert foreign.exists()
    assert [path.suffix for path in tmp_path.glob("*.sha256")] == [".sha256"]


class FullDisk(io.FileIO):
    """A file on a disk with room for so many bytes."""

    def __init__(self, path: Path, room: int) -> None:
        super().__init__(path, "xb")
        self._room = room

    def write(self, data: object, /) -> int:
        size = len(bytes(data))  # type: ignore[call-overload]  # bytes come here
        if size > self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._room -= size
        return super().write(data)  # type: ignore[arg-type]  # bytes come here


@pytest.mark.parametrize("room", [0, 300])
def test_a_full_disk_stops_with_one_line_that_says_what_was_kept(
    tmp_path: Path,
    header: Header,
    frame: MakeFrame,
    put: Put,
    clock: SimpleNamespace,
    room: int,
) -> None:
    def open_file(path: Path) -> IO[bytes]:
        return FullDisk(path, room)

    writer = RecordingWriter(
        tmp_path, header, now_us=lambda: int(clock.us), open_file=open_file
    )

    def write() -> None:
        writer.open()
        put(writer, frame(os.urandom(2_000).hex()))

    with pytest.raises(RecordingStopped) as caught:
        write()
    told = str(caught.value)
    assert "No space left on device" in told
    assert "kept: 0 finished files" in told
    assert "\n" not in told
    assert writer.current is None


def test_a_file_that_cannot_be_finished_stays_readable_as_part(
    make_writer: Make, put: Put, frame: MakeFrame, tmp_path: Path
) -> None:
    writer = make_writer()
    writer.open()
    put(writer, frame())
    part = writer.current
    assert part is not None
    # Where the checksum should go there is a folder.
    (tmp_path / (part.name.removesuffix(".part") + ".sha256.new")).mkdir()
    with pytest.raises(RecordingStopped, match="up to its last flush"):
        writer.close("test")
    assert kinds(part) == ["Header", "Frame", "End"]


def test_a_folder_that_cannot_be_made_is_told(
    make_writer: Make, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    writer = make_writer(tmp_path / "file" / "folder")
    with pytest.raises(RecordingStopped, match="Not a directory"):
        writer.open()


def test_nothing_is_written_before_a_file_is_open(make_writer: Make) -> None:
    with pytest.raises(ValueError, match="no file is open"):
        make_writer().write(b"", 0)


@pytest.mark.parametrize(
    "wrong", [{"rotate_bytes": 0}, {"rotate_s": 0.0}, {"keep_bytes": 0}]
)
def test_limits_are_positive(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        WriterOptions(**wrong)
