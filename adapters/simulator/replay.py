"""A recorded session on a port, in the venues' format: the same paths as `Simulator`.

What is played comes as plain events; the player knows no file.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

from adapters.simulator.clock import Clock, wall_clock_ms
from adapters.simulator.replay_event import (
    RecordedAnswer,
    RecordedEnd,
    RecordedEvent,
    RecordedFrame,
    RecordedRun,
)
from adapters.simulator.replay_route import ReplayRoutes
from adapters.simulator.replay_stamp import SHIFTS, Shift, TimeMap
from adapters.simulator.server import AddressUnavailable

SHUTDOWN_S = 1.0
"""How long handlers may go on when the server stops; sockets are closed before."""
START_GRACE_S = 5.0
"""After the first subscription the other venue is waited for so long."""
READ_AHEAD = 512
"""Events read from the recording at a time, in a thread."""
_YIELD_EVERY = 64
_LEAST_WAIT_S = 0.002
_GOING_AWAY = 1001


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """`port` 0 takes a free one. `speed` 1 plays in the time it took, 0 without waits.

    The session begins when every one of `venues` has a subscriber, or
    `start_grace_s` after the first one. Stamps are mapped so that its first event is
    now (`newest_us`: so that this instant is), unless `keep_stamps`.
    """

    host: str = "127.0.0.1"
    port: int = 0
    speed: float = 1.0
    keep_stamps: bool = False
    venues: frozenset[str] = frozenset({"upbit", "binance"})
    newest_us: int | None = None
    start_grace_s: float = START_GRACE_S


@dataclass(slots=True)
class ReplayCount:
    """What was played: frames by venue, and answers."""

    frames: Counter[str] = field(default_factory=Counter)
    answers: int = 0


class Replay:
    """Plays one session after the other: `prepare`, `start`, `play`, `stop`.

    `routes` tells what was sent and what nobody could answer.
    """

    def __init__(
        self,
        options: ReplayOptions | None = None,
        *,
        now_ms: Clock = wall_clock_ms,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.options = options or ReplayOptions()
        self.count = ReplayCount()
        self.routes = ReplayRoutes(self._shift, self._subscribe)
        self._now_ms, self._monotonic, self._sleep = now_ms, monotonic, sleep
        self._subscribed = {
            venue: asyncio.Event() for venue in self.routes.venues & self.options.venues
        }
        self._any = asyncio.Event()
        self._source: AsyncIterator[RecordedEvent] | None = None
        self._first: RecordedFrame | None = None
        self._map: TimeMap | None = None
        self._delivering: dict[str, set[int]] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port it listens on, 0 before `start`."""
        return self._port

    @property
    def base_url(self) -> str:
        """`http://host:port`; the venues are under /upbit, /binance and /fx."""
        host = self.options.host
        netloc = f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"
        return f"http://{netloc}"

    async def prepare(self, events: Iterable[RecordedEvent]) -> bool:
        """Take the answers that stand before the first frame; False: nothing follows.

        Raises whatever `events` raises; so does `play`.
        """
        self._source = _read_ahead(events)
        self._first = self._map = None
        self._delivering = {}
        async for event in self._source:
            if isinstance(event, RecordedFrame):
                self._first = event
                return True
            self._take(event)
        return False

    async def start(self) -> None:
        """Listen.

        Raises:
            AddressUnavailable: the port is taken, or the address not of this machine.
        """
        runner = web.AppRunner(
            self.routes.application(),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self.options.host, self.options.port).start()
        except OSError as exc:
            await runner.cleanup()
            where = f"{self.options.host}:{self.options.port}"
            raise AddressUnavailable(f"{where}: {exc.strerror or exc}") from exc
        self._runner = runner
        self._port = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Close all connections and stop listening; harmless when not started."""
        runner, self._runner = self._runner, None
        if runner is not None:
            for client in list(self.routes.clients):
                await client.close(_GOING_AWAY, "end of the recording")
            await runner.cleanup()

    async def play(self) -> None:
        """Play what was prepared, from its first subscription to its end."""
        first, source = self._first, self._source
        if first is None or source is None:
            return
        await self._subscribers()
        began_s = self._monotonic()
        self._map = self._time_map(first)
        self._take(first)
        unbroken = 0
        async for event in source:
            waited = await self._wait(event.at_us - first.at_us, began_s)
            unbroken = 0 if waited else unbroken + 1
            self._take(event)
            if unbroken >= _YIELD_EVERY:
                unbroken = 0
                await self._yield()
        for client in list(self.routes.clients):
            await client.drained()

    # Time

    async def _subscribers(self) -> None:
        if not self._subscribed:
            return
        await self._any.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.options.start_grace_s):
                for subscribed in self._subscribed.values():
                    await subscribed.wait()

    def _subscribe(self, venue: str) -> None:
        self._any.set()
        if venue in self._subscribed:
            self._subscribed[venue].set()

    def _time_map(self, first: RecordedFrame) -> TimeMap:
        newest_us = self.options.newest_us
        at_us = first.at_us if newest_us is None else newest_us
        return TimeMap(at_us // 1_000, self._now_ms(), self.options.speed)

    async def _wait(self, since_us: int, began_s: float) -> bool:
        """Wait until an event is due; False: it is already."""
        speed = self.options.speed
        if not speed:
            return False
        wait_s = began_s + since_us / 1e6 / speed - self._monotonic()
        if wait_s < _LEAST_WAIT_S:
            return False
        await self._sleep(wait_s)
        return True

    async def _yield(self) -> None:
        await self._sleep(0)
        for client in [each for each in self.routes.clients if each.is_full]:
            await client.drained()

    # Events

    def _take(self, event: RecordedEvent) -> None:
        if isinstance(event, RecordedAnswer):
            self._note(event)
        elif isinstance(event, RecordedEnd):
            self._delivering.get(event.venue, set()).discard(event.connection)
        elif isinstance(event, RecordedRun):
            self._delivering.clear()
        elif self._leads(event):
            self.count.frames[event.venue] += 1
            self.routes.play(event.venue, event.payload)

    def _note(self, answer: RecordedAnswer) -> None:
        self.count.answers += 1
        self.routes.answers.note(answer)

    def _leads(self, event: RecordedFrame) -> bool:
        """Whether the frame's connection is the newest; overlaps would double data."""
        delivering = self._delivering.setdefault(event.venue, set())
        delivering.add(event.connection)
        return event.connection == max(delivering)

    def _shift(self, venue: str) -> Shift:
        first, rewrite = self._first, SHIFTS[venue]
        if self.options.keep_stamps or first is None:
            return _as_it_is
        # Before it begins, now is its beginning.
        to_ours = self._map or self._time_map(first)

        def shift(body: bytes) -> bytes:
            try:
                return rewrite(body, to_ours)
            except (ValueError, OverflowError, OSError):
                return body  # garbage was recorded, and garbage is played

        return shift


async def _read_ahead(events: Iterable[RecordedEvent]) -> AsyncIterator[RecordedEvent]:
    source: Iterator[RecordedEvent] = iter(events)
    while batch := await asyncio.to_thread(_taken, source):
        for event in batch:
            yield event


def _taken(source: Iterator[RecordedEvent]) -> list[RecordedEvent]:
    return list(itertools.islice(source, READ_AHEAD))


def _as_it_is(body: bytes) -> bytes:
    return body
