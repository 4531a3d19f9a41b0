"""`make cluster`, as a person runs it: started, its leader killed, ended."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bench.process import without_settings
from tests.e2e.client.figure import figure
from tests.e2e.cluster.conftest import LIMIT_S, Subscriber, wait_for

REPOSITORY = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "bench.cluster"]
Running = Callable[..., AbstractContextManager[Any]]
_ROW = re.compile(r"^(simulator|nats|ingest \d|api) +(\d+)  (\S+)$", re.MULTILINE)


class Row(NamedTuple):
    """A process that the overview names; `figure` asks it by its address."""

    pid: int
    url: str


def overview(server: Any) -> dict[str, Row]:
    """Return the processes that were told, by name."""
    wait_for(lambda: "Ctrl-C ends" in server.log.read_text())
    found = _ROW.findall(server.log.read_text())
    return {name: Row(int(pid), url) for name, pid, url in found}


def leads(row: Row) -> bool:
    """Whether an ingest says that it leads; a dead one does not."""
    with suppress(OSError):
        return figure(row, "kimp_bus_leader") == 1.0
    return False


def processes_of(folder: Path) -> dict[int, str]:
    """Return the living processes that name a folder or stand in it, with their words.

    What names it in its environment counts as well; a zombie names nothing.
    """
    found, name = dict[int, str](), os.fsencode(folder)
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            words = (entry / "cmdline").read_bytes()
            named = name in words or name in (entry / "environ").read_bytes()
            if named or folder in (entry / "cwd").readlink().parents:
                found[int(entry.name)] = words.replace(b"\0", b" ").decode()
    return found


@contextmanager
def hearing(url: str) -> Iterator[Subscriber]:
    """Give a subscriber that has its snapshot."""
    one = Subscriber(url)
    thread = threading.Thread(target=one.run, daemon=True)
    thread.start()
    try:
        wait_for(lambda: bool(one.seqs))
        yield one
    finally:
        for each in one.sockets:
            with suppress(OSError):
                each.close()
        thread.join(LIMIT_S)


def hear_more(subscriber: Subscriber, ticks: int = 5) -> None:
    """Return once it has heard of so many ticks more."""
    told = len(subscriber.seqs)
    wait_for(lambda: len(subscriber.seqs) >= told + ticks)


def refused(folder: Path, **settings: str) -> str:
    """Return the one line of a cluster that cannot start."""
    done = subprocess.run(
        COMMAND,
        env={**without_settings(), "KIMP_DATA_DIR": str(folder), **settings},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 1, done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.slow
def test_a_killed_leader_is_followed_and_the_end_leaves_no_process(
    running: Running, live_coins: Callable[[Any], int], tmp_path: Path
) -> None:
    with running(COMMAND, tmp_path) as cluster:
        cluster.wait(lambda s: live_coins(s) > 100)
        rows = overview(cluster)
        assert set(rows) == {"simulator", "nats", "ingest 1", "ingest 2", "api"}
        assert rows["api"].url == f"{cluster.url}/graphql"
        assert {row.pid for row in rows.values()} < set(processes_of(tmp_path))

        # A second one would share the database, and not the bus.
        taken = refused(tmp_path / "data", KIMP_HTTP__PORT="0")
        assert "another make cluster runs in" in taken

        ingests = [rows["ingest 1"], rows["ingest 2"]]
        (leader,) = filter(leads, ingests)
        (other,) = (row for row in ingests if row is not leader)
        assert f"kill -9 {leader.pid}\n" in cluster.log.read_text()
        with hearing(cluster.url) as subscriber:
            hear_more(subscriber)
            os.kill(leader.pid, signal.SIGKILL)
            wait_for(lambda: leads(other))
            hear_more(subscriber)
            wait_for(lambda: live_coins(cluster) > 100)
            assert subscriber.faults == []
        wait_for(lambda: f"({leader.pid}) ended: SIGKILL" in cluster.log.read_text())
        wait_for(lambda: f"({other.pid}) leads, " in cluster.log.read_text())

        assert cluster.stop(signal.SIGTERM) == 0, cluster.log.read_text()
        wait_for(lambda: not processes_of(tmp_path))


@pytest.mark.slow
def test_ctrl_c_before_it_is_live_ends_it_with_0_and_leaves_no_process(
    running: Running, tmp_path: Path
) -> None:
    with running(COMMAND, tmp_path) as cluster:
        log = tmp_path / "data" / "log" / "ingest-1.log"
        wait_for(log.exists)
        assert cluster.stop(signal.SIGINT) == 0, cluster.log.read_text()
        assert "cluster: ended" in cluster.log.read_text()
        wait_for(lambda: not processes_of(tmp_path))


def test_a_process_that_cannot_start_is_one_line_and_leaves_none(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = refused(tmp_path, KIMP_HTTP__PORT="0", KIMP_SIMULATOR__PORT=port)
    assert "simulator: exit code 1: cannot listen on " in told
    assert "simulator.log" in told
    wait_for(lambda: not processes_of(tmp_path))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_cluster_is_this_command() -> None:
    told = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "cluster"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    ).stdout
    assert told.splitlines()[-1].endswith("python -m bench.cluster")
