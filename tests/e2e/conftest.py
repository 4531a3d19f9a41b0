"""A real server in its own process, started the way people start it."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.command.simulate import venue_settings
from bench.process import end, without_settings

REPOSITORY = Path(__file__).parents[2]
START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningServer:
    """A `kimp` process and its address."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    def get(self, path: str) -> tuple[int, Any]:
        """Return status and decoded JSON of a GET."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, json.load(exc)

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer to a GraphQL query."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        request = urllib.request.Request(
            self.url + "/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            result: dict[str, Any] = json.load(answer)
            return result

    def wait(self, condition: Callable[["RunningServer"], bool]) -> None:
        """Return once the condition holds; fails after the start limit."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if condition(self):
                    return
            except OSError:
                pass
            time.sleep(0.1)  # another process: there is nothing to await
        raise AssertionError(f"not within {START_LIMIT_S} s:\n{self.log.read_text()}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_LIMIT_S)


@contextmanager
def run_server(
    command: list[str], folder: Path, **settings: str
) -> Iterator[RunningServer]:
    """Run a command that serves on a free port, and end it."""
    port = free_port()
    log = folder / f"log-{port}.txt"
    environment = {
        **without_settings(),
        "KIMP_HTTP__PORT": str(port),
        "KIMP_DATA_DIR": str(folder / "data"),
        **settings,
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=out, text=True, cwd=REPOSITORY
        )
        server = RunningServer(process, f"http://127.0.0.1:{port}", log)
        try:
            yield server
        finally:
            end(process, STOP_LIMIT_S)


def count_live(server: RunningServer) -> int:
    """Return how many coins are LIVE."""
    answer = server.query("{ premiums(first: 1) { summary { live } } }")
    count: int = answer["data"]["premiums"]["summary"]["live"]
    return count


@pytest.fixture(scope="session")
def kimp() -> str:
    """Return the installed command."""
    return str(Path(sys.executable).parent / "kimp")


@pytest.fixture(scope="session")
def running() -> Callable[..., AbstractContextManager[RunningServer]]:
    """Return the starter of servers."""
    return run_server


@pytest.fixture(scope="session")
def live_coins() -> Callable[[RunningServer], int]:
    """Return the question how many coins are LIVE."""
    return count_live


@pytest.fixture(scope="session")
def demo(
    tmp_path_factory: pytest.TempPathFactory, kimp: str
) -> Iterator[RunningServer]:
    """`kimp demo`, live."""
    with run_server([kimp, "demo"], tmp_path_factory.mktemp("demo")) as server:
        server.wait(lambda s: count_live(s) > 100)
        yield server


@pytest.fixture
def cut_off() -> dict[str, str]:
    """Settings under which no venue and no rate source can be reached."""
    # Nothing listens on port 9 of the loopback (RFC 863, discard).
    return venue_settings("http://127.0.0.1:9")
