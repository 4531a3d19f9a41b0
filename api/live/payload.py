"""What every member of a group is sent alike, and what differs: the operation's ID.

A message is `head` + `body`: `{"id":"…","type":"next","payload":` and the shared rest.
Frames: RFC 6455, section 5.2. Compression: RFC 7692; a DEFLATE stream is a row of
blocks (RFC 1951, section 3.2), so the head goes ahead in a stored block of its own and
the body's compressed blocks are the same bytes for everybody.
"""

import struct
import zlib
from functools import lru_cache
from typing import Final

import msgspec

from api.scalar import instant_text
from api.spent import Spent

MIN_DEFLATED: Final = 1024
"""Bytes of a body from which compression pays."""

_TEXT: Final = 0x81
_TEXT_DEFLATED: Final = 0xC1
_SHORT: Final = 126
_MEDIUM: Final = 65_536
# What ends a flushed DEFLATE stream, and a message does without (RFC 7692, 7.2.1).
_FLUSH_END: Final = b"\x00\x00\xff\xff"
# Fast, and small enough: measured on boards, level 6 costs three times for a tenth.
_LEVEL: Final = 1


def head_of(name: str) -> bytes:
    """Return what goes before the shared bytes in an operation's `next` messages."""
    return b'{"id":' + msgspec.json.encode(name) + b',"type":"next","payload":'


@lru_cache(1)
def _ending(now_ms: int) -> bytes:
    """Return what follows the data; many groups are told in one millisecond."""
    return b',"extensions":{"serverTime":"' + instant_text(now_ms).encode() + b'"}}}'


def _first_ending(now_ms: int, spent: Spent) -> bytes:
    """Return what follows the data of a first event: it tells the cost, too."""
    more = b',"cost":' + msgspec.json.encode(spent.told()) + b"}}}"
    return _ending(now_ms).removesuffix(b"}}}") + more


class Payload:
    """The shared bytes of one event: the payload and the message's closing brace."""

    __slots__ = ("_deflated", "_head_size", "_start", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._deflated: bytes | None = None
        self._head_size = -1
        self._start = b""

    @classmethod
    def of(cls, data: bytes, now_ms: int, spent: Spent | None = None) -> "Payload":
        """Return the payload of an answer without errors, sent at a time (Unix ms).

        `spent` is told with the first event.
        """
        ending = _ending(now_ms) if spent is None else _first_ending(now_ms, spent)
        return cls(b'{"data":' + data + ending)

    def start(self, head_size: int) -> bytes:
        """Return the header of the uncompressed frame behind a head of so many bytes.

        Heads are mostly of one length: IDs are UUIDs.
        """
        if head_size != self._head_size:
            self._head_size = head_size
            self._start = frame_start(_TEXT, head_size + len(self.body))
        return self._start

    @property
    def deflated(self) -> bytes | None:
        """The body's compressed blocks; None where it is not worth it."""
        if len(self.body) < MIN_DEFLATED:
            return None
        if self._deflated is None:
            squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            told = squeeze.compress(self.body) + squeeze.flush(zlib.Z_SYNC_FLUSH)
            self._deflated = told.removesuffix(_FLUSH_END)
        return self._deflated


def frame_start(first: int, size: int) -> bytes:
    """Return the header of an unmasked final frame of so many bytes."""
    if size < _SHORT:
        return bytes((first, size))
    if size < _MEDIUM:
        return struct.pack("!BBH", first, 126, size)
    return struct.pack("!BBQ", first, 127, size)


def text_frame(message: bytes) -> bytes:
    """Return a whole message as one frame."""
    return frame_start(_TEXT, len(message)) + message


def deflated_start(head: bytes, blocks: bytes) -> bytes:
    """Return what precedes the body's compressed blocks: the head is stored as it is.

    The stored block is not the last one, and ends on a byte's edge.
    """
    size = len(head)
    stored = struct.pack("<BHH", 0, size, size ^ 0xFFFF) + head
    return frame_start(_TEXT_DEFLATED, len(stored) + len(blocks)) + stored
