"""A connection without a socket: what is fed goes to a protocol of uvicorn's."""

import asyncio
import re
from collections import deque
from collections.abc import Iterable
from typing import Any, Final

from bench.fuzz.oracle import Answer

_CHUNK: Final = re.compile(rb"([0-9a-f]+)\r\n")
UNREAD: Final = b"Invalid HTTP request received."
"""The server library's answer to what it cannot parse."""

_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d\d\d) ?[^\r\n]*")


class FakeTransport(asyncio.Transport):
    """Takes what is written, and hands on what is fed while it is read from."""

    def __init__(self, peer: str) -> None:
        super().__init__({"peername": (peer, 5), "sockname": ("127.0.0.1", 80)})
        self.out = bytearray()
        self.paused = False
        self.closing = False
        self.protocol: Any = None
        self._waiting: deque[bytes] = deque()

    def feed(self, data: bytes) -> None:
        """Have bytes arrive."""
        self._waiting.append(data)
        self.hand_on()

    def hand_on(self) -> None:
        """Give what has arrived to the protocol, while it reads."""
        while self._waiting and not self.paused and not self.closing:
            self.protocol.data_received(self._waiting.popleft())

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """See `asyncio`."""
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """See `asyncio`."""
        found: asyncio.BaseProtocol = self.protocol
        return found

    def write(self, data: Any) -> None:
        """Take bytes; a transport takes nothing after its end."""
        if not self.closing:
            self.out += data

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Take bytes in parts."""
        self.write(b"".join(list_of_data))

    def set_write_buffer_limits(
        self, high: int | None = None, low: int | None = None
    ) -> None:
        """See `asyncio`: everything is taken at once here."""

    def pause_reading(self) -> None:
        """See `asyncio`."""
        self.paused = True

    def resume_reading(self) -> None:
        """See `asyncio`: what waits is handed on in the loop's next turn."""
        self.paused = False
        asyncio.get_running_loop().call_soon(self.hand_on)

    def is_closing(self) -> bool:
        """See `asyncio`."""
        return self.closing

    def close(self) -> None:
        """See `asyncio`."""
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        """See `asyncio`."""
        self.close()

    def lose(self, exc: Exception | None) -> None:
        """Have the client go away."""
        if not self.closing:
            self.closing = True
            self.protocol.connection_lost(exc)


class NotHttp(Exception):
    """What came out cannot be read as answers; says where."""


def answers_in(data: bytes, methods: list[str]) -> list[Answer]:
    """Return the answers in what came out; the last one may be half.

    `methods` are those of the requests, in order: HEAD has no body.

    Raises:
        NotHttp: these are no answers.
    """
    found: list[Answer] = []
    at = 0
    while at < len(data):
        end = data.find(b"\r\n\r\n", at)
        if end < 0:
            raise NotHttp(f"half a head: {data[at : at + 200]!r}")
        status, headers = _head(data[at:end])
        at = end + 4
        if status == 100:
            continue
        method = methods[len(found)] if len(found) < len(methods) else ""
        answer = Answer(status, headers, b"")
        if status == 101:
            answer.body = data[at:]
            return [*found, answer]
        # The server library answers what it cannot parse at once, out of order.
        is_early = answer.header("content-type").startswith("text/plain; charset")
        if (method != "HEAD" and status not in (204, 304)) or (
            is_early and data.startswith(UNREAD, at)
        ):
            at = _read_body(data, at, answer)
        found.append(answer)
    return found


def _head(text: bytes) -> tuple[int, list[tuple[str, str]]]:
    first, *lines = text.split(b"\r\n")
    matched = _STATUS.fullmatch(first)
    if matched is None:
        raise NotHttp(f"no status line: {first[:200]!r}")
    headers = []
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(": ")
        if not colon or "\n" in line.decode("latin-1"):
            raise NotHttp(f"no header: {line[:200]!r}")
        headers.append((name.lower(), value))
    return int(matched[1]), headers


def _read_body(data: bytes, at: int, answer: Answer) -> int:
    """Read an answer's body; return where it ends."""
    if answer.header("transfer-encoding") != "chunked":
        length = int(answer.header("content-length") or 0)
        answer.body = data[at : at + length]
        answer.is_whole = len(answer.body) == length
        return at + length
    parts = []
    while True:
        matched = _CHUNK.match(data, at)
        if matched is None:
            if data[at:] and UNREAD not in data[at:]:
                raise NotHttp(f"no chunk: {data[at : at + 200]!r}")
            answer.is_whole, at = False, len(data)
            break
        length, at = int(matched[1], 16), matched.end()
        parts.append(data[at : at + length])
        at += length + 2
        if length == 0:
            break
    answer.body = b"".join(parts)
    return at
