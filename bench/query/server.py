"""The servers under measurement: how each is started and asked."""

import json
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import environment, process
from bench.peer import CLIENT_CORE, SERVER_CORE, on_core, started
from bench.process import ServerFailed, ask

NODE_SOURCE = Path(__file__).parent / "peer" / "node"
ANSWER_LIMIT_S = 10.0
SIMULATOR_RATE = 1.0

OURS, STRAWBERRY, YOGA, APOLLO, MERCURIUS, BARE = (
    "ours",
    "strawberry",
    "yoga",
    "apollo",
    "mercurius",
    "bare",
)
RAISED = {"KIMP_LIMIT__RATE": "1000000000"}
"""What the bench raises: one address asks more than one client should."""

SETTINGS = {"KIMP_LOG__LEVEL": "INFO", **RAISED}
"""Ours has every other setting at its default."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that can be asked, and the process whose CPU counts."""

    url: str
    pid: int

    def ask(self, body: str) -> bytes:
        """Return the answer's body.

        Raises:
            ServerFailed: it is an error.
        """
        request = urllib.request.Request(
            self.url, body.encode(), {"content-type": "application/json"}
        )
        try:
            with ask(request, timeout=ANSWER_LIMIT_S) as told:
                answer: bytes = told.read()
        except OSError as exc:
            raise ServerFailed(f"{exc}") from exc
        if "errors" in json.loads(answer):
            raise ServerFailed(f"{answer[:300]!r}")
        return answer

    def data(self, body: str) -> dict[str, Any]:
        """Return the `data` of an answer."""
        found: dict[str, Any] = json.loads(self.ask(body))["data"]
        return found

    def cpu_s(self) -> float:
        """Return the CPU seconds of all the process's threads, its children's not."""
        return process.cpu_s(self.pid)


def _strawberry(data: Path) -> Sequence[str]:
    return _python("strawberry_server", data)


def _bare(data: Path) -> Sequence[str]:
    return _python("bare_server", data)


def _python(module: str, data: Path) -> Sequence[str]:
    python = environment.python("strawberry")
    return [str(python), "-m", f"bench.query.peer.{module}", str(data)]


def _node(program: str) -> Callable[[Path], Sequence[str]]:
    def command(data: Path) -> Sequence[str]:
        folder = environment.node_folder(NODE_SOURCE, "query")
        return ["node", str(folder / f"{program}.mjs"), str(data)]

    return command


PEERS: dict[str, Callable[[Path], Sequence[str]]] = {
    STRAWBERRY: _strawberry,
    YOGA: _node(YOGA),
    APOLLO: _node(APOLLO),
    MERCURIUS: _node(MERCURIUS),
    BARE: _bare,
}
"""Each one's command line, from the file with the data that it tells."""

SERVERS = (*PEERS, OURS)


@contextmanager
def running(name: str, data: Path) -> Iterator[Asked]:
    """Run a server by its name until the block ends.

    Raises:
        CannotBuild: its environment cannot be had.
        ServerFailed: it does not listen.
    """
    if name == OURS:
        with ours() as asked:
            yield asked
        return
    production = {"NODE_ENV": "production"}
    with started(PEERS[name](data), production) as server:
        yield Asked(f"http://127.0.0.1:{server.port}/graphql", server.process.pid)


@contextmanager
def ours() -> Iterator[Asked]:
    """Run `kimp serve` with its own database, and simulated venues beside the load.

    Raises:
        ServerFailed: its coins are not live in time.
    """
    with ExitStack() as stack:
        with on_core(CLIENT_CORE):
            _, venues = stack.enter_context(process.simulator(SIMULATOR_RATE))
        with on_core(SERVER_CORE):
            given = {**venues, **SETTINGS}
            server = stack.enter_context(process.server(given))
        server.wait_live()
        yield Asked(f"{server.url}/graphql", server.process.pid)
