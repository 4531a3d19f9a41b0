"""One-off reads over a connection whose other side is the test."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from adapters.memory.clock import FakeClock
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import Window
from adapters.resilience.dial import DialPlan
from adapters.resilience.error import (
    BreakerOpen,
    ConnectionFailed,
    RateLimited,
    RequestTimedOut,
    UndecodableAnswer,
)
from adapters.resilience.session import NOTHING, Received, Reject
from adapters.resilience.stream_read import (
    MAX_TOPICS,
    Answered,
    StreamReads,
    reading,
)
from domain.model.error import UpstreamUnavailable
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
        await asyncio.sleep(0)
        if self.outcome is not None:
            raise self.outcome
        self.sockets.append(Socket())
        return self.sockets[-1]

    async def ask(self, *topics: str) -> asyncio.Task[Any]:
        task = asyncio.create_task(self.read(topics))
        self.asking.append(task)
        await self.clock.settle()
        return task

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


async def test_nothing_is_dialled_before_somebody_reads(venue: Venue) -> None:
    await venue.clock.advance(60.0)
    assert await venue.reads.read([]) == {}
    assert venue.dials_s == []
    assert venue.tasks() == []


async def test_a_read_dials_asks_and_gets_the_first_value_of_each_topic(
    venue: Venue,
) -> None:
    task = await venue.ask("a", "b")
    assert venue.sockets[0].sent == ["a b"]
    await venue.push("a=1")
    await venue.push("a=2")
    assert not task.done()
    await venue.push("b=3")
    assert task.result() == {"a": "1", "b": "3"}


async def test_no_origin_is_sent(venue: Venue) -> None:
    await venue.ask("a")
    assert venue.options["origin"] is None


async def test_several_reads_share_one_connection_and_ask_for_their_union(
    venue: Venue,
) -> None:
    first, second = await venue.ask("a", "b"), await venue.ask("b", "c")
    assert venue.sockets[0].sent == ["a b", "a b c"]
    await venue.push("b=1")
    assert venue.sockets[0].sent[-1] == "a c"
    await venue.push("a=2")
    await venue.push("c=3")
    assert first.result() == {"a": "2", "b": "1"}
    assert second.result() == {"b": "1", "c": "3"}
    assert len(venue.dials_s) == 1


async def test_values_of_before_a_read_are_not_its_answer(venue: Venue) -> None:
    first = await venue.ask("a")
    await venue.push("a=1")
    assert first.done()
    second = await venue.ask("a")
    assert not second.done()
    await venue.push("a=2")
    assert second.result() == {"a": "2"}
    assert len(venue.dials_s) == 1


async def test_an_idle_connection_is_closed_and_dialled_anew(venue: Venue) -> None:
    await venue.ask("a")
    await venue.push("a=1")
    await venue.clock.advance(29.9)
    assert not venue.sockets[0].closed
    await venue.clock.advance(0.2)
    assert venue.sockets[0].closed
    assert venue.tasks() == []
    task = await venue.ask("a")
    await venue.push("a=2")
    assert task.result() == {"a": "2"}
    assert len(venue.dials_s) == 2


async def test_what_does_not_come_in_time_is_named(venue: Venue) -> None:
    task = await venue.ask("a", "b")
    await venue.clock.advance(2.0)
    await venue.push("a=1")
    await venue.clock.advance(0.9)
    assert not task.done()
    await venue.clock.advance(0.2)
    error = failure(task)
    assert isinstance(error, RequestTimedOut)
    assert (error.upstream, error.reason) == ("upbit.read", "1 not told in 3 s: b")
    assert venue.sockets[0].sent[-1] == ""


async def test_a_cancelled_read_leaves_no_task_and_no_topic(venue: Venue) -> None:
    task, other = await venue.ask("a"), await venue.ask("b")
    task.cancel()
    await venue.clock.settle()
    assert venue.sockets[0].sent[-1] == "b"
    other.cancel()
    await venue.clock.settle()
    assert venue.sockets[0].sent[-1] == ""
    await venue.clock.advance(31.0)
    assert venue.tasks() == []
    assert venue.sockets[0].closed


async def test_a_read_cancelled_while_it_is_dialled_for_leaves_no_task(
    venue: Venue,
) -> None:
    venue.hung = True
    task = await venue.ask("a")
    task.cancel()
    await venue.clock.advance(3.1)
    assert task.cancelled()
    assert venue.tasks() == []


async def test_a_failed_dial_fails_all_reads_at_once(venue: Venue) -> None:
    venue.outcome = OSError("no route")
    first, second = await venue.ask("a"), await venue.ask("b")
    assert isinstance(failure(first), ConnectionFailed)
    assert isinstance(failure(second), ConnectionFailed)
    assert venue.tasks() == []
    venue.outcome = None
    third = await venue.ask("a")
    await venue.push("a=1")
    assert third.result() == {"a": "1"}


async def test_failed_dials_open_a_breaker_that_refuses_without_dialling(
    venue: Venue,
) -> None:
    venue.outcome = OSError("no route")
    for _ in range(FAILURES):
        await venue.ask("a")
        await venue.clock.advance(1.0)
    refused = failure(await venue.ask("a"))
    assert isinstance(refused, BreakerOpen)
    assert refused.retry_at_ms is not None
    assert len(venue.dials_s) == FAILURES
    venue.outcome = None
    await venue.clock.advance(OPEN_S)
    task = await venue.ask("a")
    await venue.push("a=1")
    assert task.result() == {"a": "1"}
    assert failure(await venue.ask("boom")) is not None  # no state is left behind


async def test_a_handshake_refused_by_a_limit_is_not_repeated_before_its_time(
    venue: Venue,
) -> None:
    headers = Headers({"Retry-After": "7"})
    venue.outcome = InvalidStatus(Response(429, "Too Many", headers))
    for _ in range(3):
        error = failure(await venue.ask("a"))
        assert isinstance(error, RateLimited)
        assert error.retry_at_ms == venue.clock.now_ms() + 7_000
    assert len(venue.dials_s) == 1
    venue.outcome = None
    await venue.clock.advance(7.0)
    task = await venue.ask("a")
    await venue.push("a=1")
    assert task.result() == {"a": "1"}


async def test_a_dial_that_hangs_costs_the_read_its_time(venue: Venue) -> None:
    venue.hung = True
    task = await venue.ask("a")
    await venue.clock.advance(3.1)
    assert isinstance(failure(task), UpstreamUnavailable)
    assert venue.tasks() == []


async def test_a_read_outlives_one_lost_connection(venue: Venue) -> None:
    task = await venue.ask("a")
    await venue.cut()
    assert len(venue.sockets) == 2
    assert venue.sockets[0].closed
    await venue.push("a=1")
    assert task.result() == {"a": "1"}


async def test_a_read_that_loses_two_connections_fails(venue: Venue) -> None:
    task = await venue.ask("a")
    await venue.cut()
    await venue.cut()
    assert isinstance(failure(task), ConnectionFailed)
    assert venue.tasks() == []
    assert len(venue.dials_s) == 2


async def test_a_venue_that_accepts_and_closes_is_not_stormed(venue: Venue) -> None:
    for _ in range(100):
        await venue.ask("a")
        for socket in venue.sockets:
            if not socket.closed:
                socket.cut()
        await venue.clock.advance(0.1)
    assert len(venue.dials_s) <= FAILURES + 1


async def test_reads_leave_dials_to_the_live_feed(venue: Venue) -> None:
    for _ in range(3):
        venue.budget.take(1, venue.clock.monotonic())
    task = await venue.ask("a")
    assert venue.dials_s == []
    await venue.clock.advance(1.1)
    assert len(venue.dials_s) == 1
    await venue.push("a=1")
    assert task.done()


async def test_a_server_that_goes_away_is_dialled_anew_for_who_waits(
    venue: Venue,
) -> None:
    task = await venue.ask("a")
    await venue.push("bye")
    assert venue.sockets[0].closed
    await venue.push("a=1")
    assert task.result() == {"a": "1"}
    await venue.push("bye")
    assert venue.tasks() == []
    assert len(venue.dials_s) == 2


async def test_a_refused_topic_fails_only_who_asked_for_it(venue: Venue) -> None:
    first, second = await venue.ask("a", "b"), await venue.ask("c")
    await venue.push("?a")
    error = failure(first)
    assert isinstance(error, UpstreamUnavailable)
    assert error.reason == "NO_CODES"
    assert venue.sockets[0].sent[-1] == "c"
    await venue.push("c=1")
    assert second.result() == {"c": "1"}


async def test_a_value_that_cannot_be_used_is_counted_and_left_out(
    venue: Venue,
) -> None:
    task = await venue.ask("a", "b")
    await venue.push("a!")
    await venue.push("b=1")
    assert task.result() == {"b": "1"}
    assert [reject.kind for reject in venue.rejects] == ["price"]


async def test_values_of_which_none_can_be_used_are_no_answer(venue: Venue) -> None:
    task = await venue.ask("a")
    await venue.push("a!")
    assert isinstance(failure(task), UndecodableAnswer)


async def test_a_silent_connection_is_given_up_and_replaced(venue: Venue) -> None:
    task = await venue.ask("a")
    await venue.clock.advance(3.1)
    assert isinstance(failure(task), RequestTimedOut)
    assert venue.sockets[0].closed
    for _ in range(2 * FAILURES):  # no failure of the venue: the topic may be quiet
        task = await venue.ask("a")
        await venue.clock.advance(3.1)
        assert isinstance(failure(task), RequestTimedOut)


async def test_a_connection_that_said_something_is_kept(venue: Venue) -> None:
    task = await venue.ask("a", "b")
    await venue.clock.advance(2.0)
    await venue.push("a=1")
    await venue.clock.advance(1.1)
    assert isinstance(failure(task), RequestTimedOut)
    assert not venue.sockets[0].closed


async def test_closing_ends_every_read_and_the_connection(venue: Venue) -> None:
    task = await venue.ask("a")
    await venue.reads.close()
    await venue.clock.settle()
    assert isinstance(failure(task), UpstreamUnavailable)
    assert venue.sockets[0].closed
    assert venue.tasks() == []
    with pytest.raises(UpstreamUnavailable):
        await venue.reads.read(["a"])
    await venue.reads.close()


async def test_more_reads_or_topics_than_allowed_are_refused_at_once() -> None:
    venue = Venue(max_reads=2)
    many = [f"t{n}" for n in range(MAX_TOPICS)]
    await venue.ask(*many)
    with pytest.raises(RateLimited, match="1000 topics"):
        await venue.reads.read(["another"])
    await venue.ask("t1")
    with pytest.raises(RateLimited, match="2 reads") as caught:
        await venue.reads.read(["t1"])
    assert caught.value.retry_at_ms == venue.clock.now_ms()
    await shut(venue)


async def test_a_surprise_of_ours_reaches_who_reads_and_nobody_later(
    venue: Venue,
) -> None:
    assert isinstance(failure(await venue.ask("boom")), KeyError)
    assert venue.tasks() == []
    task = await venue.ask("a")
    await venue.push("a=1")
    assert task.result() == {"a": "1"}


async def test_no_frame_raises(venue: Venue) -> None:
    task = await venue.ask("a")
    await venue.push("surprise")
    await venue.push("nothing")
    await venue.push("a=1")
    assert task.result() == {"a": "1"}
    assert [reject.kind for reject in venue.rejects] == ["surprise"]


async def test_who_comes_while_the_connection_closes_gets_another(
    venue: Venue,
) -> None:
    await venue.ask("a")
    await venue.push("a=1")
    closing = asyncio.Event()

    async def close_slowly() -> None:
        venue.sockets[0].closed = True
        await closing.wait()

    venue.sockets[0].close = close_slowly  # type: ignore[method-assign]  # a hand on the close
    await venue.clock.advance(30.1)
    task = await venue.ask("b")
    assert len(venue.dials_s) == 1
    closing.set()
    await venue.clock.settle()
    await venue.push("b=2")
    assert task.result() == {"b": "2"}
    assert len(venue.dials_s) == 2


async def test_a_connection_is_not_kept_for_a_day() -> None:
    venue = Venue(idle_s=1e6)
    await venue.ask("a")
    await venue.push("a=1")
    await venue.clock.advance(22 * 3600.0)
    assert not venue.sockets[0].closed
    await venue.clock.advance(2 * 3600.0)
    assert venue.sockets[0].closed
    task = await venue.ask("a")
    await venue.push("a=1")
    assert task.done()
    assert len(venue.dials_s) == 2
    await shut(venue)
