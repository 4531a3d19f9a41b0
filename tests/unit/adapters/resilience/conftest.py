"""A clock that only moves when a test says so, and a venue without a network."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.dialer import DialPlan, StreamDialer
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.session import NOTHING, Received, Reject
from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.market import Channel, Exchange

START_MS = 1_760_000_000_000
# Enough turns of the loop for every chain of callbacks between two times.
TURNS = 60


class ManualClock:
    """Implements `domain.ports.clock.Clock`; time stands still but for `advance`."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self.slept_s: list[float] = []
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return START_MS + round(self.elapsed_s * 1000)

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)  # lets others run
            return
        woken = asyncio.get_running_loop().create_future()
        due_s = self.elapsed_s + seconds
        heapq.heappush(self._sleepers, (due_s, next(self._order), woken))
        await woken

    async def settle(self) -> None:
        """Let everything happen that happens without time going by."""
        for _ in range(TURNS):
            await asyncio.sleep(0)  # a turn for each task

    async def advance(self, seconds: float) -> None:
        """Let time go by, waking sleepers in their order."""
        await self.settle()
        target_s = self.elapsed_s + seconds
        while self._sleepers and self._sleepers[0][0] <= target_s:
            due_s, _, woken = heapq.heappop(self._sleepers)
            self.elapsed_s = max(self.elapsed_s, due_s)
            if not woken.done():
                woken.set_result(None)
                await self.settle()
        self.elapsed_s = target_s
        await self.settle()


class AutoClock(ManualClock):
    """Time jumps over every sleep at once."""

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.elapsed_s += max(0.0, seconds)
        await asyncio.sleep(0)  # lets others run


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def auto_clock() -> AutoClock:
    return AutoClock()


class Hung:
    """An outcome of a dial that never comes."""


class FakeSocket:
    """An open connection whose other side is the test."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.closed = 0
        self.send_error: Exception | None = None
        self._inbox: asyncio.Queue[bytes | Exception] = asyncio.Queue()

    def push(self, frame: bytes | Exception) -> None:
        self._inbox.put_nowait(frame)

    def cut(self) -> None:
        self.push(ConnectionClosedError(None, None))

    async def recv(self, decode: bool | None = None) -> bytes:
        assert decode is False
        frame = await self._inbox.get()
        if isinstance(frame, Exception):
            raise frame
        return frame

    async def send(self, message: str) -> None:
        if self.send_error is not None:
            raise self.send_error
        self.sent.append(message)

    async def close(self) -> None:
        self.closed += 1
        self.cut()


class FakeConnect:
    """Stands for `websockets.connect`: each dial gets the next outcome."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.outcomes: list[Exception | Hung] = []
        self.default: Exception | Hung | None = None
        self.dials_s: list[float] = []
        self.urls: list[str] = []
        self.options: dict[str, Any] = {}
        self.sockets: list[FakeSocket] = []
        self.pending = 0

    async def __call__(self, url: str, **options: Any) -> FakeSocket:
        self.dials_s.append(self.clock.elapsed_s)
        self.urls.append(url)
        self.options = options
        outcome = self.outcomes.pop(0) if self.outcomes else self.default
        self.pending += 1
        try:
            if isinstance(outcome, Hung):
                await self.clock.sleep(options["open_timeout"])
                raise TimeoutError("timed out during opening handshake")
            await asyncio.sleep(0)  # dialing takes a turn
        finally:
            self.pending -= 1
        if outcome is not None:
            raise outcome
        socket = FakeSocket()
        self.sockets.append(socket)
        return socket


class FakeSession:
    """Understands `data`, `reject`, `bye`, `error`, `boom` and `later`."""

    def __init__(self) -> None:
        self.watched: list[frozenset[str]] = []
        self.due: list[tuple[float, str]] = []

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        self.watched.append(markets)
        self.due.append((now_s, "watch " + ",".join(sorted(markets))))

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        assert isinstance(frame, bytes)
        word, _, detail = frame.decode().partition(" ")
        if word == "boom":
            raise KeyError(detail)
        if word == "reject":
            return Received(rejects=(Reject.of("syntax", detail, frame),))
        if word == "bye":
            return Received(reconnect="serverShutdown")
        if word == "error":
            return Received(error=detail)
        if word == "later":
            self.due.append((received_s + float(detail), "later"))
            return NOTHING
        update = QuoteUpdate(
            "KRW-BTC", Decimal(detail or "1"), exchange_ms=received_ms - 40
        )
        batch = FeedBatch(
            Exchange.UPBIT, Channel.WEBSOCKET, received_ms, received_s, (update,)
        )
        return Received(batches=(batch,))

    def frames_to_send(self, now_s: float) -> list[str]:
        ready = [frame for due_s, frame in self.due if due_s <= now_s]
        self.due = [pair for pair in self.due if pair[0] > now_s]
        return ready

    def wake_at_s(self) -> float | None:
        return min((due_s for due_s, _ in self.due), default=None)


class Stream:
    """A dialer with everything around it faked, and what it told."""

    def __init__(self, clock: ManualClock, **plan: Any) -> None:
        self.clock = clock
        self.connect = FakeConnect(clock)
        self.sessions: list[FakeSession] = []
        self.events: list[FeedEvent] = []
        self.recovered = 0
        self.breaker = AsyncBreaker("upbit.stream", clock=clock)
        self.monitor = UpstreamMonitor("upbit.stream", Channel.WEBSOCKET, clock=clock)
        settings: dict[str, Any] = {
            "exchange": Exchange.UPBIT,
            "name": "upbit.stream",
            "url": "wss://venue.example/v1",
            "silence_bound_s": 10.0,
        }
        self.plan = DialPlan(**(settings | plan))
        self.up: Any = None
        self.task: asyncio.Task[None] | None = None
        self.dialer = self._make()

    def _make(self) -> StreamDialer:
        def session() -> FakeSession:
            self.sessions.append(FakeSession())
            return self.sessions[-1]

        def recovered() -> None:
            self.recovered += 1

        async def bring_up() -> None:
            if self.up is not None:
                await self.up()

        return StreamDialer(
            self.plan,
            session,
            self.monitor,
            clock=self.clock,
            random=lambda: 0.0,
            breaker=self.breaker,
            connect=self.connect,
            on_up=bring_up,
            on_recovered=recovered,
        )

    async def start(self, *markets: str) -> None:
        self.dialer.watch(markets or ("KRW-BTC",))
        self.task = asyncio.create_task(self.dialer.run(self.events.append))
        await self.clock.settle()

    async def stop(self) -> None:
        if self.task is not None and not self.task.done():
            self.task.cancel()
        if self.task is not None:
            await asyncio.wait({self.task}, timeout=5)

    async def push(self, frame: bytes, socket: int = -1) -> None:
        self.connect.sockets[socket].push(frame)
        await self.clock.settle()

    async def cut(self, socket: int = -1) -> None:
        self.connect.sockets[socket].cut()
        await self.clock.settle()

    def told(self) -> list[str]:
        """Return the events as words, in order."""
        words = []
        for event in self.events:
            if isinstance(event, FeedUp):
                words.append("renewed" if event.renewed else "up")
            elif isinstance(event, FeedDown):
                words.append("down")
            else:
                words.append(f"data {event.updates[0].price}")
        return words


@pytest.fixture
async def make_stream(clock: ManualClock) -> AsyncIterator[Callable[..., Stream]]:
    made: list[Stream] = []

    def make(**plan: Any) -> Stream:
        made.append(Stream(clock, **plan))
        return made[-1]

    yield make
    for stream in made:
        await stream.stop()


@pytest.fixture
def stream(make_stream: Callable[..., Stream]) -> Stream:
    return make_stream()


@pytest.fixture
def hung() -> Hung:
    return Hung()
