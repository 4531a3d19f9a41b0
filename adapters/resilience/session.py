"""One WebSocket conversation with a venue, as a pure state machine.

A venue's adapter implements `StreamSession`; the dialer owns the socket, the clock and
the reconnects. Bytes and times go in, decoded values and frames to send come out.
"""

from dataclasses import dataclass
from typing import Protocol

from domain.model.event import FeedBatch

# Enough to see what a venue sent, small enough to keep hundreds of them.
MAX_REJECT_BYTES = 2_048
MAX_DETAIL_CHARS = 300


@dataclass(frozen=True, slots=True)
class Reject:
    """A frame or value that could not be used, kept for inspection.

    `kind` is a short word from a small closed set of the adapter (it becomes a metric
    label); `detail` tells what was wrong; `frame` holds the first 2,048 bytes.
    """

    kind: str
    detail: str
    frame: bytes

    @classmethod
    def of(cls, kind: str, detail: str, frame: bytes | str) -> "Reject":
        """Make a reject with the detail and frame cut to their bounds."""
        # A character is at least one byte: cutting the text first bounds the work.
        head = frame[:MAX_REJECT_BYTES]
        content = head.encode("utf-8", "replace") if isinstance(head, str) else head
        return cls(kind, detail[:MAX_DETAIL_CHARS], bytes(content[:MAX_REJECT_BYTES]))


@dataclass(frozen=True, slots=True)
class Received:
    """What one frame meant.

    `batches` is decoded data and nothing else proves that a connection is good.
    `reconnect` is set where the venue asks us to come back on a new connection
    (Binance `serverShutdown`), `error` where it sent an error message.
    """

    batches: tuple[FeedBatch, ...] = ()
    rejects: tuple[Reject, ...] = ()
    reconnect: str | None = None
    error: str | None = None


NOTHING = Received()


class StreamSession(Protocol):
    """A conversation on one connection, made anew for each; never raises."""

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        """Set all markets wanted; first called right after the connection opened."""
        ...

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        """Decode one frame (text frames come as their UTF-8 bytes)."""
        ...

    def frames_to_send(self, now_s: float) -> list[str]:
        """Take the frames due now; paced by the venue's message limits."""
        ...

    def wake_at_s(self) -> float | None:
        """Return when `frames_to_send` should be asked again; None: not by itself."""
        ...
