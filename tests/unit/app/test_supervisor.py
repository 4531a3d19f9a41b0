"""Workers: owned, ended in order, and never dying in silence."""

import asyncio

import pytest

from app.supervisor import Worker, WorkerDied, supervise

LIMIT_S = 5.0


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def test_stop_ends_the_workers_the_last_one_first() -> None:
    ended: list[str] = []
    running = asyncio.Event()

    def worker(name: str) -> Worker:
        async def run() -> None:
            try:
                if name == "b":
                    running.set()
                await _for_ever()
            finally:
                ended.append(name)

        return Worker(name, run)

    stop = asyncio.Event()
    task = asyncio.create_task(supervise([worker("a"), worker("b")], stop))
    async with asyncio.timeout(LIMIT_S):
        await running.wait()
        stop.set()
        await task
    assert ended == ["b", "a"]


async def test_a_worker_that_dies_ends_all_with_its_error() -> None:
    async def dies() -> None:
        raise OSError("disk")

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(LIMIT_S):
            await supervise(
                [Worker("good", _for_ever), Worker("bad", dies)], asyncio.Event()
            )
    assert isinstance(caught.value.exceptions[0], OSError)


async def test_a_worker_that_returns_has_died_too() -> None:
    async def returns() -> None:
        return

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(LIMIT_S):
            await supervise([Worker("short", returns)], asyncio.Event())
    assert isinstance(caught.value.exceptions[0], WorkerDied)
    assert str(caught.value.exceptions[0]) == "short"
