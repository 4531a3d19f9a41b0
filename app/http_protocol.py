"""uvicorn's HTTP protocol, answering plain queries without the way through ASGI.

A request that is plain (see `api.direct`) is answered where its bytes arrive: no
parser, task, queue and stack of middleware. Every other one goes to the application.
What is overridden of uvicorn is pinned by tests/contract/library.
"""

import asyncio
from typing import Any, ClassVar, cast

from api.direct.exchange import Exchange
from app.http_bound import BoundedHttpProtocol


class HttpProtocol(BoundedHttpProtocol):
    """One connection. `exchange` is set by `http_protocol`.

    The parser sees only what is not answered here.
    """

    exchange: ClassVar[Exchange]

    def __init__(self, *given: Any, **more: Any) -> None:  # noqa: ANN401 (uvicorn's)
        super().__init__(*given, **more)
        self._held = b""
        self._peer = ""
        self._answered_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Begin."""
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._held = b""
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer a plain request; hold one that has begun until it is whole."""
        if self._held:
            data, self._held = self._held + data, b""
        if not self.between or not self._is_free():
            super().data_received(data)
            return
        begun = self.exchange.begun(data)
        if begun is None or len(data) > begun.end:
            super().data_received(data)
        elif len(data) < begun.end:
            self._held = data
            self._begin_waiting()
        else:
            answer = self.exchange.answer(
                begun, data, self._peer, self.server_state.default_headers
            )
            if answer is None:
                super().data_received(data)
                return
            self._end_waiting()
            self.transport.write(answer)
            self.server_state.total_requests += 1
            self._stay()

    def count_refused(self, status: int) -> None:
        """Count a request without route and method: neither could be read."""
        self.exchange.refused(status)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was quiet for too long, since its last answer.

        One timer serves many answers. A request that is on its way has another.
        """
        if self._held:
            self._wait(self.timeout_keep_alive)
            return
        left_s = self._answered_s + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._wait(left_s)
        else:
            super().timeout_keep_alive_handler()

    def _is_free(self) -> bool:
        """Whether nothing is being answered, and what is written is taken."""
        taken = not self.flow.write_paused and not self.transport.is_closing()
        return taken and self.is_idle()

    def _stay(self) -> None:
        """Count the time of quiet from now."""
        self._answered_s = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wait(self.timeout_keep_alive)

    def _wait(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )


def http_protocol(exchange: Exchange) -> type[asyncio.Protocol]:
    """Return the protocol class for uvicorn's `http=`."""
    made = type("BoundHttpProtocol", (HttpProtocol,), {"exchange": exchange})
    return cast("type[asyncio.Protocol]", made)
