"""Lets work through in small portions, so that ticks and others come in between."""

import asyncio
from collections import deque


class Turnstile:
    """One caller passes per round of the event loop, in the order they came.

    For work of under a millisecond that hundreds ask for at once: each does its own
    when it has passed. Who is cancelled while waiting costs nobody a round.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Wait for a round of one's own."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._admit)
        mine = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _admit(self) -> None:
        while self._waiting and self._waiting[0].cancelled():
            del self._waiting[0]
        if not self._waiting:
            return
        mine = self._waiting.popleft()
        mine.set_result(None)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._admit)
