import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.recording import reader
from adapters.recording.event import End, Frame, Header, encode
from adapters.recording.reader import UnreadableRecording, in_order, read, read_all
from adapters.recording.writer import RecordingWriter

Make = Callable[..., RecordingWriter]
MakeFrame = Callable[..., Frame]
CRYPTOFEED = b"""\
wss://api.upbit.com/websocket/v1 <-> 1618678261.681707
1618678263.010785: b'{"ty":"trade"}'
"""


@pytest.fixture
def recorded(
    make_writer: Make, put: Callable[..., None], frame: MakeFrame
) -> Callable[..., Path]:
    def make(many: int = 3) -> Path:
        writer = make_writer()
        writer.open()
        put(writer, *(frame(f"{n} {os.urandom(30).hex()}") for n in range(many)))
        writer.close("test")
        return writer.finished[-1]

    return make


def kinds(path: Path, warnings: list[str] | None = None) -> list[str]:
    told: list[str] = [] if warnings is None else warnings
    return [type(each.event).__name__ for each in read(path, told.append)]


def test_a_finished_file_is_read_from_header_to_end(
    recorded: Callable[..., Path],
) -> None:
    warnings: list[str] = []
    path = recorded()
    assert kinds(path, warnings) == ["Header", *["Frame"] * 3, "End"]
    assert [each.line for each in read(path, warnings.append)] == [1, 2, 3, 4, 5]
    assert warnings == []


def test_an_unpacked_file_and_several_streams_in_one_read_the_same(
    recorded: Callable[..., Path], tmp_path: Path
) -> None:
    path = recorded()
    lines = gzip.decompress(path.read_bytes())
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(lines)
    joined = tmp_path / "joined.gz"
    half = lines.index(b"\n") + 10
    joined.write_bytes(gzip.compress(lines[:half]) + gzip.compress(lines[half:]))
    assert kinds(plain) == kinds(joined) == kinds(path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_a_file_cut_anywhere_is_read_up_to_there_with_a_warning(
    recorded: Callable[..., Path], tmp_path: Path, share: float
) -> None:
    data = recorded(300).read_bytes()
    cut = tmp_path / "cut.jsonl.gz.part"
    cut.write_bytes(data[: int(len(data) * share)])
    warnings: list[str] = []
    found = kinds(cut, warnings)
    assert found[0] == "Header"
    assert "End" not in found
    assert set(found[1:]) <= {"Frame"}
    (warning,) = warnings
    assert warning.startswith(f"{cut}:")
    assert "cut off here" in warning


def test_whole_lines_without_an_end_are_a_cut_off_file_too(
    frame: MakeFrame, header: Header, tmp_path: Path
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(encode(header) + encode(frame()))
    warnings: list[str] = []
    assert kinds(path, warnings) == ["Header", "Frame"]
    assert len(warnings) == 1


def test_an_empty_file_holds_nothing_and_says_that_it_is_cut_off(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.jsonl.gz.part"
    path.touch()
    warnings: list[str] = []
    assert kinds(path, warnings) == []
    assert len(warnings) == 1


def test_a_malformed_line_is_named_by_file_and_line(
    frame: MakeFrame, header: Header, tmp_path: Path
) -> None:
    path = tmp_path / "x.jsonl"
    lines = [encode(header), encode(frame()), b"{oops\n", encode(frame())]
    path.write_bytes(b"".join(lines))
    with pytest.raises(UnreadableRecording, match=r"x\.jsonl:3: ") as caught:
        kinds(path)
    assert caught.value.line == 3


def test_a_file_without_header_is_no_recording(
    frame: MakeFrame, tmp_path: Path
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(encode(frame()))
    with pytest.raises(UnreadableRecording, match=":1: the first line is no header"):
        kinds(path)


def test_corrupt_compression_is_named_by_the_last_good_line(
    recorded: Callable[..., Path],
) -> None:
    path = recorded(3_000)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(UnreadableRecording, match=r":\d+: "):
        kinds(path)


def test_a_line_beyond_the_cap_is_refused(
    recorded: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_LINE_BYTES", 10)
    monkeypatch.setattr(reader, "_PIECE_BYTES", 12)
    with pytest.raises(UnreadableRecording, match=":1: a line of more than 10 bytes"):
        kinds(recorded())


def test_a_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match="gone:0: No such file"):
        kinds(tmp_path / "gone")


def test_files_are_read_in_the_order_of_their_beginnings(
    recorded: Callable[..., Path], clock: SimpleNamespace, tmp_path: Path
) -> None:
    first = recorded(1)
    clock.us += 5_000_000
    second = recorded(2)
    empty = tmp_path / "empty"
    empty.touch()
    assert in_order([second, first, empty]) == [empty, first, second]
    warnings: list[str] = []
    found = list(read_all([second, first], warnings.append))
    assert [event.lines for event in found if isinstance(event, End)] == [2, 3]


def test_an_older_recording_is_recognised_packed_or_not(tmp_path: Path) -> None:
    plain, packed = tmp_path / "UPBIT.ws.1.0", tmp_path / "UPBIT.ws.2.0.gz"
    plain.write_bytes(CRYPTOFEED)
    packed.write_bytes(gzip.compress(CRYPTOFEED))
    warnings: list[str] = []
    for path in (plain, packed):
        assert kinds(path, warnings) == ["Connected", "Frame"]
    assert warnings == []


def test_a_well_packed_file_is_unpacked_in_pieces(
    header: Header, frame: MakeFrame, tmp_path: Path
) -> None:
    path = tmp_path / "x.gz"
    long = frame("0" * 5_000_000)
    path.write_bytes(zlib_packed(encode(header) + encode(long)))
    assert kinds(path, []) == ["Header", "Frame"]


def zlib_packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()
