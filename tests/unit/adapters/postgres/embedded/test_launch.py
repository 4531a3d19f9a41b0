"""The launcher: users it takes, programs it becomes."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.postgres.embedded import launch
from adapters.postgres.embedded.launch import (
    CLONE_NEWUSER,
    REFUSED,
    enter_namespace,
    main,
)

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def _unchanged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The launcher changes its process; ours gets back what it had."""
    monkeypatch.chdir(tmp_path)
    handler = signal.getsignal(signal.SIGPIPE)
    mask = os.umask(0o022)
    yield
    os.umask(mask)
    signal.signal(signal.SIGPIPE, handler)


def run(*arguments: str | int | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", launch.__file__, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=20, check=False
    )


def test_it_becomes_the_program_in_the_folder(tmp_path: Path) -> None:
    done = run("self", 0, 0, tmp_path, "-", "/bin/sh", "-c", "pwd; umask; exit 3")
    assert done.stdout == f"{tmp_path}\n0077\n"
    assert done.returncode == 3


def test_detached_it_returns_at_once_and_its_output_goes_to_the_log(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    os.mkfifo(tmp_path / "gate")
    script = (
        "import os, sys; print(open('gate').read()); "
        "print('alone', os.getsid(0) == os.getpid()); "
        "print('wrong', file=sys.stderr)"
    )
    done = run("self", 0, 0, tmp_path, log, sys.executable, "-uc", script)
    assert (done.returncode, done.stdout) == (0, ""), "it waits for the gate by itself"
    (tmp_path / "gate").write_text("opened")
    assert first_lines(log, 3) == ["opened", "alone True", "wrong"]


def first_lines(log: Path, count: int) -> list[str]:
    """The first COUNT lines of LOG, waited for."""
    command = ["tail", "-n", "+1", "-f", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tail:
        assert tail.stdout
        lines = [tail.stdout.readline().rstrip("\n") for _ in range(count)]
        tail.kill()
    return lines


@pytest.mark.usefixtures("_unchanged")
def test_without_a_program_it_only_asks(tmp_path: Path) -> None:
    assert main(["self", "0", "0", str(tmp_path), "-"]) == 0


@pytest.mark.usefixtures("_unchanged")
@pytest.mark.parametrize("program", [[], ["/nonexistent"]])
def test_what_cannot_be_reached_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], program: list[str]
) -> None:
    folder = str(tmp_path / "none") if not program else str(tmp_path)
    assert main(["self", "0", "0", folder, "-", *program]) == REFUSED
    said = capsys.readouterr().err
    assert said.startswith("launch: [Errno 2]")
    assert said.count("\n") == 1


@as_root
def test_it_drops_to_the_user_with_no_group_left() -> None:
    done = run("dropped", 65534, 65534, "/", "-", "/bin/sh", "-c", "id -u; id -G")
    assert done.stdout.split() == ["65534", "65534"]


@as_root
def test_a_folder_out_of_the_users_reach_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert run("dropped", 65534, 65534, closed, "-").returncode == REFUSED


def test_a_namespace_maps_one_user_after_giving_up_setgroups() -> None:
    done: list[object] = []
    enter_namespace(
        70, 71, unshare=done.append, write=lambda path, text: done.append((path, text))
    )
    assert done == [
        CLONE_NEWUSER,
        ("/proc/self/setgroups", "deny"),
        ("/proc/self/uid_map", f"70 {os.geteuid()} 1"),
        ("/proc/self/gid_map", f"71 {os.getegid()} 1"),
    ]


@pytest.mark.usefixtures("_unchanged")
def test_a_kernel_that_refuses_a_namespace_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A process with more than one thread may not enter a namespace.
    import threading

    gate = threading.Event()
    other = threading.Thread(target=gate.wait)
    other.start()
    try:
        assert main(["namespace", "70", "70", str(tmp_path), "-"]) == REFUSED
    finally:
        gate.set()
        other.join()
    assert "unshare: Invalid argument" in capsys.readouterr().err


def test_a_file_is_written_in_one_go(tmp_path: Path) -> None:
    launch.write(str(tmp_path / "map"), "1 2 3")
    assert (tmp_path / "map").read_text() == "1 2 3"


@as_root
def test_a_namespace_gives_a_number_and_no_power() -> None:
    nobody = pwd.getpwnam("nobody")
    script = "id -u; grep CapEff /proc/self/status"
    done = run(
        *("namespace", nobody.pw_uid, nobody.pw_gid, "/", "-"), "/bin/sh", "-c", script
    )
    if done.returncode == REFUSED:
        pytest.skip(f"the kernel gives us no user namespace: {done.stderr}")
    assert done.stdout.split() == [str(nobody.pw_uid), "CapEff:", "0" * 16]
