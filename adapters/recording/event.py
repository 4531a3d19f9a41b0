"""The lines of a recording, as types: one JSON object each. Pure.

Source: docs/RECORDING.md. `at` is our wall clock at the event, Unix µs; `venue` is
`upbit`, `binance`, `fx`, or in foreign recordings the host's name.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct, field

FORMAT: Final = "kimp-recording"
VERSION: Final = 1
MAX_EXCERPT_CHARS: Final = 80


class MalformedLine(Exception):
    """A line that is no event of this format; the message says why."""


class Event(Struct, tag_field="kind", omit_defaults=True):
    """What all lines have."""

    at: int


class Header(Event, tag="header"):
    """The first line of every file; `part` counts the files of one run from 1.

    `venues` tells the addresses by venue (`{"upbit": {"rest": …, "stream": …}}`).
    """

    software: str
    started_at: str
    part: int
    venues: dict[str, dict[str, str]]
    format: str = field(default=FORMAT)
    version: int = field(default=VERSION)
    seed: int | None = None


class Connected(Event, tag="connect"):
    """A WebSocket is open; `connection` counts a venue's connections from 1.

    `carried`: it was opened in an earlier file and is still open.
    """

    venue: str
    connection: int
    url: str
    carried: bool = False


class Refused(Event, tag="refused"):
    """A dial was in vain."""

    venue: str
    url: str
    reason: str


class Sent(Event, tag="sent"):
    """A text message of ours."""

    venue: str
    connection: int
    text: str


class Frame(Event, tag="frame"):
    """A message of the venue: `text` where it is UTF-8, else `base64`."""

    venue: str
    connection: int
    text: str | None = None
    base64: str | None = None

    @classmethod
    def of(cls, at: int, venue: str, connection: int, payload: bytes) -> "Frame":
        """Make a frame of the bytes that came."""
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            packed = base64.b64encode(payload).decode()
            return cls(at=at, venue=venue, connection=connection, base64=packed)
        return cls(at=at, venue=venue, connection=connection, text=text)

    @property
    def payload(self) -> bytes:
        """The bytes that came."""
        if self.base64 is not None:
            return base64.b64decode(self.base64)
        return (self.text or "").encode()


class Disconnected(Event, tag="disconnect"):
    """A connection has ended, and why."""

    venue: str
    connection: int
    reason: str


class Answer(Event, tag="answer"):
    """A REST answer with a 2xx status; `path` is relative to the venue's base URL.

    `carried`: it came in an earlier file and is repeated, so that each file is whole.
    """

    venue: str
    path: str
    text: str
    query: dict[str, str] = field(default_factory=dict)
    carried: bool = False


class End(Event, tag="end"):
    """The last line of a finished file: why it ended, and the lines before this one."""

    reason: str
    lines: int


AnyEvent = Header | Connected | Refused | Sent | Frame | Disconnected | Answer | End

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
# Written although they are defaults, and first: people and other programs read them.
_HEADER_FIRST: Mapping[str, object] = {
    "kind": "header",
    "format": FORMAT,
    "version": VERSION,
    "seed": None,
}


def encode(event: AnyEvent) -> bytes:
    """Write an event as one line, its end included."""
    if isinstance(event, Header):
        whole = {**_HEADER_FIRST, **msgspec.to_builtins(event)}
        return _ENCODER.encode(whole) + b"\n"
    return _ENCODER.encode(event) + b"\n"


def decode(line: bytes) -> AnyEvent:
    """Read one line.

    Raises:
        MalformedLine: not JSON, an unknown kind, a field missing or mistyped, or a
            format or version that is not ours.
    """
    try:
        event = _DECODER.decode(line)
    except (ValueError, RecursionError) as exc:
        raise MalformedLine(str(exc)[:MAX_EXCERPT_CHARS]) from exc
    if isinstance(event, Header) and (event.format, event.version) != (FORMAT, VERSION):
        told = f"{event.format[:MAX_EXCERPT_CHARS]} version {event.version}"
        raise MalformedLine(f"{told}; {FORMAT} version {VERSION} is read")
    if isinstance(event, Frame):
        _check_frame(event)
    return event


def _check_frame(event: Frame) -> None:
    if (event.text is None) == (event.base64 is None):
        raise MalformedLine("a frame has either text or base64")
    if event.base64 is not None:
        try:
            base64.b64decode(event.base64, validate=True)
        except binascii.Error as exc:
            raise MalformedLine(f"base64: {exc}") from exc
