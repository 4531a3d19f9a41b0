"""Listens on the wire: what our own clients send and get, before anyone decodes it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import websockets.asyncio.client

from adapters.recording.event import (
    Answer,
    AnyEvent,
    Connected,
    Disconnected,
    Frame,
    Refused,
    Sent,
)
from adapters.resilience.dial import Connect, Connection
from adapters.resilience.http import HttpAnswer, UpstreamHttp

MAX_REASON_CHARS: Final = 300
CLOSED_BY_US: Final = "closed by us"

T = TypeVar("T")
Put = Callable[[AnyEvent], None]


class WireTap:
    """Makes clients that tell `put` of everything; `now_us` stamps it (Unix µs)."""

    def __init__(
        self,
        put: Put,
        now_us: Callable[[], int],
        dial: Connect = websockets.asyncio.client.connect,
    ) -> None:
        self._put = put
        self._now_us = now_us
        self._dial = dial
        self._connections: dict[str, int] = {}

    def connect(self, upstream: str) -> Connect:
        """Return a dial of this upstream's WebSockets (`upbit.stream`)."""
        venue = venue_of(upstream)

        async def dial(url: str, **options: Any) -> Connection:  # noqa: ANN401 - the dialler's own options pass through
            try:
                connection = await self._dial(url, **options)
            except Exception as exc:
                self._put(
                    Refused(at=self._now_us(), venue=venue, url=url, reason=_text(exc))
                )
                raise
            number = self._connections[venue] = self._connections.get(venue, 0) + 1
            at = self._now_us()
            self._put(Connected(at=at, venue=venue, connection=number, url=url))
            return _TappedConnection(connection, venue, number, self._put, self._now_us)

        return dial

    def http(self, name: str, *args: Any, **options: Any) -> UpstreamHttp:  # noqa: ANN401 - the factory's own options pass through
        """Return a client of an upstream (`upbit.rest`) whose answers are recorded."""
        venue = venue_of(name)

        def answered(path: str, query: Mapping[str, str], body: bytes) -> None:
            text = body.decode("utf-8", "replace")
            at = self._now_us()
            self._put(
                Answer(at=at, venue=venue, path=path, query=dict(query), text=text)
            )

        return _TappedHttp(answered, name, *args, **options)


def venue_of(upstream: str) -> str:
    """Return `upbit`, `binance` or `fx` of an upstream's name."""
    return upstream.partition(".")[0]


class _TappedConnection:
    """Implements `adapters.resilience.dial.Connection` around another one."""

    def __init__(
        self,
        inner: Connection,
        venue: str,
        number: int,
        put: Put,
        now_us: Callable[[], int],
    ) -> None:
        self._inner = inner
        self._venue = venue
        self._number = number
        self._put = put
        self._now_us = now_us
        self._ended = False

    async def recv(self, decode: bool | None = None) -> str | bytes:
        try:
            frame = await self._inner.recv(decode=decode)
        except Exception as exc:
            self._end(_text(exc))
            raise
        at = self._now_us()
        payload = frame.encode() if isinstance(frame, str) else bytes(frame)
        self._put(Frame.of(at, self._venue, self._number, payload))
        return frame

    async def send(self, message: str) -> None:
        await self._inner.send(message)
        self._put(
            Sent(
                at=self._now_us(),
                venue=self._venue,
                connection=self._number,
                text=message,
            )
        )

    async def close(self) -> None:
        self._end(CLOSED_BY_US)
        await self._inner.close()

    def _end(self, reason: str) -> None:
        if not self._ended:
            self._ended = True
            self._put(
                Disconnected(
                    at=self._now_us(),
                    venue=self._venue,
                    connection=self._number,
                    reason=reason,
                )
            )


class _TappedHttp(UpstreamHttp):
    """Tells of every good answer before it is decoded."""

    def __init__(
        self,
        answered: Callable[[str, Mapping[str, str], bytes], None],
        *args: Any,  # noqa: ANN401 - those of UpstreamHttp
        **options: Any,  # noqa: ANN401 - those of UpstreamHttp
    ) -> None:
        super().__init__(*args, **options)
        self._answered = answered

    async def read(
        self,
        decode: Callable[[HttpAnswer], T],
        path: str,
        params: Mapping[str, str] | None = None,
        **options: Any,  # noqa: ANN401 - those of UpstreamHttp
    ) -> T:
        def tapped(answer: HttpAnswer) -> T:
            self._answered(path, params or {}, answer.body)
            return decode(answer)

        return await super().read(tapped, path, params, **options)


def _text(exc: Exception) -> str:
    return f"{type(exc).__name__} {exc}".strip()[:MAX_REASON_CHARS]
