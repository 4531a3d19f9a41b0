"""One load at a time per key, kept for a while; whoever leaves harms nobody else."""

import asyncio
from collections.abc import Callable

import pytest

from adapters.memory.clock import FakeClock
from domain.services.cache import Cache, CacheStats, LoadCancelled


class Well:
    """A slow source: each load waits until it is let go, in order of their begin."""

    def __init__(self) -> None:
        self.loads: list[asyncio.Future[str]] = []
        self.cancelled = 0

    async def load(self) -> str:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.loads.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> Cache[str, str]:
    return Cache("test", ttl_s=10.0, max_entries=2, clock=clock)


@pytest.fixture
def well() -> Well:
    return Well()


@pytest.fixture
def ask(cache: Cache[str, str], well: Well) -> Callable[[str], asyncio.Task[str]]:
    return lambda key: asyncio.create_task(cache.get(key, well.load))


Ask = Callable[[str], "asyncio.Task[str]"]


async def _at_once(value: str) -> str:
    return value


async def _never() -> str:
    raise AssertionError("nothing was to be loaded")


async def test_a_value_is_loaded_once_and_then_answered_from_memory(
    cache: Cache[str, str],
) -> None:
    assert await cache.get("a", lambda: _at_once("1")) == "1"
    assert await cache.get("a", _never) == "1"
    assert cache.stats == CacheStats(hits=1, misses=1, loads=1, entries=1)
    assert cache.stats.hit_rate == 0.5


async def test_a_value_past_its_time_is_loaded_anew(
    cache: Cache[str, str], clock: FakeClock
) -> None:
    await cache.get("a", lambda: _at_once("1"))
    await clock.advance(10.0)
    assert cache.peek("a") is None
    assert await cache.get("a", lambda: _at_once("2")) == "2"


async def test_a_hit_counts_and_its_absence_does_not(
    cache: Cache[str, str], clock: FakeClock
) -> None:
    assert cache.hit("a") is None
    assert cache.stats == CacheStats()
    cache.put("a", "1")
    assert cache.hit("a") == "1"
    assert cache.stats == CacheStats(hits=1, entries=1)
    await clock.advance(10.0)
    assert cache.hit("a") is None
    assert cache.stats.hits == 1


async def test_the_time_to_live_counts_from_the_end_of_the_load(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiter = ask("a")
    await clock.advance(60.0)
    well.loads[0].set_result("1")
    await waiter
    await clock.advance(9.0)
    assert cache.peek("a") == "1"


async def test_callers_at_the_same_time_share_one_load(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiters = [ask("a") for _ in range(5)]
    await clock.settle()
    assert len(well.loads) == 1
    well.loads[0].set_result("1")
    assert await asyncio.gather(*waiters) == ["1"] * 5
    assert cache.stats == CacheStats(misses=1, coalesced=4, loads=1, entries=1)


async def test_different_keys_load_side_by_side(
    clock: FakeClock, well: Well, ask: Ask
) -> None:
    first, second = ask("a"), ask("b")
    await clock.settle()
    well.loads[1].set_result("2")
    assert await second == "2"
    well.loads[0].set_result("1")
    assert await first == "1"


@pytest.mark.parametrize("leaver", [0, 1])
async def test_a_caller_who_leaves_leaves_the_load_to_the_others(
    clock: FakeClock, well: Well, ask: Ask, leaver: int
) -> None:
    waiters = [ask("a"), ask("a")]
    await clock.settle()
    waiters[leaver].cancel()
    await clock.settle()
    well.loads[0].set_result("1")
    assert await waiters[1 - leaver] == "1"
    assert waiters[leaver].cancelled()
    assert well.cancelled == 0


async def test_a_load_that_everybody_left_is_ended_and_the_next_caller_begins_anew(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiters = [ask("a"), ask("a")]
    await clock.settle()
    for waiter in waiters:
        waiter.cancel()
    await clock.settle()
    assert well.cancelled == 1
    again = ask("a")
    await clock.settle()
    well.loads[1].set_result("2")
    assert await again == "2"
    assert cache.stats == CacheStats(misses=2, coalesced=1, loads=1, entries=1)


async def test_an_error_reaches_everybody_who_waits_and_is_not_kept(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiters = [ask("a"), ask("a")]
    await clock.settle()
    well.loads[0].set_exception(ConnectionError("gone"))
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert [str(result) for result in results] == ["gone", "gone"]
    assert await cache.get("a", lambda: _at_once("2")) == "2"
    assert cache.stats == CacheStats(
        misses=2, coalesced=1, loads=1, load_failures=1, entries=1
    )


async def test_an_error_that_nobody_waited_for_is_silent(
    clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiter = ask("a")
    await clock.settle()
    # In one round: the load fails, and who waited for it is cancelled.
    well.loads[0].set_exception(ConnectionError("gone"))
    waiter.cancel()
    await clock.settle()
    assert waiter.cancelled()


async def test_a_load_cancelled_by_somebody_else_is_an_error_of_its_own(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiter = ask("a")
    await clock.settle()
    well.loads[0].cancel()
    with pytest.raises(LoadCancelled, match="test"):
        await waiter
    assert await cache.get("a", lambda: _at_once("2")) == "2"


async def test_who_waits_through_an_invalidation_gets_the_old_load_but_it_is_not_kept(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    before = ask("a")
    await clock.settle()
    cache.invalidate("a")
    after = ask("a")
    await clock.settle()
    assert len(well.loads) == 2
    well.loads[1].set_result("new")
    assert await after == "new"
    well.loads[0].set_result("old")
    assert await before == "old"
    assert cache.peek("a") == "new"
    assert cache.stats.invalidations == 1


async def test_a_load_invalidated_before_its_first_step_does_not_pass_for_the_next(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    before = ask("a")
    await asyncio.sleep(0)  # the load is made, not begun
    cache.invalidate("a")
    after = ask("a")
    await clock.settle()
    well.loads[0].set_result("old")
    await before
    assert cache.peek("a") is None
    well.loads[1].set_result("new")
    assert await after == "new"
    assert cache.peek("a") == "new"


async def test_what_was_put_is_not_overwritten_by_a_load_begun_before(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    waiter = ask("a")
    await clock.settle()
    cache.put("a", "told")
    well.loads[0].set_result("old")
    assert await waiter == "old"
    assert await cache.get("a", _never) == "told"


async def test_invalidating_forgets_the_named_and_clearing_everything(
    cache: Cache[str, str], clock: FakeClock, well: Well, ask: Ask
) -> None:
    cache.put("a", "1")
    cache.put("b", "2")
    cache.invalidate("a", "unknown")
    assert (cache.peek("a"), cache.peek("b")) == (None, "2")
    waiter = ask("c")
    await clock.settle()
    cache.clear()
    well.loads[0].set_result("3")
    await waiter
    assert cache.peek("c") is None
    assert cache.stats == CacheStats(misses=1, loads=1, invalidations=3)


async def test_at_the_cap_the_least_recently_used_goes(
    cache: Cache[str, str],
) -> None:
    cache.put("a", "1")
    cache.put("b", "2")
    await cache.get("a", _never)
    cache.peek("b")
    cache.put("c", "3")
    assert cache.peek("b") is None
    assert cache.peek("a") == "1"
    assert cache.stats == CacheStats(hits=1, evictions=1, entries=2)


async def test_a_hit_rate_needs_somebody_who_asked(cache: Cache[str, str]) -> None:
    assert cache.stats.hit_rate is None
    assert cache.name == "test"


async def test_a_value_of_none_is_kept_as_well(clock: FakeClock) -> None:
    cache: Cache[str, str | None] = Cache("none", ttl_s=1.0, max_entries=1, clock=clock)

    async def nothing() -> None:
        return None

    await cache.get("a", nothing)
    assert await cache.get("a", _never) is None


async def test_what_is_made_here_and_now_is_made_once_and_counted_alike(
    cache: Cache[str, str],
) -> None:
    made: list[str] = []

    def make() -> str:
        made.append("1")
        return "1"

    assert cache.compute("a", make) == "1"
    assert cache.compute("a", make) == "1"
    assert await cache.get("a", _never) == "1"
    assert made == ["1"]
    assert cache.stats == CacheStats(hits=2, misses=1, loads=1, entries=1)


async def test_what_could_not_be_made_is_not_kept(cache: Cache[str, str]) -> None:
    def fail() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.compute("a", fail)
    assert cache.compute("a", lambda: "2") == "2"
    assert cache.stats == CacheStats(misses=2, loads=1, load_failures=1, entries=1)
