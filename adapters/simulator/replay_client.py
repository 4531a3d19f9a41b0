"""One client of a replay: what it is to get waits here for its socket."""

import asyncio
from collections import deque
from contextlib import suppress

from aiohttp import WSMsgType, web

HIGH_WATER = 4_096
"""Messages that may wait for a client; the player waits for it beyond."""
STALL_S = 10.0
"""A client that takes nothing for so long is cut, and the others go on."""


class ReplayClient:
    """A WebSocket and its queue; `binary` is how the venue sends its messages."""

    def __init__(self, socket: web.WebSocketResponse, *, binary: bool) -> None:
        self._socket = socket
        self._opcode = WSMsgType.BINARY if binary else WSMsgType.TEXT
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._gone = False
        self.sent = 0

    @property
    def is_full(self) -> bool:
        """Whether the player should wait for it."""
        return len(self._waiting) > HIGH_WATER and not self._gone

    def put(self, message: bytes) -> None:
        """Take a message to be sent in its turn."""
        if not self._gone:
            self._waiting.append(message)
            self._empty.clear()
            self._news.set()

    async def write(self) -> None:
        """Send what comes in until the socket is gone."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    await self._socket.send_frame(self._waiting[0], self._opcode)
                    self._waiting.popleft()
                    self.sent += 1
                self._empty.set()
        except ConnectionError:
            return  # the reading side sees the end, too
        finally:
            self._gone = True
            self._waiting.clear()
            self._empty.set()

    async def drained(self, stall_s: float = STALL_S) -> None:
        """Wait until everything is sent; cut a client that does not take it."""
        try:
            async with asyncio.timeout(stall_s):
                await self._empty.wait()
        except TimeoutError:
            self._gone = True
            self._waiting.clear()
            self._empty.set()
            await self.close(1008, "too slow")

    async def close(self, code: int, reason: str) -> None:
        """Say good-bye."""
        with suppress(ConnectionError):
            await self._socket.close(code=code, message=reason.encode(), drain=False)
