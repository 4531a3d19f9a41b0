import asyncio
from typing import Any

import pytest

from adapters.resilience.pause import stop, until


async def test_time_news_or_a_task_s_end_whichever_is_first(clock: Any) -> None:
    news = asyncio.Event()
    waiting = asyncio.create_task(until(clock, 5, news, name="w"))
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.1)
    assert waiting.done()

    waiting = asyncio.create_task(until(clock, None, news, name="w"))
    await clock.advance(1e9)
    assert not waiting.done()
    news.set()
    await clock.settle()
    assert waiting.done()

    news.clear()
    other = asyncio.create_task(clock.sleep(1))
    waiting = asyncio.create_task(until(clock, 5, news, [other], name="w"))
    await clock.advance(1)
    assert waiting.done()


async def test_cancelling_a_wait_leaves_no_task_and_spares_the_tasks_of_others(
    clock: Any,
) -> None:
    other = asyncio.create_task(clock.sleep(1))
    before = asyncio.all_tasks()
    waiting = asyncio.create_task(until(clock, 5, asyncio.Event(), [other], name="w"))
    await clock.settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.all_tasks() == before
    await clock.advance(1)
    assert other.done()
    assert not other.cancelled()


async def test_stop_waits_until_the_cancelled_have_cleaned_up() -> None:
    cleaned: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # cleaning up takes a turn
            cleaned.append("done")

    async def fail() -> None:
        raise KeyError("whatever")

    tasks = [asyncio.create_task(work()), asyncio.create_task(fail())]
    await asyncio.sleep(0)  # both begin
    await stop(tasks)
    assert cleaned == ["done"]
    assert all(task.done() for task in tasks)
