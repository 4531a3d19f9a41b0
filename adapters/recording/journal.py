"""Takes events on the event loop and has them written by a thread, in order."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import structs

from adapters.recording.event import (
    Answer,
    AnyEvent,
    Connected,
    Disconnected,
    encode,
)
from adapters.recording.writer import RecordingStopped, RecordingWriter

# A kill -9 loses what came since the last flush.
FLUSH_INTERVAL_S: Final = 1.0
# A minute of both venues at their busiest; a disk that lets more wait is not working.
MAX_PENDING_BYTES: Final = 64 * 1024 * 1024
# Different REST questions remembered for the next file; the oldest go beyond.
MAX_CARRIED: Final = 64


class Journal:
    """The way of events into the files; `put` never waits.

    When more than `max_pending_bytes` wait for the disk, recording stops: a recording
    with a hole would be no record of the session.
    """

    def __init__(
        self,
        writer: RecordingWriter,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        flush_interval_s: float = FLUSH_INTERVAL_S,
        max_pending_bytes: int = MAX_PENDING_BYTES,
    ) -> None:
        self._writer = writer
        self._sleep = sleep
        self._flush_interval_s = flush_interval_s
        self._max_pending_bytes = max_pending_bytes
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._overrun = False
        self._working: asyncio.Future[None] | None = None
        self._carried = _Carried()

    def put(self, event: AnyEvent) -> None:
        """Take an event."""
        self._carried.note(event)
        if self._overrun:
            return
        line = encode(event)
        self._pending.append(line)
        self._pending_bytes += len(line)
        self._overrun = self._pending_bytes > self._max_pending_bytes

    async def run(self) -> None:
        """Write until cancelled; call `finish` then.

        Raises:
            RecordingStopped: nothing more can be kept.
        """
        await self._in_thread(self._writer.open, self._carried.events())
        while True:
            await self._sleep(self._flush_interval_s)
            await self.flush()

    async def flush(self) -> None:
        """Write what waits, and begin a new file where this one is full.

        Raises:
            RecordingStopped: as `run`.
        """
        overrun = self._overrun
        lines, self._pending = self._pending, []
        self._pending_bytes = 0
        if lines:
            await self._in_thread(self._writer.write, b"".join(lines), len(lines))
        if overrun:
            raise RecordingStopped(
                f"recording stopped: more than {self._max_pending_bytes} bytes waited "
                f"for the disk; kept: everything before, in {self._writer.current}"
            )
        if self._writer.is_full():
            await self._in_thread(self._writer.close, "full")
            await self._in_thread(self._writer.open, self._carried.events())

    async def finish(self, reason: str) -> None:
        """Write what waits and finish the file.

        Harmless where nothing was begun.

        Raises:
            RecordingStopped: as `run`.
        """
        if self._working is not None:
            # Begun when `run` was cancelled; a thread cannot be.
            await self._working
        if self._writer.current is None:
            return
        await self.flush()
        await self._in_thread(self._writer.close, reason)

    async def _in_thread(self, work: Callable[..., None], *arguments: object) -> None:
        self._working = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
        await asyncio.shield(self._working)
        self._working = None


class _Carried:
    """What the next file repeats: the latest answers, and what is connected."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, ...], Answer] = OrderedDict()
        self._open: dict[tuple[str, int], Connected] = {}

    def note(self, event: AnyEvent) -> None:
        """Remember an event if a later file needs it."""
        if isinstance(event, Answer):
            query = (f"{name}={value}" for name, value in sorted(event.query.items()))
            key = (event.venue, event.path, *query)
            self._answers.pop(key, None)
            self._answers[key] = event
            if len(self._answers) > MAX_CARRIED:
                self._answers.popitem(last=False)
        elif isinstance(event, Connected):
            self._open[event.venue, event.connection] = event
        elif isinstance(event, Disconnected):
            self._open.pop((event.venue, event.connection), None)

    def events(self) -> list[AnyEvent]:
        """Return them, marked."""
        kept: list[Answer | Connected] = [*self._answers.values(), *self._open.values()]
        return [structs.replace(event, carried=True) for event in kept]
