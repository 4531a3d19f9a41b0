"""uvicorn's HTTP protocol with bounds on what a stranger may hold or cost.

uvicorn reads heads of any size, waits for requests for any time, and forgets a request
that is answered while another waits behind it. Sources: RFC 6585, section 5 (431);
RFC 9110, section 7.8 (an offer to upgrade may be ignored). What is overridden is pinned
by tests/contract/library.
"""

import asyncio
import re
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024
"""Bytes of a request line and headers; a longer head is answered with 431."""

MAX_HEADERS: Final = 100
"""Headers of a request; more are answered with 431."""

REQUEST_S: Final = 30.0
"""A request that is not whole after so long is given up, its connection closed."""

STUCK_S: Final = 30.0
"""A client that takes nothing of its answer for so long is let go."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)
_END: Final = b"\r\n\r\n"
_OTHER_UPGRADE: Final = re.compile(
    rb"\r\nupgrade:(?![ \t]*websocket[ \t]*\r\n)[^\r\n]*", re.IGNORECASE
)


class HeadTooLarge(Exception):
    """Ends the parsing of a head with too many lines."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection.

    `between`: the parser stands between two requests. After `is_over` nothing more is
    read.
    """

    def __init__(self, *given: Any, **more: Any) -> None:  # noqa: ANN401 (uvicorn's)
        super().__init__(*given, **more)
        self.between = True
        self.is_over = False
        self._head_bytes = 0
        self._in_head = False
        self._running: Any = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        """Begin; whoever connects has something to ask."""
        super().connection_made(transport)
        self._begin_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; uvicorn tells only the request that came last."""
        self._let_go()
        running = self._running
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, as long as they are within bounds."""
        if not self.reads():
            return
        if self.between:
            self._end_waiting()
            data = _without_other_upgrade(data)
        super().data_received(data)
        if not self.reads():
            return  # a head without measure, or a socket from now on
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse()
        elif self.between and self.timeout_keep_alive_task is None and self.is_idle():
            self._begin_waiting()  # empty lines are no request

    def on_message_begin(self) -> None:
        """Hear that the parser has begun a request."""
        self.between = False
        self._in_head, self._head_bytes = True, 0
        self._begin_waiting()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header.

        Raises:
            HeadTooLarge: there are too many.
        """
        super().on_header(name, value)
        if len(self.headers) > MAX_HEADERS:
            self._refuse()
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        """Hear that the head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Hear that all of the request was read."""
        self.between = True
        self._end_waiting()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Tell that a request cannot be read, where that gets into no other answer.

        Answers to what came whole before are given, and the connection ends with them.
        """
        if self.is_over:
            return
        self.is_over = True
        self._end_waiting()
        running = self._running
        if self.is_idle():
            self.count_refused(400)
            super().send_400_response(msg)
        elif running is self.cycle and running.more_body:
            # Its head could be read, so the application knows and counts it.
            if running.response_started:
                self.transport.close()
            else:
                super().send_400_response(msg)
        else:
            # The newest first; the broken one is not whole.
            whole = (cycle for cycle, _ in self.pipeline if not cycle.more_body)
            next(whole, running).keep_alive = False

    def count_refused(self, status: int) -> None:
        """Count what was answered here for want of a request that can be read."""

    def reads(self) -> bool:
        """Whether more is read here."""
        return not self.is_over

    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        cycle: Any = self.cycle  # None before the first
        return cycle is None or cycle.response_complete

    def handle_websocket_upgrade(self) -> None:
        """Hand over to the protocol of sockets, which has bounds of its own."""
        self.is_over = True
        self._let_go()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Hear that the client takes no more."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(STUCK_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Hear that it does again."""
        super().resume_writing()
        self._end_stuck()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 (uvicorn's)
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Answer, and end: the parser takes nothing more after another upgrade."""
        self.is_over = True
        cycle: Any = self.cycle
        if cycle is not None:
            cycle.keep_alive = False

    def _refuse(self) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._end_waiting()
        if self.is_idle():  # else an answer is on its way: nothing may get into it
            self.count_refused(431)
            self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _let_go(self) -> None:
        self._end_waiting()
        self._end_stuck()

    def _begin_waiting(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _end_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_stuck(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None


def _without_other_upgrade(data: bytes) -> bytes:
    """Return bytes without an offer of another protocol than WebSocket.

    httptools would take the body for that protocol's.
    """
    end = data.find(_END)
    if end < 0 or b"pgrade:" not in data[:end]:
        return data
    return _OTHER_UPGRADE.sub(b"", data[: end + 2]) + data[end + 2 :]
