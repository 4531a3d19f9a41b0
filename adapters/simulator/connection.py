"""The server's side of one WebSocket, with a bound on what it has not sent.

aiohttp does the handshake and reads; frames are written straight to the transport,
all of a step in one write. A reader that falls behind is cut, as exchanges do.
"""

from asyncio import Transport
from random import Random

from adapters.simulator.fault import Fault
from adapters.simulator.frame import PING, close_frame, frame
from adapters.simulator.line import Line

WRITE_CAP_BYTES = 16 * 1024 * 1024
"""Unsent bytes above which the connection is cut."""


class Connection:
    """One client; instants are ms since 1970. `line`: its way, None without faults."""

    __slots__ = (
        "_cap",
        "_line",
        "_pending",
        "_ping",
        "_transport",
        "answered_ms",
        "beat_ms",
        "heard_ms",
        "opened_ms",
        "pinged_ms",
        "sent_ms",
    )

    def __init__(
        self,
        transport: Transport,
        now_ms: int,
        *,
        cap: int = WRITE_CAP_BYTES,
        line: Line | None = None,
    ) -> None:
        self._transport = transport
        self._cap = cap
        self._line = line or Line(Fault(), Random(0))  # noqa: S311 - never drawn from
        self._pending: list[bytes] = []
        self._ping = b""
        self.opened_ms = self.heard_ms = self.sent_ms = now_ms
        self.pinged_ms = self.answered_ms = now_ms
        # Last {"status":"UP"} of Upbit, 0 where the client never asked for it.
        self.beat_ms = 0

    @property
    def writes(self) -> bool:
        """Whether the client gets what is put."""
        return self._line.writes

    def put(self, message: bytes) -> None:
        """Take a frame for the next flush."""
        self._pending.extend(self._line.carry(message))

    def flush(self, now_ms: int) -> bool:
        """Write what was put; False where the connection is, or now was, cut."""
        self._pending.extend(self._line.release())
        pending, self._pending = self._pending, []
        if self._transport.is_closing():
            return False
        if self._transport.get_write_buffer_size() > self._cap:
            self._transport.abort()
            return False
        if pending and self._line.writes:
            self._transport.write(b"".join(pending))
            self.sent_ms = now_ms
        return True

    def ping(self, now_ms: int) -> None:
        """Send a ping whose payload is the instant; none where nothing is sent."""
        if not self._line.writes:
            return
        self._ping = str(now_ms).encode()
        self.pinged_ms = now_ms
        self.put(frame(PING, self._ping))

    def pong(self, payload: bytes, now_ms: int) -> bool:
        """Take a pong; False where it answers no ping of ours."""
        if payload != self._ping:
            return False
        self.answered_ms = now_ms
        return True

    def owes_pong_ms(self, now_ms: int) -> int:
        """Return how long a ping has waited for its pong, 0 where none does."""
        if self.answered_ms >= self.pinged_ms or not self._line.reads:
            return 0
        return now_ms - self.pinged_ms

    def close(self, code: int, reason: str) -> None:
        """Say good-bye and close after what was put is written.

        Without the word where nothing is sent; not at all where nothing is read.
        """
        if not self._line.reads:
            return
        if not self._transport.is_closing():
            self._pending.append(close_frame(code, reason))
            if self._line.writes:
                self._transport.write(b"".join(self._pending))
            self._transport.close()
        self._pending = []

    def freeze(self) -> None:
        """Read nothing more; what arrives stays with the kernel until `abort`."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def abort(self) -> None:
        """Cut without a word, as a network does."""
        self._transport.abort()
