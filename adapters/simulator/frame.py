"""WebSocket frames as bytes (RFC 6455, a server's: whole and unmasked)."""

import struct

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
_FINAL = 0x80
_SHORT, _MEDIUM = 126, 65_536


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one frame. Made once, it is shared by every connection it goes to."""
    size = len(payload)
    first = _FINAL | opcode
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size < _MEDIUM:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def opened(message: bytes) -> tuple[int, bytes]:
    """Return opcode and payload of one whole frame made by `frame`."""
    size = message[1]
    start = 2 if size < _SHORT else 4 if size == _SHORT else 10
    return message[0] & ~_FINAL, message[start:]


def close_frame(code: int, reason: str) -> bytes:
    """Return a close frame; reasons are cut to the 123 bytes that fit."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode()[:123])
