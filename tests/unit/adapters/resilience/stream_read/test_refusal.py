"""Reads that are refused, of no use, or ended."""

import asyncio

import pytest

from adapters.resilience.error import (
    RateLimited,
    RequestTimedOut,
    UndecodableAnswer,
)
from adapters.resilience.stream_read import (
    MAX_TOPICS,
)
from domain.model.error import UpstreamUnavailable
from tests.unit.adapters.resilience.stream_read.conftest import (
    FAILURES,
    Venue,
    failure,
    shut,
)


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
    await venue.start_read(*many)
    with pytest.raises(RateLimited, match="1000 topics"):
        await venue.reads.read(["another"])
    await venue.start_read("t1")
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
    await venue.start_read("a")
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
    await venue.start_read("a")
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
