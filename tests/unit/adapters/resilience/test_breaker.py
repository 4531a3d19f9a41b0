import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.error import (
    BreakerOpen,
    ConnectionFailed,
    RateLimited,
    RequestRejected,
    ServerFailed,
)
from domain.model.health import BreakerState


async def good() -> str:
    return "good"


async def bad() -> str:
    raise ServerFailed("upbit.rest", 500)


async def call_badly(breaker: AsyncBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(ServerFailed):
            await breaker.call(bad)


@pytest.fixture
def breaker(clock: Any) -> AsyncBreaker:
    return AsyncBreaker("upbit.rest", clock=clock)


@pytest.fixture
async def opened(breaker: AsyncBreaker) -> AsyncBreaker:
    await call_badly(breaker, 5)
    return breaker


class Gate:
    """A request that answers when the test says so."""

    def __init__(self) -> None:
        self.entered = 0
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.entered += 1
        return await self.answer


async def test_five_failures_in_a_row_open_it_for_sixty_seconds(
    breaker: AsyncBreaker, clock: Any
) -> None:
    await call_badly(breaker, 4)
    assert breaker.state is BreakerState.CLOSED
    assert breaker.retry_at_ms is None
    assert breaker.opened_at is None
    await call_badly(breaker)
    assert breaker.state is BreakerState.OPEN
    assert breaker.retry_at_ms == clock.now_ms() + 60_000
    assert breaker.opened_at == datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    with pytest.raises(BreakerOpen, match="status 500") as caught:
        await breaker.call(good)
    assert caught.value.retry_at_ms == clock.now_ms() + 60_000


async def test_a_good_answer_between_failures_starts_the_count_again(
    breaker: AsyncBreaker,
) -> None:
    await call_badly(breaker, 4)
    assert await breaker.call(good) == "good"
    await call_badly(breaker, 4)
    assert breaker.state is BreakerState.CLOSED


async def test_after_the_hold_one_good_probe_closes_it(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(59.9)
    with pytest.raises(BreakerOpen):
        await opened.call(good)
    await clock.advance(0.1)
    assert opened.state is BreakerState.HALF_OPEN
    assert opened.retry_at_ms is None
    assert await opened.call(good) == "good"
    assert opened.state is BreakerState.CLOSED


async def test_after_the_hold_one_bad_probe_opens_it_again(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(60)
    await call_badly(opened)
    assert opened.state is BreakerState.OPEN
    assert opened.retry_at_ms == clock.now_ms() + 60_000


async def test_of_many_waiting_calls_exactly_one_is_the_probe(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(60)
    gate = Gate()
    calls = [asyncio.create_task(opened.call(gate)) for _ in range(50)]
    await clock.settle()
    assert gate.entered == 1
    gate.answer.set_result("good")
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert results.count("good") == 1
    refused = [result for result in results if isinstance(result, BreakerOpen)]
    assert len(refused) == 49
    assert {error.retry_at_ms for error in refused} == {None}


async def test_cancellation_counts_for_nothing_and_is_not_replaced(
    breaker: AsyncBreaker, clock: Any
) -> None:
    await call_badly(breaker, 4)
    for _ in range(10):
        task = asyncio.create_task(breaker.call(Gate()))
        await clock.settle()
        task.cancel("by us")
        with pytest.raises(asyncio.CancelledError, match="by us"):
            await task
    assert breaker.state is BreakerState.CLOSED
    await call_badly(breaker)
    assert breaker.state is BreakerState.OPEN


async def test_a_cancelled_probe_leaves_its_place_to_the_next_call(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(60)
    task = asyncio.create_task(opened.call(Gate()))
    await clock.settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert opened.state is BreakerState.HALF_OPEN
    assert await opened.call(good) == "good"
    assert opened.state is BreakerState.CLOSED


async def test_late_results_into_an_open_breaker_are_ignored(
    breaker: AsyncBreaker, clock: Any
) -> None:
    good_one, bad_one = Gate(), Gate()
    late = [asyncio.create_task(breaker.call(gate)) for gate in (good_one, bad_one)]
    await clock.settle()
    await call_badly(breaker, 5)
    retry_at_ms = breaker.retry_at_ms
    await clock.advance(10)
    good_one.answer.set_result("late")
    bad_one.answer.set_exception(ServerFailed("upbit.rest", 500))
    assert (await asyncio.gather(*late, return_exceptions=True))[0] == "late"
    assert breaker.state is BreakerState.OPEN
    assert breaker.retry_at_ms == retry_at_ms


async def test_a_failure_from_before_does_not_open_a_breaker_closed_since(
    breaker: AsyncBreaker, clock: Any
) -> None:
    gates = [Gate() for _ in range(5)]
    late = [asyncio.create_task(breaker.call(gate)) for gate in gates]
    await clock.settle()
    await call_badly(breaker, 5)
    breaker.close()
    for gate in gates:
        gate.answer.set_exception(ServerFailed("upbit.rest", 500))
    await asyncio.gather(*late, return_exceptions=True)
    assert breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize(
    "error", [RateLimited("u", 1), KeyError("bug"), ConnectionResetError()]
)
async def test_rate_limits_and_surprises_count_for_nothing(
    breaker: AsyncBreaker, error: Exception
) -> None:
    async def request() -> None:
        raise error

    await call_badly(breaker, 4)
    for _ in range(9):
        with pytest.raises(type(error)) as caught:
            await breaker.call(request)
        assert caught.value is error
    assert breaker.state is BreakerState.CLOSED
    await call_badly(breaker)
    assert breaker.state is BreakerState.OPEN


async def test_a_refusal_of_the_very_request_proves_that_the_upstream_lives(
    breaker: AsyncBreaker,
) -> None:
    async def request() -> None:
        raise RequestRejected("u", 404, "Code not found")

    await call_badly(breaker, 4)
    with pytest.raises(RequestRejected):
        await breaker.call(request)
    await call_badly(breaker, 4)
    assert breaker.state is BreakerState.CLOSED


async def test_close_lets_calls_through_at_once(opened: AsyncBreaker) -> None:
    opened.close()
    assert opened.state is BreakerState.CLOSED
    await call_badly(opened, 4)
    opened.close()
    await call_badly(opened, 4)
    assert opened.state is BreakerState.CLOSED


async def test_a_probe_s_result_is_ignored_when_another_channel_closed_it_meanwhile(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(60)
    gate = Gate()
    probe = asyncio.create_task(opened.call(gate))
    await clock.settle()
    opened.close()
    gate.answer.set_exception(ServerFailed("upbit.rest", 500))
    await asyncio.gather(probe, return_exceptions=True)
    assert opened.state is BreakerState.CLOSED
    assert await opened.call(good) == "good"


async def test_a_probe_of_an_earlier_outage_does_not_take_the_place_of_the_next(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(60)
    gate = Gate()
    old = asyncio.create_task(opened.call(gate))
    await clock.settle()
    opened.close()
    await call_badly(opened, 5)
    await clock.advance(60)
    assert await opened.call(good) == "good"
    gate.answer.set_exception(ServerFailed("upbit.rest", 500))
    await asyncio.gather(old, return_exceptions=True)
    assert opened.state is BreakerState.CLOSED


async def test_check_tells_what_call_would_do_and_takes_no_place(
    opened: AsyncBreaker, clock: Any
) -> None:
    with pytest.raises(BreakerOpen):
        opened.check()
    await clock.advance(60)
    opened.check()
    opened.check()
    assert await opened.call(good) == "good"
    opened.check()


async def test_a_feed_s_own_loop_probes_every_four_seconds_then_every_thirty(
    opened: AsyncBreaker, clock: Any
) -> None:
    began_s, probes = clock.monotonic(), []
    while clock.monotonic() - began_s < 700:
        try:
            await opened.call(bad, probe=True)
        except ServerFailed:
            probes.append(clock.monotonic() - began_s)
        except BreakerOpen:
            pass
        await clock.advance(1)
    assert probes[:3] == [4, 8, 12]
    assert [time for time in probes if time > 600][-3:] == [630, 660, 690]


async def test_a_good_probe_of_a_feed_s_loop_closes_before_the_hold_is_over(
    opened: AsyncBreaker, clock: Any
) -> None:
    await clock.advance(4)
    assert await opened.call(good, probe=True) == "good"
    assert opened.state is BreakerState.CLOSED


async def test_failures_told_from_outside_open_it_and_keep_it_open(
    breaker: AsyncBreaker, clock: Any
) -> None:
    for _ in range(5):
        breaker.failed("no connection")
    first = breaker.opened_at
    await clock.advance(30)
    breaker.failed("no connection")
    assert breaker.opened_at == first
    await clock.advance(30)
    breaker.failed("still none")
    assert breaker.state is BreakerState.OPEN
    assert breaker.retry_at_ms == clock.now_ms() + 60_000
    with pytest.raises(BreakerOpen, match="still none"):
        await breaker.call(good)


async def test_different_failures_in_a_row_count_together(
    breaker: AsyncBreaker,
) -> None:
    async def cut() -> None:
        raise ConnectionFailed("u", "cut")

    await call_badly(breaker, 3)
    for _ in range(2):
        with pytest.raises(ConnectionFailed):
            await breaker.call(cut)
    assert breaker.state is BreakerState.OPEN
