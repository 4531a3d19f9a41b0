"""Ingests and API replicas as real processes around a real bus and database."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.nats_server import NatsServer, run_nats
from tests.simulated_venues import simulated_venues

LIMIT_S = 60.0
FIELDS = "symbol seq percent quality reason domestic { price }"
DOCUMENT = (
    f"subscription {{ premiums {{ seq snapshot removed premiums {{ {FIELDS} }} }} }}"
)


@dataclass
class Subscriber:
    """Folds what a replica tells, in a thread of its own."""

    url: str
    coins: dict[str, dict[str, Any]] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sockets: list[ClientConnection] = field(default_factory=list)

    def run(self) -> None:
        """Read until the socket is closed."""
        address = self.url.replace("http://", "ws://") + "/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        with connect(address, subprotocols=[protocol], max_size=None) as socket:
            self.sockets.append(socket)
            socket.send(json.dumps({"type": "connection_init"}))
            ask = {"id": "1", "type": "subscribe", "payload": {"query": DOCUMENT}}
            socket.send(json.dumps(ask))
            with suppress(ConnectionClosed):
                for text in socket:
                    self._hear(json.loads(text))

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "next":
            self._take(message["payload"]["data"]["premiums"])
        elif message["type"] in {"error", "complete"}:
            self.faults.append(str(message))

    def _take(self, event: Mapping[str, Any]) -> None:
        if self.seqs and event["seq"] <= self.seqs[-1]:
            self.faults.append(f"tick {event['seq']} after {self.seqs[-1]}")
        if event["snapshot"] and self.seqs:
            self.faults.append("a second snapshot")
        self.seqs.append(event["seq"])
        for symbol in event["removed"]:
            self.coins.pop(symbol, None)
        for told in event["premiums"]:
            before = self.coins.get(told["symbol"])
            if before is not None and told["seq"] <= before["seq"]:
                self.faults.append(f"{told} after {before}")
            self.coins[told["symbol"]] = told


@dataclass
class Cluster:
    """Starts processes that share one bus and one database."""

    folder: Path
    settings: Mapping[str, str]
    nats: NatsServer
    running: Callable[..., AbstractContextManager[Any]]
    kimp: str
    stack: ExitStack

    def start(self, role: str, *words: str, **more: str) -> Any:
        """Start a process; return it when it is ready."""
        command = [self.kimp, "serve", "--role", role, *words]
        settings = {**self.settings, "KIMP_BUS__URL": self.nats.url, **more}
        server = self.stack.enter_context(
            self.running(command, self.folder, **settings)
        )
        server.wait(lambda s: s.get("/ready")[0] == 200)
        return server

    def subscribe(self, server: Any) -> Subscriber:
        """Return a subscriber that has its snapshot."""
        one = Subscriber(server.url)
        thread = threading.Thread(target=one.run, daemon=True)
        thread.start()

        def end() -> None:
            for socket in one.sockets:
                with suppress(OSError):
                    socket.close()
            thread.join(LIMIT_S)

        self.stack.callback(end)
        wait_for(lambda: bool(one.seqs))
        return one


def wait_for(condition: Callable[[], bool], limit_s: float = LIMIT_S) -> float:
    """Return how long it took until the condition held; fails past the limit."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < limit_s:
        with suppress(OSError):
            if condition():
                return time.monotonic() - began_s
        time.sleep(0.05)  # other processes: there is nothing to await
    raise AssertionError(f"not within {limit_s} s")


def board_of(server: Any) -> dict[str, dict[str, Any]]:
    """Return the whole board by a query."""
    document = f"{{ premiums(first: 1000) {{ edges {{ node {{ {FIELDS} }} }} }} }}"
    answer = server.query(document)
    nodes = (edge["node"] for edge in answer["data"]["premiums"]["edges"])
    return {node["symbol"]: node for node in nodes}


@pytest.fixture
def cluster(
    tmp_path: Path,
    postgres_url: str,
    running: Callable[..., AbstractContextManager[Any]],
    kimp: str,
) -> Iterator[Cluster]:
    """A bus, a database and simulated venues; no process of ours yet."""
    with run_nats(tmp_path / "nats") as nats, simulated_venues(0.3) as venues:
        settings = {**venues, "KIMP_DATABASE__URL": postgres_url}
        with ExitStack() as stack:
            yield Cluster(tmp_path, settings, nats, running, kimp, stack)
