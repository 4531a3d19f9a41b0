import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.cluster.member import Member, kimp
from bench.cluster.watch import Watch

LIMIT_S = 20.0
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
signal.pause()
"""


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Give the address of a server that answers one request and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(LIMIT_S)


def member(url: str, log: Path) -> Member:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(LIMIT_S)
    return Member("api", ended, url, log)


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nx_up 1.0", {"x_up": 1.0}),
        # Killed halfway.
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx_up 1.0", {}),
        (b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", {}),
        (b"", {}),
    ],
)
def test_figures_are_there_whole_or_not_at_all(
    answer: bytes, read: dict[str, float], tmp_path: Path
) -> None:
    with answering(answer) as url:
        assert member(url, tmp_path / "log").figures() == read


def test_a_process_that_is_not_there_has_no_figures_and_said_nothing(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    one = member(url, tmp_path / "log")
    assert (one.figures(), one.said(), one.code) == ({}, "", 0)
    assert one.shown == f"{url}/graphql"


def test_what_a_command_says_is_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with kimp("schema", ["--version"], {}, log, LIMIT_S) as one:
        assert one.process.wait(LIMIT_S) == 0
    assert one.said().strip()


def test_a_command_that_does_not_heed_is_killed_past_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.cluster.member.KIMP", sys.executable)
    with kimp("deaf", ["-c", DEAF], {}, tmp_path / "log", 0.1) as one:
        Watch().until(lambda: one.said() == "deaf\n", "its word")
    assert one.code == -signal.SIGKILL
