"""A crew of processes: started, missed, told to end."""

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from app import worker_process
from app.failure import CommandFailed
from app.http_setting import HttpSettings
from app.settings import Settings
from app.worker_process import SIBLINGS, Crew, siblings

LIMIT_S = 30.0
SETTINGS = Settings(http=HttpSettings(port=0))


def command(text: str) -> list[str]:
    """Return the command line of a small program."""
    return [sys.executable, "-c", text]


def written(folder: Path, count: int) -> list[str]:
    """Return what so many processes have written, one file each."""
    deadline = time.monotonic() + LIMIT_S
    # A file is there before its text is.
    while (
        len(told := list(filter(None, map(Path.read_text, folder.iterdir())))) < count
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)  # other processes: there is nothing to await
    return told


async def until(folder: Path, count: int) -> list[str]:
    """Return what so many processes have written, while others run here."""
    return await asyncio.to_thread(written, folder, count)


async def test_processes_are_told_their_port_and_end_with_a_signal(
    tmp_path: Path,
) -> None:
    text = (
        "import os, pathlib, time; "
        f"folder = pathlib.Path({str(tmp_path)!r}); "
        "told = ' '.join(os.environ[name] for name in "
        f"('KIMP_HTTP__PORT', 'KIMP_HTTP__REUSE_PORT', {SIBLINGS!r})); "
        "new = folder / f'.{os.getpid()}'; new.write_text(told); "
        "time.sleep(60)"
    )
    running = asyncio.create_task(Crew(SETTINGS, 2, command(text)).run())
    told = await until(tmp_path, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(LIMIT_S):
        assert await running == 0
    assert len(set(told)) == 1
    port, reuses, count = told[0].split()
    assert int(port) > 0
    assert (reuses, count) == ("true", "2")


async def test_one_that_dies_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(worker_process, "STEADY_S", 0.0)
    text = (
        "import os, pathlib; "
        f"(pathlib.Path({str(tmp_path)!r}) / str(os.getpid())).write_text('x')"
    )
    running = asyncio.create_task(Crew(SETTINGS, 1, command(text)).run())
    await until(tmp_path, 4)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(LIMIT_S):
        assert await running == 0


async def test_those_that_never_start_well_end_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_process, "FIRST_WAIT_S", 0.01)
    crew = Crew(SETTINGS, 1, command("raise SystemExit(1)"))
    with pytest.raises(CommandFailed, match="do not start"):
        async with asyncio.timeout(LIMIT_S):
            await crew.run()


async def test_one_that_does_not_end_when_told_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "STOP_GRACE_S", 0.0)
    settings = Settings(http=HttpSettings(port=0, drain_s=0.1))
    text = (
        "import pathlib, signal, time; "
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"(pathlib.Path({str(tmp_path)!r}) / 'one').write_text('x'); "
        "time.sleep(60)"
    )
    running = asyncio.create_task(Crew(settings, 1, command(text)).run())
    await until(tmp_path, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(LIMIT_S):
        assert await running == 0


def test_siblings_end_when_the_pipe_to_their_parent_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, writing = os.pipe()
    told: list[int] = []
    monkeypatch.setattr(worker_process, "STDIN", reading)
    monkeypatch.setattr(os, "kill", lambda _, number: told.append(number))
    assert siblings({SIBLINGS: "3"}) == 3
    os.close(writing)
    for thread in threading.enumerate():
        if thread.name == "parent":
            thread.join(LIMIT_S)
    os.close(reading)
    assert told == [signal.SIGTERM]
