import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from adapters.recording.checksum import verify
from adapters.recording.event import Answer, End, Frame
from adapters.recording.reader import read
from app.cli import EXIT_FAILED
from tests.simulated_venues import told_settings

LIMIT_S = 60.0
Kimp = Callable[..., subprocess.Popen[str]]


def frames_in(path: Path) -> int:
    """Count the frames of a file while it may still be written."""
    warnings: list[str] = []
    return sum(isinstance(each.event, Frame) for each in read(path, warnings.append))


def until_recorded(folder: Path, child: subprocess.Popen[str]) -> Path:
    """Wait until an unfinished file has frames of a few flushes; return it."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        assert child.poll() is None, child.communicate()
        for path in folder.glob("*.part"):
            if frames_in(path) > 200:
                return path
        time.sleep(0.1)  # another process: there is nothing to await
    raise AssertionError("nothing was recorded")


@pytest.mark.slow
def test_a_killed_recorder_leaves_a_file_that_reads_and_plays(
    kimp: Kimp,
    venues: Mapping[str, str],
    tmp_path: Path,
) -> None:
    child = kimp("record", env=dict(venues))
    path = until_recorded(tmp_path / "recordings", child)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=LIMIT_S)
    frames = frames_in(path)
    assert frames > 200
    check = kimp("replay", str(path), "--check")
    told, _ = check.communicate(timeout=LIMIT_S)
    assert check.returncode == 0, told
    assert "cut off here" in told
    assert "rejects: none" in told
    player = kimp("replay", str(path), "--speed", "0")
    again = kimp(
        "record",
        *("--out", str(tmp_path / "again"), "--venues", "upbit"),
        env=told_settings(player),
    )
    out, warned = player.communicate(timeout=LIMIT_S)
    assert player.returncode == 0
    assert f"{path}:" in warned
    assert "cut off here" in warned
    assert "replayed 1 files: frames " in out
    again.send_signal(signal.SIGTERM)
    out, _ = again.communicate(timeout=LIMIT_S)
    assert again.returncode == 0
    assert "kimp: recorded " in out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_file(
    kimp: Kimp, venues: Mapping[str, str], tmp_path: Path, number: int
) -> None:
    folder = tmp_path / "given folder"
    child = kimp(
        "record", "--out", str(folder), "--markets", "btc,eth,xrp", env=dict(venues)
    )
    until_header(folder)
    child.send_signal(number)
    out, _ = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 0
    assert "in 1 files" in out
    (path,) = folder.glob("*.jsonl.gz")
    assert verify(path)
    warnings: list[str] = []
    events = [each.event for each in read(path, warnings.append)]
    assert warnings == []
    assert isinstance(events[-1], End)
    assert events[-1].reason == "signal"


def until_header(folder: Path) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if any(path.stat().st_size for path in folder.glob("*.part")):
            return
        time.sleep(0.05)  # another process: there is nothing to await
    raise AssertionError("no file was begun")


@pytest.mark.slow
def test_its_time_ends_it_with_rotated_files_and_a_progress_line(
    kimp: Kimp, venues: Mapping[str, str], tmp_path: Path
) -> None:
    words = ("--minutes", "0.2", "--rotate-minutes", "0.05", "--keep-gb", "1")
    child = kimp("record", *words, env=dict(venues))
    out, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == 0
    assert "frames, binance " in err
    paths = sorted((tmp_path / "recordings").glob("*.jsonl.gz"))
    assert len(paths) > 1
    assert f"in {len(paths)} files" in out
    warnings: list[str] = []
    for path in paths:
        assert verify(path)
        kinds = {type(each.event) for each in read(path, warnings.append)}
        assert {Answer, End} <= kinds
    assert warnings == []


def small_disk() -> None:
    """Let no file grow beyond 60 kB, as a full disk would."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


@pytest.mark.slow
def test_a_disk_that_takes_no_more_stops_it_with_one_line(
    kimp: Kimp, venues: Mapping[str, str], tmp_path: Path
) -> None:
    # The files of a measurement would not fit either.
    env = {**venues, "COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}
    child = kimp("record", env=env, before=small_disk)
    _, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == EXIT_FAILED
    (alarm,) = [line for line in err.splitlines() if "recording stopped" in line]
    assert "File too large" in alarm
    assert "kept: 0 finished files and kimp-" in alarm
    assert "Traceback" not in err
    (part,) = (tmp_path / "recordings").glob("*.part")
    warnings: list[str] = []
    assert list(read(part, warnings.append))
    assert "cut off" in warnings[0]


def test_a_folder_that_cannot_be_written_ends_it_at_once(
    kimp: Kimp, venues: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    child = kimp("record", "--out", str(tmp_path / "file" / "x"), env=dict(venues))
    _, err = child.communicate(timeout=LIMIT_S)
    assert child.returncode == EXIT_FAILED
    assert "Not a directory; kept: 0 finished files" in err


@pytest.mark.slow
def test_a_replay_nobody_watches_ends_with_a_signal(
    kimp: Kimp,
    venues: Mapping[str, str],
    tmp_path: Path,
) -> None:
    child = kimp("record", "--minutes", "0.1", env=dict(venues))
    child.communicate(timeout=LIMIT_S)
    files = [str(path) for path in (tmp_path / "recordings").glob("*.gz")]
    player = kimp("replay", *files, "--port", "0", "--loop")
    told_settings(player)
    player.send_signal(signal.SIGTERM)
    out, _ = player.communicate(timeout=LIMIT_S)
    assert player.returncode == 0
    assert "frames none" in out
