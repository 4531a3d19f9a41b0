"""A cache that gathers what is asked for at one time into one question.

A board asks the same of two hundred coins, one resolver each: whatever is asked before
the event loop comes round is loaded together. Other than `Cache`, a load goes on when
those who wait for it leave: it is of many, and bounded by what loads.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from typing import Generic, TypeVar

from domain.model.shelf import Shelf
from domain.ports.clock import Clock
from domain.services.cache import CacheStats

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
S = TypeVar("S")


class BatchCache(Generic[K, S, V]):
    """Values by key, loaded many at a time and good for `ttl_s`.

    `load` gets the subject of each key that is asked for and brings a value for each.
    At `max_entries` the least recently used value goes. One event loop only.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[Mapping[K, S]], Awaitable[Mapping[K, V]]],
        *,
        ttl_s: float,
        max_entries: int,
        clock: Clock,
    ) -> None:
        """Make an empty cache.

        Raises:
            ValueError: no time to live, or room for nothing.
        """
        self._name = name
        self._load = load
        self._clock = clock
        self._shelf: Shelf[K, V] = Shelf(ttl_s=ttl_s, max_entries=max_entries)
        self._flights: dict[K, asyncio.Future[V]] = {}
        self._gathered: dict[K, S] = {}
        # A task nobody refers to may vanish.
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """Which cache: the label of its metrics."""
        return self._name

    @property
    def stats(self) -> CacheStats:
        """The counts now; a load brings the values of one question."""
        return CacheStats(**self._counts, entries=len(self._shelf))

    def held(self, key: K) -> V | None:
        """Return the value held, counted as a hit; None: none is."""
        kept = self._shelf.take(key, self._clock.monotonic())
        if kept is None:
            return None
        self._counts["hits"] += 1
        return kept.value

    async def get(self, key: K, subject: S) -> V:
        """Return the value held, or the one that the next question brings.

        Raises:
            Exception: what the load raised, to everybody who waits; it is not kept.
        """
        found = self.held(key)
        if found is not None:
            return found
        flight = self._flights.get(key)
        if flight is None:
            self._counts["misses"] += 1
            flight = self._gather(key, subject)
        else:
            self._counts["coalesced"] += 1
        # Whoever is cancelled leaves the others theirs.
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """End the loads under way."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))

    def _gather(self, key: K, subject: S) -> asyncio.Future[V]:
        loop = asyncio.get_running_loop()
        if not self._gathered:
            loop.call_soon(self._depart)
        self._gathered[key] = subject
        flight: asyncio.Future[V] = loop.create_future()
        flight.add_done_callback(_heard)
        self._flights[key] = flight
        return flight

    def _depart(self) -> None:
        subjects, self._gathered = self._gathered, {}
        task = asyncio.create_task(self._run(subjects), name=f"cache.{self._name}.load")
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, subjects))

    async def _run(self, subjects: Mapping[K, S]) -> None:
        flights = {key: self._flights[key] for key in subjects}
        try:
            values = await self._load(subjects)
        except Exception as exc:  # noqa: BLE001 (told to those who wait)
            self._counts["load_failures"] += 1
            self._land(flights, exc)
            return
        self._counts["loads"] += 1
        now_s = self._clock.monotonic()
        for key, flight in flights.items():
            self._flights.pop(key, None)
            gone = self._shelf.put(key, values[key], now_s)
            self._counts["evictions"] += gone is not None
            if not flight.done():
                flight.set_result(values[key])

    def _ended(self, subjects: Mapping[K, S], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            # Perhaps before it began: those who wait are told all the same.
            for key in subjects:
                flight = self._flights.pop(key, None)
                if flight is not None:
                    flight.cancel()

    def _land(self, flights: Mapping[K, asyncio.Future[V]], problem: Exception) -> None:
        for key, flight in flights.items():
            self._flights.pop(key, None)
            if not flight.done():
                flight.set_exception(problem)


def _heard(flight: asyncio.Future[V]) -> None:
    """Where nobody is left to hear of a failure, asyncio need not warn."""
    if not flight.cancelled():
        flight.exception()
