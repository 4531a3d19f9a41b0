"""Where the events of one subscription over HTTP wait to be written: one at most.

While the client has not taken it, what changes is merged into the next one.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from api.live.payload import Payload
from api.live.wire import Wire
from api.stream import Event


class Listener:
    """Takes the events of one subscription: the `Wire` of a member, and its `Owner`."""

    def __init__(self, cursor: Callable[[], int]) -> None:
        """Compose; `cursor` returns the board's tick."""
        self.wire: Wire = self
        self.paused = False
        self._cursor = cursor
        self.is_left = False
        self._is_over = False
        self._event: Event | None = None
        self._last: Event | None = None
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    @property
    def is_done(self) -> bool:
        """Whether it is over and everything was taken."""
        return self._is_over and self._event is None and self._last is None

    def put(self, body: bytes, *, is_refusal: bool = False) -> None:
        """Take an execution result as JSON; nothing more until it is taken."""
        if self._is_over:
            return
        self._event = Event(body, self._cursor(), is_refusal)
        self.paused = True
        self._room.clear()
        self._wake.set()

    def finish(self, last: bytes | None = None) -> None:
        """Hear that nothing follows but, perhaps, a last result: of a refusal."""
        if last is not None:
            self._last = Event(last, self._cursor(), is_refusal=True)
        self._is_over = True
        self._room.set()
        self._wake.set()

    def leave(self) -> None:
        """Hear that the client is gone: what waits is for nobody."""
        self._event = self._last = None
        self.is_left = True
        self.finish()

    async def next(self, within_s: float) -> Event | None:
        """Return the next event; None: none came in time, or it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        event, self._event = self._event, None
        if event is None:
            event, self._last = self._last, None
        if not self._is_over:
            self._wake.clear()
        return event

    def taken(self) -> None:
        """Hear that the client has the event: there is room for another."""
        self.paused = False
        self._room.set()

    def deliver(self, head: bytes, payload: Payload) -> None:
        """See `Wire`; the shared bytes end with the brace of a socket's message."""
        self.put(payload.body[:-1])

    def say(self, message: bytes) -> None:
        """See `Wire`: only events come this way."""

    async def room(self) -> None:
        """See `Wire`."""
        await self._room.wait()

    def end(self, code: int, reason: str) -> None:
        """See `Wire`."""
        self.finish()

    def complete(self, name: str) -> None:
        """See `Owner`."""
        self.finish()
