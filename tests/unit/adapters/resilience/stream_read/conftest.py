"""One-off reads over a connection whose other side is the test."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from adapters.memory.clock import FakeClock
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import Window
from adapters.resilience.dial import DialPlan
from adapters.resilience.session import NOTHING, Received, Reject
from adapters.resilience.stream_read import (
    Answered,
    StreamReads,
    reading,
)
from domain.model.market import Exchange

FAILURES = 5


OPEN_S = 60.0


LIVE_PLAN = DialPlan(
    exchange=Exchange.UPBIT,
    name="upbit.stream",
    url="wss://venue.example/v1",
    silence_bound_s=10.0,
    renew_after_s=100.0,
)


class Socket:
    """An open connection whose other side is the test."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed = False
        self._inbox: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    def push(self, text: str) -> None:
        self._inbox.put_nowait(text.encode())

    def cut(self) -> None:
        self._inbox.put_nowait(ConnectionClosedError(None, None))

    async def recv(self, decode: bool | None = None) -> bytes:
        assert decode is False
        frame = await self._inbox.get()
        if isinstance(frame, Exception):
            raise frame
        return frame

    async def send(self, message: str) -> None:
        self.sent.append(message)

    async def close(self) -> None:
        self.closed = True


class Session:
    """Asks `a b` for all it misses; understands `a=1`, `a!` (bad), `?a`, `bye`."""

    def __init__(self) -> None:
        self._asked: frozenset[str] = frozenset()
        self._wanted: frozenset[str] = frozenset()
        self.broken = False

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        if "boom" in markets:
            raise KeyError("boom")
        self._wanted = markets

    def frames_to_send(self, now_s: float) -> list[str]:
        if self._wanted == self._asked:
            return []
        self._asked = self._wanted
        return [" ".join(sorted(self._wanted))]

    def wake_at_s(self) -> float | None:
        return None if self._wanted == self._asked else 0.0

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        text = frame.decode() if isinstance(frame, bytes) else frame
        if text == "bye":
            return Received(reconnect="serverShutdown")
        if text == "surprise":
            raise KeyError(text)
        if text.startswith("?"):
            return Answered(error="NO_CODES", refused=frozenset({text[1:]}))
        topic, _, value = text.rstrip("!").partition("=")
        if text.endswith("!"):
            reject = Reject.of("price", "not positive", frame)
            return Answered(rejects=(reject,), values=((topic, None),))
        return Answered(values=((topic, value),)) if value else NOTHING


class Venue:
    """The reads, and all that is around them."""

    def __init__(self, **options: Any) -> None:
        self.clock = FakeClock()
        self.sockets: list[Socket] = []
        self.options: dict[str, Any] = {}
        self.dials_s: list[float] = []
        self.outcome: Exception | None = None
        self.hung = False
        self.rejects: list[Reject] = []
        self.breaker = AsyncBreaker(
            "upbit.read", clock=self.clock, failures=FAILURES, open_s=OPEN_S
        )
        self.budget = Window(5, 5, 1.0)
        self.reads = StreamReads(
            reading(LIVE_PLAN),
            Session,
            clock=self.clock,
            breaker=self.breaker,
            budget=self.budget,
            on_reject=self.rejects.append,
            connect=self.connect,
            **options,
        )
        self.asking: list[asyncio.Task[Any]] = []

    async def connect(self, url: str, **options: Any) -> Socket:
        self.dials_s.append(self.clock.monotonic())
        self.options = options
        if self.hung:
            await self.clock.sleep(options["open_timeout"])
            raise TimeoutError
        await asyncio.sleep(0)  # dialing takes a turn
        if self.outcome is not None:
            raise self.outcome
        self.sockets.append(Socket())
        return self.sockets[-1]

    async def ask(self, *topics: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(self.read(topics))
        self.asking.append(task)
        await self.clock.settle()
        return task

    async def start_read(self, *topics: str) -> None:
        """Ask, and leave the task to `asking`; `shut` ends it."""
        _ = await self.ask(*topics)

    async def read(self, topics: Collection[str]) -> Any:
        return await self.reads.read(topics)

    async def push(self, text: str) -> None:
        self.sockets[-1].push(text)
        await self.clock.settle()

    async def cut(self) -> None:
        self.sockets[-1].cut()
        await self.clock.settle()

    def tasks(self) -> list[str]:
        names = [task.get_name() for task in asyncio.all_tasks() if not task.done()]
        return [name for name in names if name.startswith("upbit.read")]


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    made = Venue()
    yield made
    await shut(made)


async def shut(venue: Venue) -> None:
    for task in venue.asking:
        task.cancel()
    await asyncio.gather(*venue.asking, return_exceptions=True)
    await venue.reads.close()
    assert venue.tasks() == []
    assert all(socket.closed for socket in venue.sockets)


def failure(task: asyncio.Task[Any]) -> BaseException | None:
    assert task.done()
    return task.exception()
