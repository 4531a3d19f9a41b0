"""The clock that moves only when it is told to."""

import asyncio

import pytest

from adapters.memory.clock import DEFAULT_NOW_MS, FakeClock

LIMIT_S = 10.0


async def test_time_stands_still_by_itself() -> None:
    clock = FakeClock()
    before = (clock.now_ms(), clock.monotonic())
    await clock.sleep(0)
    await clock.settle()
    assert (clock.now_ms(), clock.monotonic()) == before
    assert clock.now_ms() == DEFAULT_NOW_MS


async def test_every_sleeper_wakes_at_exactly_its_own_time() -> None:
    clock = FakeClock(now_ms=0, monotonic_s=0.0)
    woken: list[tuple[float, int]] = []

    async def tick(interval_s: float) -> None:
        while True:
            await clock.sleep(interval_s)
            woken.append((interval_s, clock.now_ms()))

    tasks = [asyncio.create_task(tick(interval_s)) for interval_s in (0.1, 0.25)]
    await clock.until_sleeping(2)
    await clock.advance(0.5)
    # Due at the same time, the one that went to sleep first wakes first.
    expected = [(0.1, 100), (0.1, 200), (0.25, 250), (0.1, 300), (0.1, 400)]
    assert woken == [*expected, (0.25, 500), (0.1, 500)]
    assert clock.monotonic() == 0.5
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert clock.sleeping == 0


async def test_small_steps_add_up_exactly() -> None:
    clock = FakeClock(now_ms=0, monotonic_s=0.0)
    nap = asyncio.create_task(clock.sleep(1.0))
    for _ in range(9):
        await clock.advance(0.1)
    assert not nap.done()
    await clock.advance(0.1)
    assert nap.done()
    assert clock.now_ms() == 1_000


async def test_what_a_sleeper_does_happens_before_the_next_one_wakes() -> None:
    clock = FakeClock()
    order: list[str] = []

    async def first() -> None:
        await clock.sleep(1)
        for _ in range(5):
            await asyncio.sleep(0)  # longer than one turn
        order.append("first is done")

    async def second() -> None:
        await clock.sleep(1)
        order.append("second wakes")

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        group.create_task(first())
        group.create_task(second())
        await clock.advance(1)
    assert order == ["first is done", "second wakes"]


async def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="cannot advance by -1"):
        await FakeClock().advance(-1)


async def test_a_correction_of_the_wall_leaves_the_monotonic_clock_alone() -> None:
    clock = FakeClock()
    await clock.advance(5)
    before_s = clock.monotonic()
    clock.set_now_ms(1_000)
    assert (clock.now_ms(), clock.monotonic()) == (1_000, before_s)
    await clock.advance(1)
    assert clock.now_ms() == 2_000


async def test_a_cancelled_sleeper_is_passed_over() -> None:
    clock = FakeClock()
    nap = asyncio.create_task(clock.sleep(1))
    await clock.until_sleeping()
    nap.cancel()
    await asyncio.wait([nap])
    await clock.advance(2)
    assert clock.sleeping == 0
