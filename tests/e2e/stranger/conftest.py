"""A server with little room, asked by clients who do not keep to the rules."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

LIMIT_S = 8.0
BITCOIN = json.dumps({"query": '{ coin(symbol: "BTC") { symbol } }'}).encode()


def request_of(body: bytes, *headers: str, method: str = "POST") -> bytes:
    """Return the bytes of a request of JSON to `/graphql`."""
    lines = [
        f"{method} /graphql HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Raw:
    """Talks to a server in bytes."""

    address: tuple[str, int]

    def connect(self) -> socket.socket:
        """Return a connection with a time limit."""
        return socket.create_connection(self.address, timeout=LIMIT_S)

    def exchange(self, *parts: bytes) -> bytes:
        """Send parts, each once the one before has been answered; end our side.

        Returns all that came until the server ended its own, TimeoutError where it
        does not.
        """
        told = b""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
                told += connection.recv(65_536)
            connection.shutdown(socket.SHUT_WR)
            while more := connection.recv(65_536):
                told += more
        return told


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, kimp: str, running: Callable[..., Any]
) -> Iterator[Any]:
    """`kimp demo` with room for few sockets and subscriptions of one address."""
    folder = tmp_path_factory.mktemp("small")
    room = {"KIMP_LIMIT__SOCKETS": "3", "KIMP_LIMIT__SUBSCRIPTIONS": "8"}
    # What they read costs more than one address has.
    room |= {"KIMP_LIMIT__RATE": "1e9", "KIMP_LIMIT__BURST": "1e9"}
    with running([kimp, "demo"], folder, **room) as server:
        server.wait(lambda s: s.get("/ready")[0] == 200)
        yield server


@pytest.fixture(scope="module")
def raw(small: Any) -> Raw:
    """Talk to it in bytes."""
    host, _, port = small.address.rpartition(":")
    return Raw((host, int(port)))
