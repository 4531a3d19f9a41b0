"""The conversation over any ASGI server: its messages wait in a queue for `send`.

The direct protocol of `app/socket_protocol.py` writes to transports instead; this is
for other servers, and for what that protocol leaves to the application.
"""

import asyncio
from collections import deque
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.live.conversation import PROTOCOL, Conversation, Sockets
from api.live.payload import Payload


async def serve_socket(socket: WebSocket, shared: Sockets) -> None:
    """Serve a socket that may talk to us, until one of the two leaves."""
    if PROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(4406, "Subprotocol not acceptable")
        return
    await socket.accept(PROTOCOL)
    wire = AsgiWire(socket)
    talk = Conversation(shared, wire, socket.headers.get("traceparent"))
    wire.talk = talk
    sending = asyncio.create_task(wire.run(), name="socket.send")
    try:
        while not wire.is_ending:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
            text = message.get("text")
            if text is None:
                talk.end(4400, "WebSocket message type must be text")
            else:
                talk.receive(text)
        if wire.is_ending:
            await sending
    except WebSocketDisconnect:
        pass
    finally:
        talk.close()
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


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
        """Send what waits, until the socket is closed."""
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._empty()
                if self._close is not None:
                    if self._socket.application_state is WebSocketState.CONNECTED:
                        await self._socket.close(*self._close)
                    return
        self.is_ending = True
        self._room.set()

    async def _empty(self) -> None:
        while self._queue:
            await self._socket.send_text(self._queue.popleft().decode())
        if self.paused:
            self.paused = False
            self._room.set()
            if self.talk is not None:
                self.talk.resumed()
