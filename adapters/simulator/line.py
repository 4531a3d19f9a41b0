"""One connection's way to its client, on which faults change, hold and double frames.

What is random comes from the line's own Random, so the same seed and the same frames
give the same story on every connection.
"""

import re
from collections.abc import Sequence
from random import Random

from adapters.simulator.delisting import ended
from adapters.simulator.fault import Fault
from adapters.simulator.frame import BINARY, TEXT, frame, opened
from adapters.simulator.garbage import broken
from adapters.simulator.skew import shifted

# What a venue says about a conversation is no data: answers, beats, notices.
_REPLIES = tuple(
    b'{"%s"' % key
    for key in (b"result", b"id", b"status", b"error", b"code", b"method", b"mthd")
)
_SHUTDOWN = b"serverShutdown"
_STREAM = re.compile(rb'\{"stream":"([^"]+)"')
_MARKET = re.compile(rb'"(?:type|ty|e|code|cd|s)":"([^"]+)"')
_KEY_BYTES = 200
"""The part of a frame in which its stream and market are named."""


class Line:
    """`fault` is the venue's, shared by all its lines."""

    __slots__ = ("_fault", "_held", "_random")

    def __init__(self, fault: Fault, random: Random) -> None:
        self._fault = fault
        self._random = random
        self._held: dict[bytes, list[bytes]] = {}

    @property
    def writes(self) -> bool:
        """Whether anything at all reaches the client."""
        return not (self._fault.mute or self._fault.half_open)

    @property
    def reads(self) -> bool:
        """Whether anything the client sends arrives."""
        return not self._fault.half_open

    def carry(self, message: bytes) -> Sequence[bytes]:
        """Return what becomes of a frame: itself, nothing or several."""
        fault = self._fault
        if not fault.touches_frames:
            return (message,)
        opcode, payload = opened(message)
        if opcode not in (TEXT, BINARY):
            return (message,)
        if fault.skew_ms:
            payload = shifted(payload, fault.skew_ms)
            message = frame(opcode, payload)
        if payload.startswith(_REPLIES) or _SHUTDOWN in payload[:_KEY_BYTES]:
            return (message,)
        if fault.silent:
            return ()
        if fault.delisted:
            told = ended(payload, fault.delisted)
            if told is None:
                return ()
            payload, message = told, frame(opcode, told)
        return self._held_back(payload, self._multiplied(opcode, payload, message))

    def release(self) -> list[bytes]:
        """Return the frames held back, if they are held no longer."""
        if not self._held or self._fault.reordered:
            return []
        held, self._held = self._held, {}
        return [message for messages in held.values() for message in messages]

    def _multiplied(self, opcode: int, payload: bytes, message: bytes) -> list[bytes]:
        fault, random = self._fault, self._random
        messages = [message]
        if fault.duplicated and random.random() < fault.duplicated:
            messages *= fault.copies
        garbage = fault.garbage
        if garbage is not None and random.random() < garbage.share:
            messages.append(frame(opcode, broken(payload, garbage.kinds, random)))
        return messages

    def _held_back(self, payload: bytes, messages: list[bytes]) -> list[bytes]:
        if not self._fault.reordered:
            return messages
        key = _key(payload)
        earlier = self._held.pop(key, None)
        if earlier is not None:
            return messages + earlier
        if self._random.random() < self._fault.reordered:
            self._held[key] = messages
            return []
        return messages


def _key(payload: bytes) -> bytes:
    """Return what stream and market a data frame is of."""
    named = _STREAM.match(payload)
    if named is not None:
        return named[1]
    parts = _MARKET.findall(payload[:_KEY_BYTES])
    # A raw array is of one stream whatever market comes first in it.
    return parts[0] if payload.startswith(b'[{"e"') else b"/".join(parts[:2])
