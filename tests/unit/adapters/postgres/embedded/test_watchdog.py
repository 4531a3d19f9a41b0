"""Who belongs to a cluster, and how it is stopped, with stand-ins for the server."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.postgres.embedded import watchdog
from adapters.postgres.embedded.lock import Lock

PATIENT = (10.0, 10.0, 10.0)
HURRIED = (0.1, 0.1, 10.0)
# Ends by every signal that is not named, and says when it is ready for them.
STAND_IN = """
import signal, sys
for number in (signal.SIGINT, signal.SIGQUIT):
    ignored = str(int(number)) in sys.argv[1:]
    signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
print("ready", flush=True)
while True:
    signal.pause()
"""

Process = subprocess.Popen[str]
Serve = Callable[..., list[Process]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in (watchdog.USER_LOCK, watchdog.SERVER_LOCK, watchdog.WATCHDOG_LOCK):
        (tmp_path / name).touch()
    (tmp_path / watchdog.CLUSTER).mkdir()
    return tmp_path


@pytest.fixture
def serve(home: Path) -> Iterator[Serve]:
    """``serve(*ignored)``: processes that hold server.lock, as a server's do.

    One per argument, which are the signals it ignores; the first is in the pid file
    unless ``recorded=False``.
    """
    started: list[Process] = []

    def start(*ignoring: list[int], recorded: bool = True) -> list[Process]:
        with Lock(home / watchdog.SERVER_LOCK) as lock:
            assert lock.try_exclusive()
            for ignored in ignoring:
                command = [sys.executable, "-c", STAND_IN, *map(str, map(int, ignored))]
                process = subprocess.Popen(
                    command,
                    stdout=subprocess.PIPE,
                    text=True,
                    pass_fds=[lock.descriptor],
                )
                started.append(process)
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
        if recorded:
            record(home, f"{started[0].pid}\n/somewhere\n")
        return started

    yield start
    for process in started:
        process.kill()
        process.communicate()


def record(home: Path, text: str) -> None:
    (home / watchdog.CLUSTER / "postmaster.pid").write_text(text)


def ended_by(process: Process) -> int:
    return -process.wait(timeout=10)


def test_a_stopped_cluster_stays_stopped(home: Path) -> None:
    assert watchdog.stop_server(str(home), *HURRIED)
    (home / watchdog.SERVER_LOCK).unlink()
    assert watchdog.stop_server(str(home), *HURRIED)


def test_a_server_is_asked_for_a_fast_shutdown_first(home: Path, serve: Serve) -> None:
    (server,) = serve([])
    assert watchdog.stop_server(str(home), *PATIENT)
    assert ended_by(server) == signal.SIGINT


def test_only_the_main_process_is_asked(home: Path, serve: Serve) -> None:
    main, child = serve([], [])
    assert watchdog.stop_server(str(home), 0.1, 10.0, 10.0)
    assert ended_by(main) == signal.SIGINT
    assert ended_by(child) == signal.SIGQUIT


def test_what_does_not_obey_is_killed(home: Path, serve: Serve) -> None:
    (server,) = serve([signal.SIGINT, signal.SIGQUIT])
    assert watchdog.stop_server(str(home), *HURRIED)
    assert ended_by(server) == signal.SIGKILL


@pytest.mark.parametrize("text", ["", "nonsense\n", "{mine}\n"])
def test_a_pid_file_is_not_believed_by_itself(
    home: Path, serve: Serve, text: str
) -> None:
    (server,) = serve([], recorded=False)
    record(home, text.format(mine=os.getppid()))
    assert watchdog.postmaster(str(home)) is None
    assert watchdog.stop_server(str(home), *PATIENT)
    assert ended_by(server) == signal.SIGQUIT


def test_a_server_that_cannot_be_stopped_is_told(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve([])

    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not watchdog.stop_server(str(home), 0.05, 0.05, 0.05)
    monkeypatch.undo()


def test_the_guard_waits_for_the_last_user_and_leaves_its_post_vacant(
    home: Path, serve: Serve
) -> None:
    (server,) = serve([])
    post = Lock(home / watchdog.WATCHDOG_LOCK)
    assert post.try_exclusive()
    users = [Lock(home / watchdog.USER_LOCK) for _ in range(2)]
    assert all(user.try_shared() for user in users)
    ended: list[bool] = []
    descriptor, post.descriptor = post.descriptor, -1
    guard = threading.Thread(
        target=lambda: ended.append(watchdog.guard(str(home), descriptor, *PATIENT))
    )
    guard.start()
    users[0].close()
    assert server.poll() is None
    users[1].close()
    guard.join(timeout=10)
    assert ended == [True]
    assert ended_by(server) == signal.SIGINT
    with Lock(home / watchdog.WATCHDOG_LOCK) as again:
        assert again.try_exclusive()


@pytest.mark.parametrize("anew", [True, False], ids=["made-anew", "deleted"])
def test_the_guard_of_a_deleted_cluster_leaves_the_next_one_alone(
    home: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    (server,) = serve([])
    real = os.open

    (home / "made anew").touch()

    def open_then_replace(path: str, flags: int) -> int:
        descriptor = real(path, flags)
        (home / watchdog.USER_LOCK).rename(home / "deleted")
        if anew:
            (home / "made anew").rename(home / watchdog.USER_LOCK)
        return descriptor

    monkeypatch.setattr(os, "open", open_then_replace)
    post = real(str(home / watchdog.WATCHDOG_LOCK), os.O_RDWR)
    assert watchdog.guard(str(home), post, *PATIENT)
    monkeypatch.undo()
    assert server.poll() is None


def test_a_second_watchdog_finds_the_post_taken(home: Path) -> None:
    with Lock(home / watchdog.WATCHDOG_LOCK) as post:
        assert post.try_exclusive()
        assert watchdog.main([str(home), "1", "1", "1"]) == 0


def test_lsof_tells_the_holders_where_there_is_no_proc(
    home: Path, tmp_path: Path
) -> None:
    program = tmp_path / "lsof"
    program.write_text(
        f'#!/bin/sh\n[ "$*" = "-t -- /x" ] && echo 12 {os.getpid()} 34\n'
    )
    program.chmod(0o755)
    assert watchdog.holders_by_lsof("/x", str(program)) == [12, 34]


def test_elsewhere_lsof_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(watchdog, "holders_by_lsof", lambda lock: [len(lock)])
    assert watchdog.holders("four") == [4]


def test_only_sockets_of_ours_are_removed_from_a_recorded_folder(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    (home / watchdog.SOCKET_RECORD).write_text(str(folder))
    for name in (watchdog.SOCKET_NAME, f"{watchdog.SOCKET_NAME}.lock", "precious"):
        (folder / name).touch()
    watchdog.discard_socket_folder(str(home))
    assert [path.name for path in folder.iterdir()] == ["precious"]
    (folder / "precious").unlink()
    watchdog.discard_socket_folder(str(home))
    assert not folder.exists()
    watchdog.discard_socket_folder(str(home))
