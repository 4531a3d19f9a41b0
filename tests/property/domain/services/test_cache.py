"""The cache against a model that keeps everything it is told in a list."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.clock import FakeClock
from domain.services.cache import Cache, CacheStats

TTL_S = 5.0
MAX_ENTRIES = 2
KEYS = "abc"

Step = tuple[str, str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask"] * 4 + ["answer"] * 3 + ["fail", "leave", "put", "drop", "pass"]
        ),
        st.sampled_from(KEYS),
        st.integers(min_value=0, max_value=6),
    ),
    min_size=20,
    max_size=60,
)


@dataclass
class ModelLoad:
    """A load under way: who waits, and whether its result is to be kept."""

    number: int
    waiters: list[int] = field(default_factory=list)
    wanted: bool = True


@dataclass
class Model:
    """What the cache should do, written for being read and not for speed."""

    now_s: float = 0.0
    # (key, value, until), the least recently used first.
    entries: list[tuple[str, str, float]] = field(default_factory=list)
    loads: dict[str, list[ModelLoad]] = field(default_factory=dict)
    stats: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(CacheStats.__dataclass_fields__, 0)
    )
    answers: dict[int, str] = field(default_factory=dict)
    begun: int = 0

    def ask(self, caller: int, key: str) -> None:
        held = next((entry for entry in self.entries if entry[0] == key), None)
        if held is not None:
            self.entries.remove(held)
            if self.now_s < held[2]:
                self.entries.append(held)
                self.stats["hits"] += 1
                self.answers[caller] = held[1]
                return
        current = self._current(key)
        if current is None:
            self.stats["misses"] += 1
            current = ModelLoad(self.begun)
            self.begun += 1
            self.loads.setdefault(key, []).append(current)
        else:
            self.stats["coalesced"] += 1
        current.waiters.append(caller)

    def end(self, key: str, load: ModelLoad, value: str | None) -> None:
        self.loads[key].remove(load)
        self.stats["load_failures" if value is None else "loads"] += 1
        for caller in load.waiters:
            self.answers[caller] = "failed" if value is None else value
        if value is not None and load.wanted:
            self._keep(key, value)

    def leave(self, caller: int) -> None:
        self.answers[caller] = "left"
        for loads in self.loads.values():
            for load in [load for load in loads if caller in load.waiters]:
                load.waiters.remove(caller)
                if not load.waiters:
                    loads.remove(load)

    def put(self, key: str, value: str) -> None:
        for load in self.loads.get(key, []):
            load.wanted = False
        self._keep(key, value)

    def drop(self, key: str) -> None:
        current = self._current(key)
        if current is not None:
            current.wanted = False
            self.stats["invalidations"] += 1
        if any(entry[0] == key for entry in self.entries):
            self.entries = [entry for entry in self.entries if entry[0] != key]
            self.stats["invalidations"] += 1

    def _current(self, key: str) -> ModelLoad | None:
        wanted = [load for load in self.loads.get(key, []) if load.wanted]
        return wanted[0] if wanted else None

    def _keep(self, key: str, value: str) -> None:
        self.entries = [entry for entry in self.entries if entry[0] != key]
        self.entries.append((key, value, self.now_s + TTL_S))
        if len(self.entries) > MAX_ENTRIES:
            del self.entries[0]
            self.stats["evictions"] += 1


class Twins:
    """The cache and the model, told the same."""

    def __init__(self) -> None:
        self.clock = FakeClock(monotonic_s=0.0)
        self.cache: Cache[str, str] = Cache(
            "twin", ttl_s=TTL_S, max_entries=MAX_ENTRIES, clock=self.clock
        )
        self.model = Model()
        self.callers: list[asyncio.Task[str]] = []
        self.sources: list[asyncio.Future[str]] = []

    async def step(self, what: str, key: str, number: int) -> None:
        if what == "ask":
            self.callers.append(asyncio.create_task(self.cache.get(key, self._load)))
            self.model.ask(len(self.callers) - 1, key)
        elif what == "put":
            self.cache.put(key, f"put{number}")
            self.model.put(key, f"put{number}")
        elif what == "drop":
            self.cache.invalidate(key)
            self.model.drop(key)
        elif what == "pass":
            await self.clock.advance(number)
            self.model.now_s += number
        elif what == "leave":
            self._leave(number)
        else:
            self._end(key, number, well=what == "answer")
        await self.clock.settle()

    async def _load(self) -> str:
        self.sources.append(asyncio.get_running_loop().create_future())
        return await self.sources[-1]

    def _leave(self, number: int) -> None:
        waiting = [n for n, caller in enumerate(self.callers) if not caller.done()]
        if waiting:
            caller = waiting[number % len(waiting)]
            self.callers[caller].cancel()
            self.model.leave(caller)

    def _end(self, key: str, number: int, *, well: bool) -> None:
        loads = self.model.loads.get(key, [])
        if not loads:
            return
        load = loads[number % len(loads)]
        source = self.sources[load.number]
        if well:
            source.set_result(f"load{load.number}")
        else:
            source.set_exception(ConnectionError("made"))
        self.model.end(key, load, f"load{load.number}" if well else None)

    def compare(self) -> None:
        """Look at all that can be seen from outside."""
        told = {
            number: _told(caller)
            for number, caller in enumerate(self.callers)
            if caller.done()
        }
        assert told == self.model.answers
        good = {
            key: value
            for key, value, until_s in self.model.entries
            if self.model.now_s < until_s
        }
        assert {
            key: self.cache.peek(key) for key in KEYS if self.cache.peek(key)
        } == good
        expected = {**self.model.stats, "entries": len(self.model.entries)}
        assert self.cache.stats == CacheStats(**expected)

    async def close(self) -> None:
        """Leave no task behind."""
        for caller in self.callers:
            caller.cancel()
        await asyncio.gather(*self.callers, return_exceptions=True)
        await self.clock.settle()


def _told(caller: "asyncio.Task[str]") -> str:
    if caller.cancelled():
        return "left"
    return "failed" if caller.exception() is not None else caller.result()


async def _play(steps: list[Step]) -> None:
    twins = Twins()
    for step in steps:
        await twins.step(*step)
        twins.compare()
    await twins.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_the_cache_does_what_the_model_does(steps: list[Step]) -> None:
    asyncio.run(_play(steps))
