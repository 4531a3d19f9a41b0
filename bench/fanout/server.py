"""The servers under measurement: how each is started, and what it costs."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import environment
from bench.fanout import market, native
from bench.peer import Running, started

NODE_SOURCE = Path(__file__).parent / "peer" / "node"

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
    script = environment.node_folder(NODE_SOURCE, "graphql-ws") / "server.mjs"
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


@contextmanager
def running(name: str, field: str, clock: str) -> Iterator[Running]:
    """Run a server by its name until the block ends.

    Raises:
        CannotBuild: its environment cannot be had.
        ServerFailed: it does not listen.
    """
    folder = Path(tempfile.mkdtemp(prefix="kimp-fanout-"))
    try:
        with started(COMMANDS[name](field, clock, folder)) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
