"""Small fake venues, written from exchanges.md alone: all words scripted.

They (upbit.py, binance.py, world.py) serve what the premium needs and nothing else:
Upbit `market/all`, `ticker/all` and the WebSocket `ticker`; Binance `exchangeInfo`,
`ticker/24hr` and `!miniTicker@arr`; the rate sources. Every other path is a 404, every
other stream is refused, unless a test asks for more (`extras`).
"""

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

_STAMPS = threading.Lock()
_last_stamp = 0


@dataclass(frozen=True)
class Raw:
    """JSON text that is written as it stands: `0E-8`, 26 digits, `NaN`."""

    text: str


def write(value: object) -> str:
    """Return JSON text; a `Raw` keeps its digits."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        parts = (f"{json.dumps(k)}:{write(v)}" for k, v in value.items())
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def stamp_ms() -> int:
    """Return now in Unix ms; later than every stamp returned before."""
    global _last_stamp
    with _STAMPS:
        _last_stamp = max(int(time.time() * 1000), _last_stamp + 1)
        return _last_stamp


@dataclass(eq=False)
class Client:
    """A connected socket and what it asked for."""

    socket: web.WebSocketResponse
    request: web.Request
    format: str = "DEFAULT"
    wanted: dict[str, set[str]] = field(default_factory=dict)
    said: list[Any] = field(default_factory=list)


class Venue:
    """What both venues share: who is connected, and how to misbehave."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.dials = 0
        self.dialled_s = self.seeded_s = 0.0
        self.rest_status = 200
        self.accepts = True
        self.mute = False
        # Says of each frame whether it goes out; None: all do.
        self.passes: Callable[[str | bytes], bool] | None = None
        self.beats = True
        self.extras = False
        self.clock_offset_s = 0.0
        self.headers: list[dict[str, str]] = []
        self.asked: list[str] = []

    def answer(self, body: object) -> web.Response:
        """Return a REST answer, or the failure that is scripted."""
        if self.rest_status != 200:
            return web.Response(status=self.rest_status)
        return web.Response(text=write(body), content_type="application/json")

    def seed(self, rows: list[dict[str, Any]]) -> web.Response:
        """Return all tickers, and remember when they were told."""
        if self.rest_status == 200:
            self.seeded_s = time.monotonic()
        return self.answer(rows)

    async def converse(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it is gone."""
        self.headers.append(dict(request.headers))
        self.dials += 1
        if not self.accepts:
            return web.Response(status=503)
        self.dialled_s = time.monotonic()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = Client(socket, request)
        self.clients.append(client)
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self.hear(client, message.data)
        finally:
            with suppress(ValueError):
                self.clients.remove(client)
        return socket

    async def hear(self, client: Client, said: str) -> None:
        """Take a client's message."""
        raise NotImplementedError

    async def say(self, client: Client, text: str | bytes) -> None:
        """Send one frame; a socket that is just going away hears nothing."""
        if self.mute or (self.passes is not None and not self.passes(text)):
            return
        with suppress(ConnectionError, RuntimeError):
            if isinstance(text, bytes):
                await client.socket.send_bytes(text)
            else:
                await client.socket.send_str(text)

    async def cut(self) -> None:
        """Drop every connection without a farewell."""
        for client in list(self.clients):
            transport = client.request.transport
            if transport is not None:
                transport.abort()

    async def beat(self) -> None:
        """Send something that says nothing new."""
        raise NotImplementedError
