"""GraphQL over Server-Sent Events, distinct connections mode.

Sources: the protocol of graphql-sse (also an RFC of GraphQL over HTTP) for the events;
WHATWG HTML, section 9.2, for the frames, `id`, `retry` and what a client does when the
connection is lost.

Each event has the number of the board's tick that it was made of as its `id`. A client
that connects again says it in `Last-Event-ID` and is told everything anew: its first
event is a snapshot, which replaces whatever it had, so that nothing is missed and
nothing need be kept for it here. What it had is not needed for that: a comment ahead of
the snapshot tells it beside what there is now.

A stream that has ended says so by the event `complete`, whose `id` is `end`: browsers'
`EventSource` knows no end and connects again, and is then answered with 204, which is
what stops it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from api.accept import EVENT_STREAM

LAST_EVENT: Final = "last-event-id"

END: Final = "end"
"""The `id` of `complete`."""

RECONNECT_MS: Final = 2_000
"""After how long `EventSource` connects again; it waits as long between its tries."""

# Ticks are counted in 64 bits at most; what is longer is no id of ours.
_MAX_CURSOR_DIGITS: Final = 19


@dataclass(frozen=True, slots=True)
class Event:
    """One event as every transport over HTTP is given it.

    `body` is an execution result as JSON; `cursor` the board's tick it was made of.
    `is_refusal`: the operation never ran, and nothing follows.
    """

    body: bytes
    cursor: int
    is_refusal: bool = False


class Framing(Protocol):
    """How the events of one stream are written."""

    headers: Mapping[str, str]

    def begin(self, cursor: int) -> bytes:
        """Return what goes ahead of everything, at a tick of the board."""
        ...

    def event(self, event: Event) -> bytes:
        """Return an event."""
        ...

    def heartbeat(self) -> bytes:
        """Return what keeps an idle stream open; clients do not tell their users."""
        ...

    def complete(self) -> bytes:
        """Return the end."""
        ...


STREAM_HEADERS: Final[Mapping[str, str]] = {
    # Nothing between us and the client may keep, change or hold back events.
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
"""Of every stream, beside its Content-Type."""


class EventStream:
    """Server-sent events. Lines end with LF: some clients' readers take no other."""

    headers: Mapping[str, str] = {
        "Content-Type": f"{EVENT_STREAM}; charset=utf-8",
        **STREAM_HEADERS,
    }

    def __init__(self, resumed_from: str | None = None) -> None:
        """Begin a stream; `resumed_from` is the client's `Last-Event-ID`."""
        self._seen = cursor_of(resumed_from)
        self._is_first = True

    def begin(self, cursor: int) -> bytes:
        """See `Framing`."""
        if self._seen is None:
            return b""
        return f": you had {self._seen}, this is {cursor}\n\n".encode()

    def event(self, event: Event) -> bytes:
        """See `Framing`; JSON as we write it has no line ends."""
        retry = b"retry: %d\n" % RECONNECT_MS if self._is_first else b""
        self._is_first = False
        return b"event: next\ndata: %b\nid: %d\n%b\n" % (
            event.body,
            event.cursor,
            retry,
        )

    def heartbeat(self) -> bytes:
        """See `Framing`: a comment."""
        return b": ping\n\n"

    def complete(self) -> bytes:
        """See `Framing`; browsers drop events without data."""
        return b"event: complete\ndata: \nid: %b\n\n" % END.encode()


def cursor_of(text: str | None) -> int | None:
    """Return the tick that a `Last-Event-ID` names, None where it names none."""
    if text is None or len(text) > _MAX_CURSOR_DIGITS:
        return None
    return int(text) if text.isascii() and text.isdecimal() else None


def has_ended(last_event: str | None) -> bool:
    """Whether a client connects again after its stream has ended."""
    return last_event == END
