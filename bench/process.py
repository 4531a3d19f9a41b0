"""Servers under measurement, each in its own process, and what they cost."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

START_LIMIT_S = 90.0
STOP_LIMIT_S = 20.0
KIMP = str(Path(sys.executable).parent / "kimp")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""Asks a server of this machine, which no proxy reaches."""

_LIVE = "{ premiums(first: 1) { summary { live } } }"


class ServerFailed(Exception):
    """A server did not start, or ended."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A running command: its process and, where it serves, its address."""

    process: subprocess.Popen[str]
    url: str = ""

    def query(self, document: str) -> dict[str, Any]:
        """Return the answer of a GraphQL query."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": document}).encode(),
            {"content-type": "application/json"},
        )
        with ask(request, timeout=10) as answer:
            result: dict[str, Any] = json.load(answer)
            return result

    def wait_live(self, coins: int = 100) -> float:
        """Return the seconds until more than so many coins are LIVE.

        Raises:
            ServerFailed: the process ended, or they were not in time.
        """
        began_s = time.monotonic()
        while time.monotonic() < began_s + START_LIMIT_S:
            try:
                board = self.query(_LIVE)["data"]["premiums"]
            except OSError as exc:
                if self.process.poll() is not None:
                    raise ServerFailed("the server ended at its start") from exc
                time.sleep(0.02)  # it tells nobody that it serves
                continue
            if board["summary"]["live"] > coins:
                return time.monotonic() - began_s
            time.sleep(0.02)  # until the next look
        raise ServerFailed(f"{coins} coins were not live in {START_LIMIT_S:g} s")

    def cpu_s(self) -> float:
        """Return the CPU seconds the process has used, its children not counted."""
        return cpu_s(self.process.pid)

    def rss_mb(self) -> float:
        """Return the resident memory of the process."""
        return rss_mb(self.process.pid)


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of all threads of a process, its children not counted."""
    used = Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()
    return (int(used[11]) + int(used[12])) / _TICKS_PER_S


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process.

    Raises:
        ServerFailed: it is gone.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ServerFailed("the process is gone")


def end(process: subprocess.Popen[Any], limit_s: float = STOP_LIMIT_S) -> None:
    """End a process: SIGTERM, and after the limit SIGKILL."""
    process.terminate()
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def without_settings() -> dict[str, str]:
    """Return our environment, but nothing of a developer's own settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("KIMP_")}


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def simulator(rate: float) -> Iterator[tuple[Measured, dict[str, str]]]:
    """Run `kimp simulate`; gives it and the settings that point a server at it."""
    with _running(["simulate"], {"KIMP_SIMULATOR__RATE": str(rate)}, True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(8)]
        settings = dict(line.split("=", 1) for line in lines)
        yield Measured(process), settings


@contextmanager
def server(
    settings: dict[str, str], command: str = "serve", log: IO[str] | None = None
) -> Iterator[Measured]:
    """Run a serving command on a free port and a data folder of its own.

    Its log goes to `log`, or nowhere.
    """
    folder = tempfile.mkdtemp(prefix="kimp-bench-")
    port = free_port()
    given = {
        "KIMP_HTTP__PORT": str(port),
        "KIMP_DATA_DIR": folder,
        "KIMP_LOG__LEVEL": "ERROR",
        **settings,
    }
    try:
        with _running([command], given, False, log) as process:
            yield Measured(process, f"http://127.0.0.1:{port}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(
    arguments: list[str],
    settings: dict[str, str],
    piped: bool,
    log: IO[str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    verbose = os.environ.get("KIMP_BENCH_VERBOSE")
    with subprocess.Popen(
        [KIMP, *arguments],
        env={**without_settings(), **settings},
        stdout=subprocess.PIPE if piped else subprocess.DEVNULL,
        stderr=None if verbose else log or subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            end(process)
