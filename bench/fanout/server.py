"""The servers under measurement: how each is started, and what it costs."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.fanout import environment, market, native

ROOT = Path(__file__).parent.parent.parent
START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0
SERVER_CORE, CLIENT_CORE = 0, 1

Command = Callable[[str, str, Path], Sequence[str]]
"""Makes the command line from the field that is told (`premiums` or `premium`), the
clock (`stepped` or `real`) and a folder of its own."""


def _ours(field: str, clock: str, _folder: Path) -> Sequence[str]:
    return [sys.executable, "-m", "bench.fanout.ours", clock, field]


def _strawberry(field: str, _clock: str, folder: Path) -> Sequence[str]:
    python = environment.python("strawberry")
    return [
        str(python),
        "-m",
        "bench.fanout.peer.strawberry_server",
        _boards(folder, field),
    ]


def _node(field: str, _clock: str, folder: Path) -> Sequence[str]:
    script = environment.node_folder() / "server.mjs"
    return ["node", str(script), _boards(folder, field)]


def _broadcast(field: str, _clock: str, folder: Path) -> Sequence[str]:
    python, ready = environment.python("broadcast"), _templates(folder, field)
    return [str(python), "-m", "bench.fanout.peer.broadcast_server", ready]


def _floor(field: str, _clock: str, folder: Path) -> Sequence[str]:
    return [str(native.program("floor")), _templates(folder, field)]


def _boards(folder: Path, field: str) -> str:
    market.write_boards(folder / "boards.json", field)
    return str(folder / "boards.json")


def _templates(folder: Path, field: str) -> str:
    market.write_templates(folder / "templates", field)
    return str(folder / "templates")


OURS, STRAWBERRY, NODE, BROADCAST, FLOOR = (
    "ours",
    "strawberry",
    "graphql-ws",
    "broadcast",
    "floor",
)
COMMANDS: dict[str, Command] = {
    OURS: _ours,
    STRAWBERRY: _strawberry,
    NODE: _node,
    BROADCAST: _broadcast,
    FLOOR: _floor,
}


class ServerFailed(Exception):
    """A server did not start, or ended."""


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
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise ServerFailed("the server is gone")


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
def running(name: str, field: str, clock: str) -> Iterator[Running]:
    """Run a server by its name until the block ends.

    Raises:
        CannotBuild: its environment cannot be had.
        ServerFailed: it does not listen.
    """
    folder = Path(tempfile.mkdtemp(prefix="kimp-fanout-"))
    try:
        command = COMMANDS[name](field, clock, folder)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("KIMP_")}
        with on_core(SERVER_CORE):
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**kept, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        try:
            yield Running(process, _port(process))
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    process.terminate()
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
