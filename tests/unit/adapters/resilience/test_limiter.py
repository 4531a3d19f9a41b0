import asyncio
from typing import Any

import pytest
from multidict import CIMultiDict

from adapters.resilience.budget import UPBIT_RULE, LimitRule
from adapters.resilience.error import AddressBanned, RateLimited
from adapters.resilience.limiter import RequestLimiter

ONE_A_SECOND = LimitRule(1, 0.95, per_address=False)  # and the margin of 0.05 s


async def test_requests_beyond_the_limit_leave_in_order_as_time_allows(
    clock: Any,
) -> None:
    limiter = RequestLimiter("upbit.rest", ONE_A_SECOND, clock=clock)
    left: list[tuple[int, float]] = []

    async def request(number: int) -> None:
        await limiter.acquire("ticker")
        left.append((number, clock.elapsed_s))

    tasks = [asyncio.create_task(request(number)) for number in range(4)]
    await clock.advance(10)
    await asyncio.gather(*tasks)
    assert [number for number, _ in left] == [0, 1, 2, 3]
    assert [at_s for _, at_s in left] == pytest.approx([0, 1, 2, 3])


async def test_other_groups_go_on_while_one_is_held(clock: Any) -> None:
    limiter = RequestLimiter("upbit.rest", UPBIT_RULE, clock=clock)
    limiter.answered("ticker", 429, CIMultiDict({"Retry-After": "5"}))
    held = asyncio.create_task(limiter.acquire("ticker"))
    await clock.settle()
    await limiter.acquire("candle")
    assert not held.done()
    assert limiter.retry_at_ms("ticker") == clock.now_ms() + 5_000
    assert limiter.retry_at_ms("candle") is None
    await clock.advance(4.9)
    assert not held.done()
    await clock.advance(0.1)
    await held


async def test_a_hold_longer_than_the_line_allows_is_told_at_once(clock: Any) -> None:
    limiter = RequestLimiter("upbit.rest", UPBIT_RULE, clock=clock)
    limiter.answered("ticker", 429, CIMultiDict({"Retry-After": "11"}))
    with pytest.raises(RateLimited, match="ticker") as caught:
        await limiter.acquire("ticker")
    assert caught.value.retry_at_ms == clock.now_ms() + 11_000
    assert not isinstance(caught.value, AddressBanned)


async def test_a_ban_is_told_as_one_for_every_group(clock: Any) -> None:
    limiter = RequestLimiter("upbit.rest", UPBIT_RULE, clock=clock)
    limiter.answered("ticker", 418, CIMultiDict(), "blocked for 60 seconds")
    with pytest.raises(AddressBanned) as caught:
        await limiter.acquire("candle")
    assert caught.value.retry_at_ms == clock.now_ms() + 60_000


async def test_a_hold_that_comes_while_waiting_is_obeyed(clock: Any) -> None:
    limiter = RequestLimiter("upbit.rest", ONE_A_SECOND, clock=clock)
    await limiter.acquire("ticker")
    waiting = asyncio.create_task(limiter.acquire("ticker"))
    await clock.settle()
    limiter.answered("ticker", 429, CIMultiDict({"Retry-After": "3"}))
    await clock.advance(2.9)
    assert not waiting.done()
    await clock.advance(0.2)
    await waiting


async def test_the_line_is_bounded(clock: Any) -> None:
    limiter = RequestLimiter("u", ONE_A_SECOND, clock=clock, max_waiting=2)
    await limiter.acquire()
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(2)]
    await clock.settle()
    with pytest.raises(RateLimited, match="in line"):
        await limiter.acquire()
    await clock.advance(5)
    await asyncio.gather(*tasks)
    await limiter.acquire()


async def test_whoever_is_cancelled_in_line_costs_nothing(clock: Any) -> None:
    limiter = RequestLimiter("u", ONE_A_SECOND, clock=clock, max_waiting=2)
    await limiter.acquire()
    first, second = (asyncio.create_task(limiter.acquire()) for _ in range(2))
    await clock.settle()
    first.cancel()
    await clock.advance(1)
    await second
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_whoever_would_wait_longer_than_the_line_allows_is_sent_away(
    clock: Any,
) -> None:
    limiter = RequestLimiter("u", ONE_A_SECOND, clock=clock, max_wait_s=2.5)
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(5)]
    await clock.advance(10)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, RateLimited) for result in results] == [
        *(False, False, False),
        *(True, True),
    ]


async def test_a_caller_with_less_patience_is_told_at_once_when_to_come_back(
    clock: Any,
) -> None:
    limiter = RequestLimiter("upbit.rest", UPBIT_RULE, clock=clock)
    limiter.answered("default", 429, CIMultiDict({"Retry-After": "8"}))
    patient = asyncio.create_task(limiter.acquire())
    await clock.settle()
    with pytest.raises(RateLimited) as caught:
        await limiter.acquire(max_wait_s=2.5)
    assert caught.value.retry_at_ms == clock.now_ms() + 8_000
    await clock.advance(8)
    await patient
