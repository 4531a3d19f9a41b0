"""What attackers do to a server, each in a process of its own."""

import asyncio
import os
import resource
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any, Final

from bench.fuzz.frame import CLOSE, PING, TEXT, frame

Told = dict[str, int]
CROWD: Final = 1_000
NICE: Final = 15
SPARE_FILES: Final = 600
"""File descriptors that the server and the client need beside their sockets."""

HANDSHAKE: Final = (
    b"GET /graphql HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
INIT: Final = frame(b'{"type":"connection_init"}')
_SUBSCRIBE: Final = frame(
    b'{"id":"1","type":"subscribe","payload":{"query":'
    b'"subscription { premiums { seq premiums { symbol percent quality } } }"}}'
)
_QUESTION: Final = b'{"query":"{ premiums(first: 100) { edges { node { symbol } } } }"}'
_STREAM: Final = b'{"query":"subscription { premiums { seq } }"}'
_HEAD: Final = (
    b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
)
_EVENTS: Final = b"Accept: text/event-stream\r\n"
_TURNS: Final = count()
_RESET: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to, and for how long."""

    host: str
    port: int
    seconds: float

    def turn(self) -> int:
        """Return one number after the other."""
        return next(_TURNS)

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        async with asyncio.timeout(20):
            return await asyncio.open_connection(self.host, self.port)

    async def open(
        self, hello: bytes = INIT
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a WebSocket, and say hello once it is open."""
        reader, writer = await self.dial()
        writer.write(HANDSHAKE)
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            writer.close()
            raise ConnectionRefusedError(head[9:12].decode())
        writer.write(hello)
        return reader, writer


Siege = Callable[[Place], Awaitable[Told]]


@dataclass(frozen=True, slots=True)
class Attack:
    """One way to hurt a server."""

    name: str
    siege: Siege


def run(
    attack: Attack,
    host: str,
    port: int,
    seconds: float,
    telling: "Connection[Any, Any]",
) -> None:
    """Attack, and tell what came of it.

    Attackers have machines of their own: this one takes only what is left of ours.
    """
    os.nice(NICE)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    telling.send(asyncio.run(_run(attack, Place(host, port, seconds))))


async def _run(attack: Attack, place: Place) -> Told:
    return await attack.siege(place)


def request(body: bytes, more: bytes = b"") -> bytes:
    """Return a request with a body."""
    return b"%bContent-Length: %d\r\n%b\r\n%b" % (_HEAD, len(body), more, body)


async def _crowd(
    place: Place, one: Callable[[Place], Awaitable[str]], size: int = CROWD
) -> Told:
    """Have many do the same at once; return how they ended."""
    ends: Counter[str] = Counter()
    waiting = asyncio.Semaphore(200)

    async def single() -> None:
        try:
            async with waiting:
                begun = asyncio.ensure_future(one(place))
                await asyncio.sleep(0.01)  # the pace of the attack
            ends[await begun] += 1
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as exc:
            ends[type(exc).__name__] += 1

    await asyncio.gather(*(single() for _ in range(size)))
    return dict(sorted(ends.items()))


async def _until_end(reader: asyncio.StreamReader, seconds: float) -> bytes:
    """Read until the server hangs up or time is over; return the last bytes."""
    last = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            with suppress(ConnectionError):
                while data := await reader.read(65536):
                    last = (last + data)[-200:]
            return last + b"<end>"
    return last


def _ending(last: bytes) -> str:
    """Say how a WebSocket ended."""
    is_over = last.endswith(b"<end>")
    data = last.removesuffix(b"<end>")
    at = data.rfind(b"\x88")
    if at >= 0 and at + 2 + data[at + 1 : at + 2][0] == len(data):
        return f"closed {int.from_bytes(data[at + 2 : at + 4], 'big') or 1005}"
    return "hung up" if is_over else "left open"


async def _half_heads(place: Place) -> str:
    """Send a request's head a byte at a time."""
    reader, writer = await place.dial()
    until_s = time.monotonic() + place.seconds
    try:
        for byte in request(_QUESTION):
            if time.monotonic() > until_s or writer.is_closing():
                break
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.5)  # the slowness is the attack
        return "hung up" if reader.at_eof() else "left open"
    finally:
        writer.close()


async def _half_bodies(place: Place) -> str:
    """Announce a body, send half of it and wait."""
    reader, writer = await place.dial()
    try:
        writer.write(_HEAD + b"Content-Length: 9999\r\n\r\n" + _QUESTION)
        last = await _until_end(reader, place.seconds)
        return "hung up" if last.endswith(b"<end>") else "left open"
    finally:
        writer.close()


async def _never_init(place: Place) -> str:
    reader, writer = await place.open(b"")
    try:
        return _ending(await _until_end(reader, place.seconds))
    finally:
        writer.close()


async def _huge_frames(place: Place) -> str:
    """Announce what is far too long, and send much of it."""
    reader, writer = await place.open()
    try:
        writer.write(struct.pack("!BBQ", 0x81, 0xFF, 2**62) + b"\0\0\0\0")
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(1):
                for _ in range(64):
                    writer.write(bytes(65536))
                    await writer.drain()
        return _ending(await _until_end(reader, place.seconds))
    finally:
        writer.close()


async def _long_messages(place: Place) -> str:
    """Send one message in fragments without an end."""
    reader, writer = await place.open()
    try:
        writer.write(frame(b'{"type":"', TEXT, fin=False))
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(place.seconds):
                for _ in range(400):
                    writer.write(frame(b"a" * 4096, 0, fin=False))
                    await writer.drain()
        return _ending(await _until_end(reader, place.seconds))
    finally:
        writer.close()


async def _pings(place: Place) -> Told:
    """Send pings, of the protocol's and of WebSocket's, as fast as they are taken."""
    sent: Counter[str] = Counter()

    async def one() -> None:
        reader, writer = await place.open()
        reading = asyncio.ensure_future(_until_end(reader, place.seconds + 5))
        block = frame(b'{"type":"ping"}') * 50 + frame(b"x" * 125, PING) * 50
        until_s = time.monotonic() + place.seconds
        with suppress(ConnectionError, TimeoutError):
            while time.monotonic() < until_s:
                writer.write(block)
                async with asyncio.timeout(place.seconds):
                    await writer.drain()
                sent["pings"] += 100
                await asyncio.sleep(0.005)  # the pace of the attack
        writer.close()
        reading.cancel()

    await asyncio.gather(*(one() for _ in range(20)))
    return dict(sent)


async def _control(place: Place) -> str:
    """Break the rules of control frames."""
    reader, writer = await place.open()
    bad = (
        frame(b"x" * 126, PING),
        frame(b"x", PING, fin=False),
        frame(b"\x03", CLOSE),
        frame(b"\x03\xe8" + b"\xff" * 100, CLOSE),
        frame(b"x", TEXT, mask=None),
        frame(b"x", 0),
        frame(b"x", 3),
        frame(b"nonsense") + frame(b"\x03\xe8", CLOSE),
    )
    try:
        writer.write(bad[place.turn() % len(bad)])
        return _ending(await _until_end(reader, place.seconds))
    finally:
        writer.close()


async def _resets(place: Place) -> Told:
    """Connect, say something and break off, as fast as it goes."""
    done: Counter[str] = Counter()
    said = (request(_QUESTION), HANDSHAKE, request(_STREAM, _EVENTS), b"")

    def one(number: int) -> None:
        try:
            made = socket.create_connection((place.host, place.port), timeout=5)
        except OSError as exc:
            done[type(exc).__name__] += 1
            return
        with made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with suppress(OSError):
                made.sendall(said[number % len(said)])
        done["resets"] += 1

    until_s, number = time.monotonic() + place.seconds, 0
    while time.monotonic() < until_s:
        await asyncio.to_thread(one, number)
        number += 1
    return dict(done)


async def _pipelined_streams(place: Place) -> str:
    """Ask for a stream, put a second request behind it, and go."""
    reader, writer = await place.dial()
    writer.write(request(_STREAM, _EVENTS) + request(_QUESTION))
    with suppress(TimeoutError):
        async with asyncio.timeout(5):
            await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return "begun and left"


async def _deaf(place: Place) -> str:
    """Subscribe to everything and read nothing."""
    _, writer = await place.open()
    try:
        made = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        writer.write(_SUBSCRIBE)
        await asyncio.sleep(place.seconds)  # reading nothing is the attack
        return "read nothing"
    finally:
        writer.transport.abort()


async def _many_sockets(place: Place) -> Told:
    """Hold as many sockets from one address as files allow."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES
    held: list[asyncio.StreamWriter] = []
    told: Counter[str] = Counter()

    async def one() -> None:
        try:
            _, writer = await place.open()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as exc:
            told[type(exc).__name__] += 1
            return
        held.append(writer)
        told["opened"] += 1

    for _ in range(most // 100):
        await asyncio.gather(*(one() for _ in range(100)))
    await asyncio.sleep(2)  # holding on is the attack
    for writer in held:
        writer.transport.abort()
    return dict(told)


class _All:
    """A crowd as a siege; a name at the top of a module can be sent to a process."""

    def __init__(self, one: Callable[[Place], Awaitable[str]], size: int) -> None:
        self._one = one
        self._size = size

    def __call__(self, place: Place) -> Awaitable[Told]:
        """Begin."""
        return _crowd(place, self._one, self._size)


ATTACKS: Final = (
    Attack("1,000 heads, a byte each half second", _All(_half_heads, CROWD)),
    Attack("1,000 bodies that stop half way", _All(_half_bodies, CROWD)),
    Attack("1,000 sockets that never say hello", _All(_never_init, CROWD)),
    Attack("100 frames of 2^62 bytes", _All(_huge_frames, 100)),
    Attack("100 messages without an end", _All(_long_messages, 100)),
    Attack("20 sockets of nothing but pings", _pings),
    Attack("1,000 sockets that abuse control frames", _All(_control, CROWD)),
    Attack("connections that break off at once", _resets),
    Attack("1,000 streams with a request behind", _All(_pipelined_streams, CROWD)),
    Attack("200 subscribers that read nothing", _All(_deaf, 200)),
    Attack("as many sockets as files allow", _many_sockets),
)
