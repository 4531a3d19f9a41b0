"""One WebSocket that stays: it says hello, answers pings and tells what it hears."""

import asyncio
import struct
from typing import Final

from bench.fuzz.frame import CLOSE, PING, PONG, TEXT, frame
from bench.fuzz.siege import HANDSHAKE, INIT

_ACK: Final = b'"type":"connection_ack"'
_PING: Final = b'"type":"ping"'
_NEXT: Final = b'"type":"next"'
_PONG: Final = frame(b'{"type":"pong"}')
_END: Final = b"\r\n\r\n"


class Guest(asyncio.Protocol):
    """A socket of `graphql-transport-ws`.

    `status` is what its handshake was answered with, once it was: 101 with an
    acknowledged hello, another one, or 0 where the connection broke off before.
    `heard` is the first event's body.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.status: asyncio.Future[int] = loop.create_future()
        self.heard: asyncio.Future[bytes] = loop.create_future()
        self.is_gone = False
        self._data = b""
        self._is_open = False
        self._line: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a socket."""
        assert isinstance(transport, asyncio.Transport)
        self._line = transport
        transport.write(HANDSHAKE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that it is over."""
        self.is_gone = True
        self._answered(0)
        self.heard.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what the server says."""
        self._data += data
        if not self._is_open:
            head, end, rest = self._data.partition(_END)
            if not end:
                return
            status = int(head[9:12])
            if status != 101:
                self._answered(status)
                self._line.close()
                return
            self._is_open, self._data = True, rest
            self._line.write(INIT)
        while (found := first_frame(self._data)) is not None:
            opcode, body, self._data = found
            self._take(opcode, body)

    def say(self, message: bytes) -> None:
        """Send a message."""
        self._line.write(frame(message))

    def _take(self, opcode: int, body: bytes) -> None:
        if opcode == PING:
            self._line.write(frame(body, PONG))
        elif opcode == CLOSE:
            self._line.close()
        elif opcode == TEXT and _ACK in body:
            self._answered(101)
        elif opcode == TEXT and _PING in body:
            self._line.write(_PONG)
        elif opcode == TEXT and _NEXT in body and not self.heard.done():
            self.heard.set_result(body)

    def _answered(self, status: int) -> None:
        if not self.status.done():
            self.status.set_result(status)


def first_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """Return a server's first frame: opcode, body and what follows; None: not whole."""
    if len(data) < 2:
        return None
    size, at = data[1], 2
    if size == 126:
        at = 4
    elif size == 127:
        at = 10
    if len(data) < at:
        return None
    if at > 2:
        (size,) = struct.unpack("!H" if at == 4 else "!Q", data[2:at])
    if len(data) < at + size:
        return None
    return data[0] & 15, data[at : at + size], data[at + size :]
