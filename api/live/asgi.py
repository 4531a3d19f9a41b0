"""The conversation over any ASGI server: its messages wait in a queue for `send`.

The direct protocol of `app/socket_protocol.py` writes to transports instead; this is
for other servers, and for what that protocol leaves to the application.
"""

import asyncio
from collections import deque
from contextlib import suppress

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.live.conversation import TOO_MANY, Conversation, Sockets
from api.live.guest import Guest
from api.live.message import PROTOCOL
from api.live.payload import Payload
from api.live.wire import MAX_PAUSE_S, TOO_SLOW


async def serve_socket(socket: WebSocket, shared: Sockets, guest: Guest) -> None:
    """Serve a socket that may talk to us, until one of the two leaves."""
    if PROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(4406, "Subprotocol not acceptable")
        return
    wire = AsgiWire(socket)
    talk = shared.open(wire, guest)
    if talk is None:
        await _turn_away(socket)
        return
    wire.talk = talk
    try:
        await socket.accept(PROTOCOL)
    except BaseException:
        talk.close()
        raise
    await _converse(socket, wire, talk)


async def _turn_away(socket: WebSocket) -> None:
    """Refuse a handshake; a server that cannot say why says 403."""
    with suppress(RuntimeError):
        refusal = PlainTextResponse(TOO_MANY, 429, {"Retry-After": "1"})
        await socket.send_denial_response(refusal)
        return
    await socket.close()


async def _converse(socket: WebSocket, wire: "AsgiWire", talk: Conversation) -> None:
    """Send and receive until one of the two has ended."""
    sending = asyncio.create_task(wire.run(), name="socket.send")
    receiving = asyncio.create_task(_receive(socket, wire, talk), name="socket.receive")
    try:
        await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        if wire.is_ending:
            # Its close is on its way.
            await sending
    finally:
        talk.close()
        for task in (sending, receiving):
            task.cancel()
        await asyncio.gather(sending, receiving, return_exceptions=True)


async def _receive(socket: WebSocket, wire: "AsgiWire", talk: Conversation) -> None:
    while not wire.is_ending:
        # Who takes nothing is not listened to: answers to it would pile up here.
        await wire.room()
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            talk.end(4400, "WebSocket message type must be text")
        else:
            talk.receive(text)


class AsgiWire:
    """A socket behind `send`."""

    def __init__(self, socket: WebSocket) -> None:
        self.paused = False
        self.is_ending = False
        self.talk: Conversation | None = None
        self._socket = socket
        self._queue: deque[bytes] = deque()
        self._close: tuple[int, str] | None = None
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def deliver(self, head: bytes, payload: Payload) -> None:
        """See `Wire`."""
        self.say(head + payload.body)

    def say(self, message: bytes) -> None:
        """See `Wire`."""
        if self.is_ending:
            return
        self._queue.append(message)
        # What waits here can no longer be merged: nothing more until it is taken.
        self.paused = True
        self._room.clear()
        self._wake.set()

    async def room(self) -> None:
        """See `Wire`."""
        await self._room.wait()

    def end(self, code: int, reason: str) -> None:
        """See `Wire`."""
        self.is_ending = True
        self._close = (code, reason)
        self._room.set()
        self._wake.set()

    async def run(self) -> None:
        """Send what waits, until the socket is closed or its client takes nothing."""
        try:
            while self._close is None:
                await self._wake.wait()
                self._wake.clear()
                await self._empty()
            if self._socket.application_state is WebSocketState.CONNECTED:
                async with asyncio.timeout(MAX_PAUSE_S):
                    await self._socket.close(*self._close)
        except (WebSocketDisconnect, RuntimeError):
            pass  # the client has left
        except TimeoutError:
            if self.talk is not None:
                self.talk.end(TOO_SLOW, f"nothing was read for {MAX_PAUSE_S:g} s")
        self.is_ending = True
        self._room.set()

    async def _empty(self) -> None:
        while self._queue:
            async with asyncio.timeout(MAX_PAUSE_S):
                await self._socket.send_text(self._queue.popleft().decode())
        if self.paused:
            self.paused = False
            self._room.set()
            if self.talk is not None:
                self.talk.resumed()
