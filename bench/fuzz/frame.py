"""WebSocket frames: those of a client, right and wrong, and those that came out."""

import struct
import zlib
from typing import Final

from bench.fuzz.draw import Draw
from bench.fuzz.message import messages
from bench.fuzz.oracle import Oracle
from bench.fuzz.text import spoiled

_HANDSHAKE: Final = (
    "GET {target} HTTP/1.1\r\nHost: here\r\n"
    "Upgrade: {upgrade}\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: {version}\r\n"
    "Sec-WebSocket-Protocol: {protocol}\r\n{more}\r\n"
)
_PROTOCOLS: Final = ("graphql-ws", "graphql-transport-ws, graphql-ws", "x", "")
_MORE: Final = (
    "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; x=1, y, ;;\r\n",
    "Origin: https://evil.example\r\n",
    "Origin: null\r\n",
    "Authorization: Bearer x\r\n",
    "X-Forwarded-For: 1.2.3.4\r\n",
)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def handshake(draw: Draw) -> bytes:
    """Return the request that opens a socket."""
    odd = draw.hit(0.1)
    text = _HANDSHAKE.format(
        target=draw.one(("/graphql?x=1", "/", "/%67raphql")) if odd else "/graphql",
        upgrade="websocket" if not odd else draw.one(("websocket", "WebSocket", "h2c")),
        key="dGhlIHNhbXBsZSBub25jZQ==" if draw.hit(0.97) else "x",
        version="13" if draw.hit(0.97) else draw.one(("8", "x", "")),
        protocol="graphql-transport-ws" if draw.hit(0.93) else draw.one(_PROTOCOLS),
        more="".join(draw.some(_MORE, 2)),
    )
    data = text.encode()
    return spoiled(draw, data, 1) if draw.hit(0.03) else data


def frame(
    data: bytes,
    opcode: int = TEXT,
    *,
    fin: bool = True,
    mask: bytes | None = b"\x01\x02\x03\x04",
    rsv: int = 0,
) -> bytes:
    """Return a frame as a client sends it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    bit = 0 if mask is None else 0x80
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if mask is None:
        return head + data
    key = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(data, "big") ^ int.from_bytes(key, "big")
    return head + mask + masked.to_bytes(size, "big")


def frames(draw: Draw) -> list[bytes]:
    """Return what a client sends after its handshake."""
    found: list[bytes] = []
    odd = draw.one((0.0, 0.0, 0.05, 0.3))
    for message in messages(draw):
        if draw.hit(odd):
            found.append(_odd_frame(draw, message))
        elif draw.hit(0.1):
            half = len(message) // 2
            found.append(frame(message[:half], fin=False))
            if draw.hit(0.3):
                found.append(frame(b"between", PING))
            found.append(frame(message[half:], 0))
        else:
            found.append(frame(message))
    if draw.hit(0.3):
        code = draw.one((1000, 1001, 1005, 4000, 999, 0, 65535))
        body = draw.one((struct.pack("!H", code), b"", b"\x03", b"\x03\xe8\xff"))
        found.append(frame(body, CLOSE))
    return found


def _odd_frame(draw: Draw, data: bytes) -> bytes:
    match int(draw.random() * 9):
        case 0:
            return frame(data, mask=None)
        case 1:
            return frame(data, draw.one((3, 4, 7, 11, 15)))
        case 2:
            return frame(data, rsv=1 + int(draw.random() * 7))
        case 3:
            return frame(data[:125], draw.one((PING, PONG, CLOSE)), fin=draw.hit(0.5))
        case 4:
            return frame(data, BINARY)
        case 5:
            return frame(data, 0)
        case 6:
            size = draw.one((2**20 + 1, 2**31, 2**63, 2**64 - 1))
            return struct.pack("!BBQ", 0x81, 0xFF, size) + b"\0\0\0\0" + data
        case 7:
            return frame(b"", draw.one((TEXT, PING, CLOSE)))
        case _:
            return spoiled(draw, frame(data))


class WebSocketReader:
    """Reads the frames of the server."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle

    def read(self, data: bytes) -> None:
        """Look at every frame in what came out."""
        at, is_closed = 0, False
        while at + 2 <= len(data):
            first, size = data[at], data[at + 1]
            at += 2
            if size > 127:
                self._oracle.findings.add("a masked frame of the server")
                return
            if size > 125:
                length = 2 if size == 126 else 8
                size = int.from_bytes(data[at : at + length], "big")
                at += length
            body = data[at : at + size]
            at += size
            if is_closed and first & 15 < CLOSE:
                self._oracle.findings.add("a frame after the close frame")
            is_closed = self._take(first & 15, body, is_deflated=bool(first & 0x40))
        if at != len(data):
            self._oracle.findings.add("half a frame")

    def _take(self, opcode: int, body: bytes, *, is_deflated: bool) -> bool:
        if is_deflated:
            body = zlib.decompressobj(-zlib.MAX_WBITS).decompress(body + _TAIL)
        if opcode == TEXT:
            self._oracle.message(body)
        elif opcode == CLOSE:
            code = int.from_bytes(body[:2], "big") if body else 1005
            if code not in _ECHOED:
                self._oracle.close(code, body[2:].decode("utf-8", "replace"))
            return True
        return False


_TAIL: Final = b"\0\0\xff\xff"
_ECHOED: Final = (1005, 4000)
"""What the client's own close frame says is said back."""
