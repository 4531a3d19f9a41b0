import asyncio
import itertools
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.utils import accept_key

from adapters.resilience.backoff import Schedule
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.clock import SystemClock
from adapters.resilience.dialer import DialPlan, StreamDialer
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.session import NOTHING, Received
from domain.model.event import (
    FeedBatch,
    FeedDown,
    FeedEvent,
    FeedUp,
    QuoteUpdate,
)
from domain.model.market import Channel, Exchange

LIMIT_S = 10.0
T = TypeVar("T")
Serve = Callable[[ServerConnection], Awaitable[None]]
# Quick tries; the last wait, after which a hanging dial is overtaken, is never due.
QUICK = Schedule(first_waits_s=(0.0, 0.001, 0.001, 0.001, 5.0), least_spacing_s=0.001)

# Until the event loop has closed what was aborted.
SOCKETS_LIMIT_S = 10.0


class PriceSession:
    """Every frame is a price, save `bye`."""

    def __init__(self) -> None:
        self.due: list[str] = []

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        self.due.append("watch " + ",".join(sorted(markets)))

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        assert isinstance(frame, bytes)
        if frame == b"bye":
            return Received(reconnect="serverShutdown")
        if frame == b"noise":
            return NOTHING
        update = QuoteUpdate("KRW-BTC", Decimal(frame.decode()))
        batch = FeedBatch(
            Exchange.UPBIT, Channel.WEBSOCKET, received_ms, received_s, (update,)
        )
        return Received(batches=(batch,))

    def frames_to_send(self, now_s: float) -> list[str]:
        due, self.due = self.due, []
        return due

    def wake_at_s(self) -> float | None:
        return 0.0 if self.due else None


class Feed:
    """A dialer that runs, and what it tells."""

    def __init__(self, url: str, **plan: Any) -> None:
        self.events: asyncio.Queue[FeedEvent] = asyncio.Queue()
        clock = SystemClock()
        settings: dict[str, Any] = {
            "exchange": Exchange.UPBIT,
            "name": "upbit.stream",
            "url": url,
            "silence_bound_s": LIMIT_S,
            "dials": 100_000,
        }
        schedule = plan.pop("schedule", QUICK)
        self.monitor = UpstreamMonitor("upbit.stream", Channel.WEBSOCKET, clock=clock)
        self.dialer = StreamDialer(
            DialPlan(**(settings | plan)),
            PriceSession,
            self.monitor,
            clock=clock,
            random=lambda: 0.5,
            breaker=AsyncBreaker("upbit.stream", clock=clock),
            schedule=schedule,
        )
        self.dialer.watch(["KRW-BTC", "KRW-ETH"])
        self.task = asyncio.create_task(
            self.dialer.run(self.events.put_nowait), name="upbit.stream"
        )

    async def next(self) -> FeedEvent:
        return await soon(self.events.get())

    async def until(self, wanted: Callable[[FeedEvent], bool]) -> list[FeedEvent]:
        """Return the events up to the first that is wanted."""
        seen = [await self.next()]
        while not wanted(seen[-1]):
            seen.append(await self.next())
        return seen

    async def stop(self) -> None:
        self.task.cancel()
        await soon(asyncio.wait({self.task}))


async def soon(work: Awaitable[T]) -> T:
    return await asyncio.wait_for(work, LIMIT_S)


@asynccontextmanager
async def venue(handler: Serve, **options: Any) -> AsyncIterator[tuple[Server, str]]:
    async def quiet(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await handler(connection)

    async with serve(quiet, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield server, f"ws://127.0.0.1:{port}/v1"


@asynccontextmanager
async def feeding(url: str, **plan: Any) -> AsyncIterator[Feed]:
    feed = Feed(url, **plan)
    try:
        yield feed
    finally:
        await feed.stop()


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


def is_data(event: FeedEvent) -> bool:
    return isinstance(event, FeedBatch)


def is_down(event: FeedEvent) -> bool:
    return isinstance(event, FeedDown)


def open_sockets() -> set[tuple[str, int]]:
    """Return the sockets of this process; other tests' files come and go."""
    found = set()
    for file in Path("/dev/fd").iterdir():
        with suppress(OSError):  # the folder itself was open, and is not any more
            told = os.fstat(int(file.name))
            if stat.S_ISSOCK(told.st_mode):
                found.add((file.name, told.st_ino))
    return found


async def test_text_and_binary_frames_arrive_and_the_subscription_goes_out() -> None:
    got: asyncio.Queue[Any] = asyncio.Queue()

    async def handler(connection: ServerConnection) -> None:
        got.put_nowait(connection.request)
        got.put_nowait(await connection.recv())
        await connection.send("1.5")
        await connection.send(b"2.5")
        await connection.wait_closed()

    async with venue(handler) as (_, url), feeding(url) as feed:
        request = await soon(got.get())
        assert "Origin" not in request.headers
        assert "Sec-WebSocket-Extensions" not in request.headers
        assert request.path == "/v1"
        assert await soon(got.get()) == "watch KRW-BTC,KRW-ETH"
        up, first, second = [await feed.next() for _ in range(3)]
        assert isinstance(up, FeedUp)
        assert not up.renewed
        assert isinstance(first, FeedBatch)
        assert isinstance(second, FeedBatch)
        assert first.updates[0].price == Decimal("1.5")
        assert second.updates[0].price == Decimal("2.5")


async def test_a_hundred_cuts_leave_no_task_and_no_socket() -> None:
    count = itertools.count()

    async def handler(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send("1")
        if next(count) % 2:
            connection.transport.abort()

    tasks_before, sockets_before = asyncio.all_tasks(), open_sockets()
    async with venue(handler, close_timeout=0.1) as (server, url):
        async with feeding(url) as feed:
            downs: list[FeedEvent] = []
            while len(downs) < 100:
                downs += [(await feed.until(is_down))[-1]]
            assert feed.monitor.status().reconnects >= 99
        while server.connections:
            await soon(next(iter(server.connections)).wait_closed())
    ours = {task.get_name() for task in asyncio.all_tasks() - tasks_before}
    assert not [name for name in ours if name.startswith("upbit.stream")]
    # The loop closes an aborted socket in a later turn.
    async with asyncio.timeout(SOCKETS_LIMIT_S):
        while open_sockets() - sockets_before:  # noqa: ASYNC110 (nobody tells of it)
            await asyncio.sleep(0.01)  # the next look


async def test_a_renewal_delivers_before_the_old_connection_goes() -> None:
    beside: list[int] = []
    alive: set[ServerConnection] = set()

    async def handler(connection: ServerConnection) -> None:
        beside.append(len(alive))
        alive.add(connection)
        await connection.recv()
        await connection.send("1")
        await connection.wait_closed()
        alive.discard(connection)

    async with venue(handler) as (_, url), feeding(url, renew_after_s=0.1) as feed:
        seen = [await feed.next()]
        while sum(isinstance(e, FeedUp) and e.renewed for e in seen) < 3:
            seen.append(await feed.next())
        assert not any(is_down(event) for event in seen)
        assert feed.monitor.status().reconnects == 0
    assert beside[:4] == [0, 1, 1, 1]


async def test_a_venue_that_shuts_down_is_left_for_a_new_connection() -> None:
    number = itertools.count()

    async def handler(connection: ServerConnection) -> None:
        first = next(number) == 0
        await connection.recv()
        await connection.send("1")
        if first:
            await connection.send("bye")
        await connection.wait_closed()

    async with venue(handler) as (_, url), feeding(url) as feed:
        seen = await feed.until(lambda e: isinstance(e, FeedUp) and e.renewed)
        assert not any(is_down(event) for event in seen)


async def test_a_venue_without_data_is_closed_and_dialled_again() -> None:
    number = itertools.count()

    async def handler(connection: ServerConnection) -> None:
        if next(number):
            await connection.send("1")
        await connection.send("noise")
        await connection.wait_closed()

    async with venue(handler) as (_, url), feeding(url, silence_bound_s=0.1) as feed:
        seen = await feed.until(is_data)
        kinds = [type(event) for event in seen]
        assert kinds == [FeedUp, FeedDown, FeedUp, FeedBatch]
        assert isinstance(seen[1], FeedDown)
        assert seen[1].reason == "no data for 0.1 s"


async def test_a_frame_above_the_limit_is_a_cut_and_counted() -> None:
    number = itertools.count()

    async def handler(connection: ServerConnection) -> None:
        await connection.send("1" if next(number) else "1" * 5_000)
        await connection.wait_closed()

    async with venue(handler) as (_, url), feeding(url, max_frame_bytes=1_000) as feed:
        seen = await feed.until(is_data)
        down = next(event for event in seen if isinstance(event, FeedDown))
        assert "1009" in down.reason
        assert feed.monitor.rejects == {"size": 1}


@pytest.mark.parametrize(
    "status", [HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.NOT_FOUND]
)
async def test_a_refused_handshake_is_a_reason_and_dialled_again(
    status: HTTPStatus,
) -> None:
    number = itertools.count()
    seen: list[Any] = []

    def gate(connection: ServerConnection, request: Any) -> Any:
        if next(number) < 2:
            return connection.respond(status, "closed for a while")
        seen.append(feed.monitor.status())
        return None

    async def handler(connection: ServerConnection) -> None:
        await connection.send("1")
        await connection.wait_closed()

    async with (
        venue(handler, process_request=gate) as (_, url),
        feeding(url) as feed,
    ):
        await feed.until(is_data)
    assert str(status.value) in seen[0].detail
    assert "closed for a while" in seen[0].detail


async def test_the_venue_s_pings_are_answered() -> None:
    ponged = asyncio.Event()

    async def handler(connection: ServerConnection) -> None:
        await connection.send("1")
        for _ in range(3):
            await (await connection.ping())
        ponged.set()
        await connection.wait_closed()

    async with venue(handler) as (_, url), feeding(url) as feed:
        await feed.until(is_data)
        await soon(ponged.wait())


async def test_stopping_is_quick_although_the_venue_does_not_answer_the_close() -> None:
    began = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Open a WebSocket by hand, then never read again."""
        request = await reader.readuntil(b"\r\n\r\n")
        writer.write(_accept(request))
        writers.append(writer)
        began.set()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    feed = Feed(f"ws://127.0.0.1:{port}/", close_timeout_s=0.2)
    await soon(began.wait())
    assert isinstance(await feed.next(), FeedUp)
    await feed.stop()
    assert feed.task.cancelled()
    down = await feed.next()
    assert isinstance(down, FeedDown)
    assert down.reason == "stopped"
    for writer in writers:
        writer.close()
    server.close()
    await soon(server.wait_closed())


def _accept(request: bytes) -> bytes:
    lines = request.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    token = accept_key(fields["Sec-WebSocket-Key"])
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {token}\r\n\r\n"
    ).encode()


async def test_a_black_hole_that_opens_again_is_found_by_the_next_dial() -> None:
    """The first dial hangs in its handshake; a later one gets through beside it."""
    number = itertools.count()
    hung = asyncio.Event()

    async def gate(connection: ServerConnection, request: Any) -> None:
        if next(number) == 0:
            hung.set()
            await connection.wait_closed()

    async def handler(connection: ServerConnection) -> None:
        await connection.send("1")
        await connection.wait_closed()

    quick = Schedule(first_waits_s=(0.0, 0.05), least_spacing_s=0.05)
    async with (
        venue(handler, process_request=gate) as (_, url),
        feeding(url, schedule=quick) as feed,
    ):
        await soon(hung.wait())
        await feed.until(is_data)
        assert next(number) == 2
