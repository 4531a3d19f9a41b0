"""Reads lines of cryptofeed's recordings (to 2022) as our events. Pure.

Source: exchanges.md, end of B. Four kinds of line: `wss://… <-> ts` is a connect,
`wss://… <- ts: text` a message of ours, `https://… -> ts: body` a REST answer, and
every other one `ts: frame`, where a binary frame is written as a Python bytes literal.
"""

import ast
import re
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from adapters.recording.event import (
    MAX_EXCERPT_CHARS,
    Answer,
    AnyEvent,
    Connected,
    Frame,
    MalformedLine,
    Sent,
)

_STAMP: Final = r"(\d{1,12}(?:\.\d{1,9})?)"
_CONNECT: Final = re.compile(rf"(wss?://\S+) <-> {_STAMP}\s*")
_SENT: Final = re.compile(rf"(wss?://\S+) <- {_STAMP}: (.*)", re.DOTALL)
_ANSWER: Final = re.compile(rf"(https?://\S+) -> {_STAMP}: (.*)", re.DOTALL)
_FRAME: Final = re.compile(rf"{_STAMP}: (.*)", re.DOTALL)
_VENUES: Final = {"upbit.com": "upbit", "binance.com": "binance"}


def venue_of(url: str) -> str:
    """Return the venue of an address, or its host where it is none of ours."""
    host = urlsplit(url).hostname or ""
    return _VENUES.get(".".join(host.split(".")[-2:]), host)


class Decoder:
    """Reads the lines of one file: a frame belongs to the connection before it."""

    def __init__(self) -> None:
        self._venue = ""
        self._connections: dict[str, int] = {}

    def decode(self, line: bytes) -> AnyEvent | None:
        """Return what a line says, None: nothing of interest.

        Raises:
            MalformedLine: no line of such a recording.
        """
        try:
            text = line.decode()
        except UnicodeDecodeError as exc:
            raise MalformedLine("not UTF-8") from exc
        if not text.strip() or text.startswith("configuration: "):
            return None
        if found := _FRAME.fullmatch(text):
            return self._frame(*found.groups())
        if found := _CONNECT.fullmatch(text):
            return self._connect(*found.groups())
        if found := _SENT.fullmatch(text):
            url, at, sent = found.groups()
            venue = venue_of(url)
            number = self._connections.get(venue, 1)
            return Sent(at=_us(at), venue=venue, connection=number, text=sent)
        if found := _ANSWER.fullmatch(text):
            return _answer(*found.groups())
        raise MalformedLine(f"no line of a recording: {text[:MAX_EXCERPT_CHARS]!r}")

    def _connect(self, url: str, at: str) -> Connected:
        self._venue = venue = venue_of(url)
        number = self._connections[venue] = self._connections.get(venue, 0) + 1
        return Connected(at=_us(at), venue=venue, connection=number, url=url)

    def _frame(self, at: str, written: str) -> Frame:
        if not self._venue:
            raise MalformedLine("a frame before any connection")
        number = self._connections[self._venue]
        return Frame.of(_us(at), self._venue, number, _payload(written))


def _answer(url: str, at: str, body: str) -> Answer:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Answer(
        at=_us(at), venue=venue_of(url), path=parts.path, query=query, text=body
    )


def _payload(written: str) -> bytes:
    if not written.startswith(("b'", 'b"')):
        return written.encode()
    try:
        value = ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as exc:
        raise MalformedLine("a bytes literal that is none") from exc
    if not isinstance(value, bytes):
        raise MalformedLine("a bytes literal that is none")
    return value


def _us(seconds: str) -> int:
    return int(Decimal(seconds) * 1_000_000)
