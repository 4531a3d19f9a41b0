"""A peer under measurement: its process on a core of its own, told of by its port.

It says `P <port>` on standard output once it listens, and ends with its input.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import STOP_LIMIT_S, ServerFailed, end, rss_mb, without_settings

ROOT = Path(__file__).parent.parent
SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens: its process and port, and the pipes of orders."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pipes(self) -> tuple[int, int]:
        """The descriptors that take orders and tell ticks."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        return self.process.stdin.fileno(), self.process.stdout.fileno()

    def rss_mb(self) -> float:
        """Return the resident memory of the process."""
        return rss_mb(self.process.pid)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Start what is started meanwhile on one core; all of them where there is one."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[core % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@contextmanager
def started(
    command: Sequence[str], extra: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run a peer's command line on the server's core until the block ends.

    `extra`: environment on top of our own, which is passed without our settings.

    Raises:
        ServerFailed: it does not listen.
    """
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**without_settings(), "PYTHONPATH": str(ROOT), **(extra or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
    try:
        yield Running(process, _port(process))
    finally:
        _stop(process)


def _port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.startswith(b"P "):
            return int(line[2:])
    raise ServerFailed(f"the server ended with {process.wait(STOP_LIMIT_S)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    end(process)
