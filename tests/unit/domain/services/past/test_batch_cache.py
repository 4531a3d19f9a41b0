"""A cache that gathers what is asked for at one time."""

import asyncio
from collections.abc import Mapping

import pytest

from adapters.memory.clock import FakeClock
from domain.model.error import StoreUnavailable
from domain.services.batch_cache import BatchCache


class Loader:
    """Answers with the subject and the number of the question."""

    def __init__(self) -> None:
        self.asked: list[dict[str, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.problem: Exception | None = None

    async def __call__(self, subjects: Mapping[str, int]) -> Mapping[str, str]:
        self.asked.append(dict(subjects))
        number = len(self.asked)
        await self.gate.wait()
        if self.problem is not None:
            raise self.problem
        return {key: f"{subject}.{number}" for key, subject in subjects.items()}


def cache_of(
    loader: Loader, clock: FakeClock, most: int = 10
) -> BatchCache[str, int, str]:
    return BatchCache("test", loader, ttl_s=5.0, max_entries=most, clock=clock)


async def test_what_is_asked_at_one_time_is_one_question() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    found = await asyncio.gather(*(cache.get(key, 7) for key in "abca"))
    assert found == ["7.1", "7.1", "7.1", "7.1"]
    assert loader.asked == [{"a": 7, "b": 7, "c": 7}]
    assert await cache.get("a", 8) == "7.1"
    stats = cache.stats
    assert (stats.misses, stats.coalesced, stats.hits, stats.loads) == (3, 1, 1, 1)
    assert (cache.name, stats.entries) == ("test", 3)


async def test_who_comes_while_a_question_is_under_way_waits_for_its_answer() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    loader.gate.clear()
    first = asyncio.ensure_future(cache.get("a", 1))
    await clock.sleep(0)
    await clock.sleep(0)
    second = asyncio.ensure_future(cache.get("a", 2))
    other = asyncio.ensure_future(cache.get("b", 3))
    await clock.sleep(0)
    loader.gate.set()
    assert await asyncio.gather(first, second, other) == ["1.1", "1.1", "3.2"]


async def test_values_are_good_for_their_time() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    await cache.get("a", 1)
    await clock.advance(4.9)
    assert cache.held("a") == "1.1"
    await clock.advance(0.2)
    assert cache.held("a") is None
    assert await cache.get("a", 2) == "2.2"


async def test_a_failure_is_told_to_all_and_not_kept() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    loader.problem = StoreUnavailable("away")
    found = await asyncio.gather(
        cache.get("a", 1), cache.get("b", 1), return_exceptions=True
    )
    assert [type(problem) for problem in found] == [StoreUnavailable] * 2
    assert cache.stats.load_failures == 1
    loader.problem = None
    assert await cache.get("a", 1) == "1.2"


async def test_whoever_leaves_costs_the_others_nothing() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    loader.gate.clear()
    tasks = [asyncio.ensure_future(cache.get("a", 1)) for _ in range(2)]
    await clock.sleep(0)
    tasks[0].cancel()
    await clock.sleep(0)
    loader.gate.set()
    assert await tasks[1] == "1.1"
    assert tasks[0].cancelled()


async def test_a_failure_that_nobody_waits_for_is_quiet() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    loader.gate.clear()
    loader.problem = StoreUnavailable("away")
    task = asyncio.ensure_future(cache.get("a", 1))
    await clock.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    loader.gate.set()
    await clock.advance(1.0)
    assert cache.stats.load_failures == 1


async def test_at_the_cap_the_least_recently_used_goes() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock, most=2)
    await asyncio.gather(cache.get("a", 1), cache.get("b", 1))
    await cache.get("a", 1)
    await cache.get("c", 1)
    assert cache.held("b") is None
    assert cache.held("a") == "1.1"
    assert cache.stats.evictions == 1


async def test_closing_ends_what_is_under_way() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    await cache.close()
    loader.gate.clear()
    task = asyncio.ensure_future(cache.get("a", 1))
    await clock.sleep(0)
    await clock.sleep(0)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("problem", [None, StoreUnavailable("postgres", "away")])
async def test_an_answer_that_nobody_waits_for_any_more_disturbs_nobody(
    problem: Exception | None,
) -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    loader.gate.clear()
    loader.problem = problem
    asking = [asyncio.ensure_future(cache.get(key, 1)) for key in "ab"]
    await clock.settle()
    cache._flights["a"].cancel()
    loader.gate.set()
    first, second = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(first, asyncio.CancelledError)
    assert second == "1.1" if problem is None else second is problem


async def test_a_question_that_is_ended_after_its_answer_ends_nobody() -> None:
    loader, clock = Loader(), FakeClock()
    cache = cache_of(loader, clock)
    loader.gate.clear()
    asking = asyncio.ensure_future(cache.get("a", 1))
    await clock.settle()
    cache._flights.pop("a").set_result("known")
    await cache.close()
    assert await asking == "known"
