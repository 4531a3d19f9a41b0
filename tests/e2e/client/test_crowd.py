"""A thousand at once: they come fast, they vanish abruptly, and nobody else notices."""

import asyncio
import json
import resource
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.e2e.client.figure import LIMIT_S, figure, wait_figure

pytestmark = pytest.mark.slow

CROWD: Final = 1000
CONCURRENT: Final = 200  # handshakes under way at a time
FILES: Final = 4096
# A member of a calm server hears something every 0.1 s; CI machines are loaded.
LONGEST_SILENCE_S: Final = 2.0
# What the server may hold open that it had not before: connections to its database,
# venues and whoever asks for the metrics.
SPARE_FILES: Final = 16
BOARD: Final = (
    "subscription { premiums(throttleMs: 100) { seq premiums { symbol percent } } }"
)
HANDSHAKE: Final = (
    b"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
# On, with no time to linger: closing sends a reset (socket(7)).
RESETS: Final = struct.pack("ii", 1, 0)


def frame(message: dict[str, Any]) -> bytes:
    """Return a short text frame, masked with zeros (RFC 6455, section 5.2)."""
    text = json.dumps(message).encode()
    if len(text) < 126:
        size = bytes([0x80 | len(text)])
    else:
        size = b"\xfe" + struct.pack("!H", len(text))
    return b"\x81" + size + bytes(4) + text


INIT: Final = frame({"type": "connection_init"})
SUBSCRIBE: Final = frame({"id": "1", "type": "subscribe", "payload": {"query": BOARD}})


@dataclass
class Crowd:
    """Sockets that are open."""

    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def come(self, *, subscribing: bool) -> None:
        """Open all sockets, as fast as we can."""
        turn = asyncio.Semaphore(CONCURRENT)

        async def enter() -> None:
            async with turn:
                await self._enter(subscribing=subscribing)

        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            for _ in range(CROWD):
                group.create_task(enter())

    async def _enter(self, *, subscribing: bool) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        writer.write(HANDSHAKE)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        if subscribing:
            writer.write(INIT + SUBSCRIBE)
            await reader.readuntil(b'"type":"connection_ack"}')
            await reader.readuntil(b'"type":"next"')

    async def vanish(self) -> None:
        """Reset all connections, whatever is under way on them."""
        for writer in self.writers:
            file: socket.socket = writer.get_extra_info("socket")
            file.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
            writer.transport.abort()
        self.writers.clear()
        await asyncio.sleep(0)  # the loop closes an aborted transport in its next turn


@dataclass
class Member:
    """Somebody who listens, and when something was heard (monotonic seconds)."""

    url: str
    heard_s: list[float] = field(default_factory=list)
    started: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    seqs: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Listen until it is over."""
        address = self.url.replace("http", "ws", 1) + "/graphql"
        protocol = Subprotocol("graphql-transport-ws")
        with connect(address, subprotocols=[protocol], max_size=None) as listening:
            listening.send(json.dumps({"type": "connection_init"}))
            assert json.loads(listening.recv(LIMIT_S))["type"] == "connection_ack"
            ask = {"id": "1", "type": "subscribe", "payload": {"query": BOARD}}
            listening.send(json.dumps(ask))
            while not self.over.is_set():
                event = json.loads(listening.recv(LIMIT_S))
                self.heard_s.append(time.monotonic())
                self.seqs.append(event["payload"]["data"]["premiums"]["seq"])
                self.started.set()

    def longest_silence_s(self, began_s: float, ended_s: float) -> float:
        """Return the longest time without an event that touches this period."""
        gaps = zip(self.heard_s, self.heard_s[1:], strict=False)
        return max(b - a for a, b in gaps if b >= began_s and a <= ended_s)


@contextmanager
def listening(url: str) -> Iterator[Member]:
    """Listen in a thread; one more event is heard after the block."""
    member = Member(url)
    thread = threading.Thread(target=member.run)
    thread.start()
    try:
        assert member.started.wait(LIMIT_S)
        yield member
    finally:
        member.over.set()
        thread.join(LIMIT_S)


@pytest.fixture(scope="module")
def files() -> Iterator[None]:
    """Let this process, and what it starts, open enough files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"needs {FILES} open files, this machine allows {hard}")
    if soft != resource.RLIM_INFINITY and soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def server(
    files: None,
    kimp: str,
    running: Callable[..., AbstractContextManager[Any]],
    live_coins: Callable[[Any], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Any]:
    """A `kimp demo` that may open enough files."""
    with running([kimp, "demo"], tmp_path_factory.mktemp("crowd")) as started:
        started.wait(lambda s: live_coins(s) > 100)
        yield started


@pytest.fixture
def crowd(server: Any) -> Crowd:
    """Nobody yet, before a server without sockets."""
    wait_figure(server, "kimp_websocket_connections", lambda n: n == 0)
    return Crowd(int(server.url.rpartition(":")[2]))


def wait_empty(server: Any) -> None:
    """Return once the server has forgotten everybody."""
    for name in (
        "kimp_websocket_connections",
        "kimp_subscriptions_active",
        "kimp_live_groups",
        "kimp_live_members_lagging",
    ):
        wait_figure(server, name, lambda n: n == 0)


async def test_a_thousand_who_vanish_leave_nothing(server: Any, crowd: Crowd) -> None:
    before = figure(server, "process_open_fds")
    await crowd.come(subscribing=True)
    assert figure(server, "kimp_websocket_connections") == CROWD
    assert figure(server, "kimp_subscriptions_active") == CROWD
    assert figure(server, "kimp_live_groups") == 1
    assert figure(server, "process_open_fds") >= before + CROWD - SPARE_FILES
    await crowd.vanish()
    wait_empty(server)
    wait_figure(server, "process_open_fds", lambda n: n <= before + SPARE_FILES)


async def test_a_member_hears_on_while_a_thousand_knock(
    server: Any, crowd: Crowd
) -> None:
    with listening(server.url) as member:
        began_s = time.monotonic()
        await crowd.come(subscribing=False)
        ended_s = time.monotonic()
    assert member.longest_silence_s(began_s, ended_s) < LONGEST_SILENCE_S
    # A member who reads is told of every change, one tick after the other.
    assert member.seqs == sorted(set(member.seqs))
    await crowd.vanish()
    wait_empty(server)
