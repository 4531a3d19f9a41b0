import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pybreaker
import pytest

from adapters.resilience.error import (
    AddressBanned,
    BreakerOpen,
    ConnectionFailed,
    RateLimited,
    RequestRejected,
    ServerFailed,
    UndecodableAnswer,
)
from adapters.resilience.retry import RetryPolicy

START_MS = 1_760_000_000_000


def script(*outcomes: BaseException | str) -> Callable[[], Awaitable[str]]:
    """Return an attempt that gives these outcomes in turn."""
    left = list(outcomes)

    async def attempt() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return attempt


async def run(
    clock: Any, *outcomes: BaseException | str, chance: float = 0.0, **options: Any
) -> str:
    policy = RetryPolicy()
    return await policy.run(
        script(*outcomes), clock=clock, random=lambda: chance, **options
    )


def down() -> ServerFailed:
    return ServerFailed("upbit.rest", 503)


async def test_four_tries_wait_two_four_and_eight_seconds(auto_clock: Any) -> None:
    last = down()
    with pytest.raises(ServerFailed) as caught:
        await run(auto_clock, down(), down(), down(), last)
    assert caught.value is last
    assert auto_clock.slept_s == [2, 4, 8]


async def test_the_first_good_result_ends_the_row(auto_clock: Any) -> None:
    garbage = UndecodableAnswer("u", "html")
    assert await run(auto_clock, down(), garbage, "good") == "good"
    assert auto_clock.slept_s == [2, 4]


async def test_jitter_only_lengthens_and_the_cap_holds(auto_clock: Any) -> None:
    with pytest.raises(ServerFailed):
        await run(auto_clock, down(), down(), down(), down(), chance=0.999)
    assert auto_clock.slept_s == pytest.approx([2.5, 5, 10], rel=1e-3)
    assert max(auto_clock.slept_s) <= 10


async def test_one_call_may_be_given_its_own_number_of_tries(auto_clock: Any) -> None:
    with pytest.raises(ServerFailed):
        await run(auto_clock, down(), "never asked", tries=1)
    assert auto_clock.slept_s == []


@pytest.mark.parametrize(
    "error",
    [
        RequestRejected("u", 404, "Code not found"),
        BreakerOpen("u", START_MS + 1, "open"),
        AddressBanned("u", START_MS + 1),
        RateLimited("u", START_MS + 10_001),
        pybreaker.CircuitBreakerError("open"),
        asyncio.CancelledError(),
        KeyError("bug"),
    ],
)
async def test_what_is_not_named_is_not_retried_and_not_replaced(
    auto_clock: Any, error: BaseException
) -> None:
    with pytest.raises(type(error)) as caught:
        await run(auto_clock, error, "never asked")
    assert caught.value is error
    assert auto_clock.slept_s == []


async def test_a_rate_limit_is_waited_for_to_its_time(auto_clock: Any) -> None:
    limited = RateLimited("u", START_MS + 3_000)
    assert await run(auto_clock, limited, "good", chance=0.5) == "good"
    assert auto_clock.slept_s == [3 * 1.125]


async def test_cancellation_while_waiting_ends_the_row(clock: Any) -> None:
    asked = 0

    async def attempt() -> str:
        nonlocal asked
        asked += 1
        raise ConnectionFailed("u", "refused")

    task = asyncio.create_task(
        RetryPolicy().run(attempt, clock=clock, random=lambda: 0.0)
    )
    await clock.settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked == 1


def test_a_policy_tries_at_least_once() -> None:
    with pytest.raises(ValueError, match="tries"):
        RetryPolicy(tries=0)
