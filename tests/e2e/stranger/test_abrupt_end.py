"""However clients leave, their address has its whole allowance again."""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

LIMIT_S = 10.0
ROUNDS = 5
SUBSCRIPTIONS = 8
LIVE = 'subscription { premium(symbol: "BTC") { symbol percent } }'
ALONE = "subscription { health { status } }"


def _start(connection: ClientConnection, name: str, query: str, **more: Any) -> None:
    payload = {"query": query, **more}
    message = {"id": name, "type": "subscribe", "payload": payload}
    connection.send(json.dumps(message))


@contextlib.contextmanager
def _opened(server: Any) -> Iterator[ClientConnection]:
    """Yield an acknowledged socket; how it ends is nobody's matter here."""
    url = server.url.replace("http", "ws", 1) + "/graphql"
    names = [Subprotocol("graphql-transport-ws")]
    with (
        contextlib.suppress(ConnectionClosed, OSError),
        connect(url, subprotocols=names, open_timeout=LIMIT_S) as connection,
    ):
        connection.send('{"type":"connection_init"}')
        assert json.loads(connection.recv(LIMIT_S))["type"] == "connection_ack"
        yield connection


def _reset(connection: ClientConnection) -> None:
    """Leave without a word: the peer hears a reset."""
    linger = struct.pack("ii", 1, 0)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.socket.close()


def _malformed(connection: ClientConnection) -> None:
    connection.send("{")


def _twice(connection: ClientConnection) -> None:
    _start(connection, "live", LIVE)


def _binary(connection: ClientConnection) -> None:
    connection.send(b"no text")


def _too_long(connection: ClientConnection) -> None:
    connection.send("x" * 400_000)


def _nested(connection: ClientConnection) -> None:
    """Ask with variables at the edge of what can be read at all."""
    for depth in range(950, 1_000):
        nested: Any = "[" * depth + "]" * depth
        query = json.dumps(LIVE)
        connection.send(
            f'{{"id":"deep{depth}","type":"subscribe","payload":'
            f'{{"query":{query},"variables":{{"a":{nested}}}}}}}'
        )
        connection.send(f'{{"id":"deep{depth}","type":"complete"}}')


def _is_whole(server: Any) -> bool:
    """Whether as many subscriptions run as one address may have, on one socket."""
    told: dict[str, str] = {}
    with _opened(server) as connection:
        for number in range(SUBSCRIPTIONS):
            _start(connection, str(number), LIVE)
        while len(told) < SUBSCRIPTIONS:
            message = json.loads(connection.recv(LIMIT_S))
            told.setdefault(message["id"], message["type"])
    return list(told.values()) == ["next"] * SUBSCRIPTIONS


@pytest.mark.parametrize(
    "leave", [_reset, _malformed, _twice, _binary, _too_long, _nested]
)
def test_whoever_is_cut_off_gives_back_sockets_and_subscriptions(
    small: Any, leave: Callable[[ClientConnection], None]
) -> None:
    for _ in range(ROUNDS):
        with _opened(small) as connection:
            _start(connection, "live", LIVE)
            _start(connection, "alone", ALONE)
            for _ in range(2):
                connection.recv(LIMIT_S)
            leave(connection)
    deadline = time.monotonic() + LIMIT_S
    while not _is_whole(small):
        assert time.monotonic() < deadline
        time.sleep(0.1)  # another process: there is nothing to await
