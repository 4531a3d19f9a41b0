"""`kimp replay` as far as it needs no network: what it refuses and how it checks."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.recording.event import Answer, Frame, Header, encode
from adapters.recording.writer import RecordingWriter
from app.cli import EXIT_FAILED, main

TRADE = '{"ty":"trade","cd":"KRW-BTC","tp":1.0,"tv":1,"ttms":1618678262000}'
START_US = 1_795_248_301_000_000


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    def make(*texts: str) -> Path:
        header = Header(at=0, software="test", started_at="", part=0, venues={})
        writer = RecordingWriter(tmp_path, header, now_us=lambda: START_US)
        writer.open([Answer(at=1, venue="upbit", path="/v1/x", text="[]")])
        for text in texts:
            frame = Frame(at=START_US, venue="upbit", connection=1, text=text)
            writer.write(encode(frame), 1)
        writer.close("test")
        return writer.finished[0]

    return make


def check(*paths: Path) -> int:
    return main(["replay", *map(str, paths), "--check"])


def test_a_good_file_is_told_with_its_counts(
    recorded: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(TRADE)
    assert check(path) == 0
    told = capsys.readouterr().out
    assert f"{path}: checksum well" in told
    assert "upbit: 1 frames, 1 quotes" in told


def test_a_frame_nobody_can_read_fails_the_check(
    recorded: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(recorded("oops", TRADE)) == EXIT_FAILED
    told = capsys.readouterr().out
    assert "rejects: 1 malformed" in told
    assert "first malformed: " in told


def test_every_file_is_checked_even_after_a_bad_one(
    recorded: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, gone = recorded(TRADE), tmp_path / "gone"
    assert check(gone, good) == EXIT_FAILED
    told = capsys.readouterr()
    assert f"{gone}:0: No such file" in told.err
    assert f"{good}: checksum well" in told.out


def test_a_changed_file_is_neither_checked_well_nor_played(
    recorded: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(TRADE)
    path.write_bytes(path.read_bytes() + b"\n")
    assert check(path) == EXIT_FAILED
    assert "checksum mismatch" in capsys.readouterr().err
    assert main(["replay", str(path)]) == EXIT_FAILED
    assert f"kimp: {path}: checksum mismatch" in capsys.readouterr().err


def test_a_truncated_file_of_a_finished_name_fails_the_check(
    recorded: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = recorded(TRADE).read_bytes()[:-30]
    copied = tmp_path / "copied.jsonl.gz"
    copied.write_bytes(data)
    assert check(copied) == EXIT_FAILED
    assert "cut off here" in capsys.readouterr().out
    left = tmp_path / "left.jsonl.gz.part"
    left.write_bytes(data)
    assert check(left) == 0


@pytest.mark.parametrize("words", [[], ["--speed", "0"]])
def test_a_malformed_line_is_told_by_file_and_line(
    recorded: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: list[str],
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"oops\n")
    assert main(["replay", str(path), *words]) == EXIT_FAILED
    assert f"kimp: {path}:1: no line of a recording" in capsys.readouterr().err


def test_a_recording_without_frames_is_not_played(
    recorded: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(recorded())]) == EXIT_FAILED
    assert "nothing to play" in capsys.readouterr().err


def test_a_missing_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(tmp_path / "gone")]) == EXIT_FAILED
    assert "gone" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(
    recorded: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = ["replay", str(recorded(TRADE)), "--port", port]
        assert main(words) == EXIT_FAILED
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
