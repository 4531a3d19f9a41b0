"""uvicorn's WebSocket protocol, talking GraphQL without the way through ASGI.

Ten thousand sockets that only listen need no task, queue and stack of middleware each:
a handshake for `/graphql` with our sub-protocol gets a `Conversation` right here, and
events are written to its transport. Every other handshake goes to the application.

A transport that is full pauses its conversation and is read from no more, so neither a
slow reader nor one that floods us with requests makes anything grow; after
`MAX_PAUSE_S` it is closed. What is overridden of uvicorn is pinned by
tests/contract/library/test_overridden.py.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, cast
from urllib.parse import unquote
from zlib import MAX_WBITS

from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from api.live.conversation import TOO_MANY, Conversation
from api.live.message import PROTOCOL
from api.live.payload import Payload, deflated_start, text_frame
from api.live.wire import MAX_PAUSE_S, TOO_SLOW, Wire

PATH: Final = "/graphql"

PORTION_BYTES: Final = 4096
"""What is read of a client in one turn: a flood leaves others theirs."""

ABORT_S: Final = 5.0
"""What a closing socket has not taken by then is dropped."""

# Larger messages are written in two parts rather than joined: no copy for each member.
_JOINED_BYTES: Final = 4096
_RESTARTS: Final = 1012


Begin = Callable[[Wire, Mapping[str, str], str], Conversation | None]
Allows = Callable[[Mapping[str, str]], bool]


class SocketProtocol(WebSocketsSansIOProtocol):
    """One connection. `begin` and `allows` are set by `socket_protocol`."""

    begin: ClassVar[Begin]
    allows: ClassVar[Allows]

    def __init__(self, *given: Any, **more: Any) -> None:  # noqa: ANN401 (uvicorn's)
        super().__init__(*given, **more)
        self.paused = False
        self.talk: Conversation | None = None
        self._deflates = False
        self._is_over = False
        self._unread = bytearray()
        self._pause_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes, a portion in each turn."""
        if len(data) <= PORTION_BYTES and not self._unread:
            self._take(data)
            return
        self._unread += data
        self.transport.pause_reading()
        self._read_on()

    def _read_on(self) -> None:
        """Take the next portion; whoever takes nothing is read from no more."""
        if self.paused or self.transport.is_closing():
            return
        portion = bytes(self._unread[:PORTION_BYTES])
        del self._unread[:PORTION_BYTES]
        self._take(portion)
        if self._unread:
            self.loop.call_soon(self._read_on)
        elif not self.paused:
            self.transport.resume_reading()

    def _take(self, data: bytes) -> None:
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            # It cannot be read: refused, or it would stay open.
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_events(self) -> None:
        """Handle what was read; the library has answered a close among it already."""
        self._is_over = self.conn.state in (State.CLOSING, State.CLOSED)
        super().handle_events()

    def handle_connect(self, event: Request) -> None:
        """Take a handshake that is ours; the application answers every other."""
        if not self._is_ours(event):
            super().handle_connect(event)
            return
        self.conn.available_extensions = [_DEFLATE]
        response = self.conn.accept(event)
        if response.status_code != 101:
            self.conn.available_extensions = []
            super().handle_connect(event)
            return
        self.handshake_initiated = self.handshake_complete = True
        peer = self.client[0] if self.client else ""
        self.talk = type(self).begin(self, _Lower(event.headers), peer)
        if self.talk is None:
            self._turn_away()
            return
        response.headers["Sec-WebSocket-Protocol"] = PROTOCOL
        self.conn.send_response(response)
        self.transport.write(b"".join(self.conn.data_to_send()))
        # Shared blocks use the whole window: whoever has less gets them as they are.
        self._deflates = any(
            isinstance(e, PerMessageDeflate) and e.local_max_window_bits == MAX_WBITS
            for e in self.conn.extensions
        )
        # Full as soon as the kernel is: what has not been sent can still be merged.
        self.transport.set_write_buffer_limits(high=0)
        self.start_keepalive()

    def _turn_away(self) -> None:
        """Refuse a handshake: its address has too many sockets."""
        refusal = self.conn.reject(429, TOO_MANY)
        refusal.headers["Retry-After"] = "1"
        self.conn.send_response(refusal)
        self.close_sent = True
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """Give a whole message to whoever it is for."""
        if self._is_over:
            self.frames = []
            return
        if self.talk is None:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "text":
            self.talk.receive(data)
        else:
            self.talk.end(4400, "WebSocket message type must be text")

    def deliver(self, head: bytes, payload: Payload) -> None:
        """See `Wire`."""
        if self._is_over:
            return
        if self._deflates:
            blocks = payload.deflated
            if blocks is not None:
                self.transport.writelines((deflated_start(head, blocks), blocks))
                return
        body = payload.body
        if len(body) < _JOINED_BYTES:
            self.transport.write(b"".join((payload.start(len(head)), head, body)))
        else:
            self.transport.writelines((payload.start(len(head)) + head, body))

    def say(self, message: bytes) -> None:
        """See `Wire`."""
        if not self.close_sent and not self.disconnected and not self._is_over:
            self.transport.write(text_frame(message))

    async def room(self) -> None:
        """See `Wire`."""
        await self.writable.wait()

    def end(self, code: int, reason: str) -> None:
        """See `Wire`."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        if self._is_over:
            return  # the client's close is about to be handled
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        if self.paused:
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(ABORT_S, self.transport.abort)

    def pause_writing(self) -> None:
        """Hear that the kernel takes no more."""
        super().pause_writing()
        if self.talk is None or self.paused:
            return
        self.paused = True
        if not self.close_sent:
            self.transport.pause_reading()
        self._pause_timer = self.loop.call_later(MAX_PAUSE_S, self._too_slow)

    def resume_writing(self) -> None:
        """Hear that all was taken."""
        super().resume_writing()
        if self.talk is None or not self.paused:
            return
        self.paused = False
        self._stop_pause()
        if not self.close_sent and not self.disconnected:
            if self._unread:
                self.loop.call_soon(self._read_on)
            else:
                self.transport.resume_reading()
            self.talk.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that it is gone."""
        super().connection_lost(exc)
        # Its frame holds the connection that holds it: a cycle for each lost socket,
        # which the collector, rare here, would leave for minutes.
        self.conn.parser.close()
        self._unread.clear()
        self._stop_pause()
        talk, self.talk = self.talk, None
        if talk is not None:
            talk.close()

    def handle_close(self, event: Frame) -> None:
        """Answer the client's close."""
        if self.talk is not None:
            self.talk.close()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        """Hear that the client's frames break the rules: one is too large (1009)."""
        if self.talk is not None and self.conn.close_sent is not None:
            self.talk.broken(self.conn.close_sent.code)
        super().handle_parser_exception()

    def send_keepalive_ping(self) -> None:
        """Ask whether the client is there; one that is full is judged by its pause."""
        if self.talk is not None and self.paused:
            self.ping_timer = None
            self.schedule_ping()
        else:
            super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Hear that no pong came; of a client that is full none can be read."""
        if self.talk is not None and self.paused:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
        else:
            super().keepalive_timeout()

    def shutdown(self) -> None:
        """Close because the server stops."""
        if self.talk is None:
            super().shutdown()
            return
        self.talk.end(_RESTARTS, "the server stops")
        self.transport.close()

    def _too_slow(self) -> None:
        self._pause_timer = None
        if self.talk is not None:
            self.talk.end(TOO_SLOW, f"nothing was read for {MAX_PAUSE_S:g} s")

    def _stop_pause(self) -> None:
        if self._pause_timer is not None:
            self._pause_timer.cancel()
            self._pause_timer = None

    def _is_ours(self, event: Request) -> bool:
        path = unquote(event.path.partition("?")[0])
        if path != PATH or PROTOCOL not in _offered(event.headers):
            return False
        return type(self).allows(_Lower(event.headers))


class _Lower(Mapping[str, str]):
    """Headers by lower-case names; lines of one name are joined by commas."""

    def __init__(self, headers: Headers) -> None:
        self._all: dict[str, str] = {}
        for name, value in headers.raw_items():
            key = name.lower()
            known = self._all.get(key)
            self._all[key] = value if known is None else f"{known}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._all[name]

    def __iter__(self) -> Any:  # noqa: ANN401 (an iterator of names)
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _offered(headers: Headers) -> set[str]:
    lines = headers.get_all("Sec-WebSocket-Protocol")
    return {token.strip() for line in lines for token in line.split(",")}


# Neither side keeps a window from message to message: no memory for each socket, and
# the same bytes for everybody.
_DEFLATE: Final = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True
)


def socket_protocol(begin: Begin, allows: Allows) -> type[asyncio.Protocol]:
    """Return the protocol class for uvicorn's `ws=`.

    `begin` makes a conversation on a wire, for a handshake's headers (by lower-case
    name) and the connection's address; None: there are too many. `allows` says whether
    the Origin of such headers may talk to us.
    """
    made = type(
        "BoundSocketProtocol",
        (SocketProtocol,),
        {"begin": staticmethod(begin), "allows": staticmethod(allows)},
    )
    return cast("type[asyncio.Protocol]", made)
