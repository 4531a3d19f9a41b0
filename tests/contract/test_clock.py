"""What every `Clock` does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from adapters.memory.clock import FakeClock
from adapters.resilience.clock import SystemClock
from domain.ports.clock import Clock

LIMIT_S = 10.0
# Long enough to be told from nothing, short enough for the machine's own clock.
NAP_S = 0.02
YEAR_2026_MS = 1_767_225_600_000


@dataclass(frozen=True, slots=True)
class Hand:
    """A clock, and what lets its time pass."""

    clock: Clock
    move: Callable[[], Awaitable[None]]


async def real_time_passes() -> None:
    await asyncio.sleep(0)  # a turn is time enough


@pytest.fixture(params=["fake", "system"])
def hand(request: pytest.FixtureRequest) -> Hand:
    if request.param == "system":
        return Hand(SystemClock(), real_time_passes)
    clock = FakeClock()
    return Hand(clock, lambda: clock.advance(NAP_S / 8))


async def slept(hand: Hand, seconds: float) -> None:
    task = asyncio.ensure_future(hand.clock.sleep(seconds))
    async with asyncio.timeout(LIMIT_S):
        while not task.done():
            await hand.move()
    await task


async def test_a_sleep_lasts_at_least_as_long_as_asked(hand: Hand) -> None:
    began_s = hand.clock.monotonic()
    await slept(hand, NAP_S)
    assert hand.clock.monotonic() - began_s >= NAP_S * 0.999


async def test_both_clocks_move_on(hand: Hand) -> None:
    before_ms, before_s = hand.clock.now_ms(), hand.clock.monotonic()
    await slept(hand, NAP_S)
    assert hand.clock.now_ms() > before_ms >= YEAR_2026_MS
    assert hand.clock.monotonic() > before_s


async def test_sleeping_for_nothing_lets_others_run(hand: Hand) -> None:
    ran = asyncio.Event()
    asyncio.get_running_loop().call_soon(ran.set)
    async with asyncio.timeout(LIMIT_S):
        while not ran.is_set():
            await hand.clock.sleep(0)


async def test_a_sleep_may_be_cancelled(hand: Hand) -> None:
    task = asyncio.ensure_future(hand.clock.sleep(3_600))
    await hand.move()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_shorter_sleep_ends_first(hand: Hand) -> None:
    woken: list[str] = []

    async def nap(name: str, seconds: float) -> None:
        await hand.clock.sleep(seconds)
        woken.append(name)

    naps = asyncio.gather(nap("long", NAP_S * 2), nap("short", NAP_S))
    async with asyncio.timeout(LIMIT_S):
        while not naps.done():
            await hand.move()
    await naps
    assert woken == ["short", "long"]
