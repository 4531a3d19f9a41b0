"""One-off reads over one shared connection: the ordinary way, and lost connections."""

from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from adapters.resilience.error import (
    BreakerOpen,
    ConnectionFailed,
    RateLimited,
    RequestTimedOut,
)
from domain.model.error import UpstreamUnavailable
from tests.unit.adapters.resilience.stream_read.conftest import (
    FAILURES,
    OPEN_S,
    Venue,
    failure,
)


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
    await venue.start_read("a")
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
    await venue.start_read("a")
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
        await venue.start_read("a")
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
        await venue.start_read("a")
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
