"""A cache in front of something slow: one load at a time per key, bounded, counted."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Protocol, TypeVar

from domain.model.shelf import Shelf
from domain.ports.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LoadCancelled(Exception):
    """The load of a cache was cancelled, and not by those who wait for it."""


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Counts since the start, and the entries held now.

    Every `get` is one of `hits` (answered from memory), `misses` (started a load) and
    `coalesced` (joined a load under way). Of the loads begun, `loads` ended with a
    value and `load_failures` with an error; the rest is under way or was given up by
    everybody who waited. `evictions` went for want of room, `invalidations` were
    taken back: entries held and loads under way.
    """

    hits: int = 0
    misses: int = 0
    coalesced: int = 0
    loads: int = 0
    load_failures: int = 0
    evictions: int = 0
    invalidations: int = 0
    entries: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of `get`s answered from memory, 0..1; None before the first."""
        gets = self.hits + self.misses + self.coalesced
        return self.hits / gets if gets else None


class CacheReporter(Protocol):
    """What an operator may ask of a cache, whatever it holds."""

    @property
    def name(self) -> str:
        """Which cache: the label of its metrics."""
        ...

    @property
    def stats(self) -> CacheStats:
        """Its counts now."""
        ...


class Cache(Generic[K, V]):
    """Values by key, each loaded at most once at a time and good for `ttl_s`.

    The time to live counts from the end of the load. At `max_entries` the least
    recently used value goes. Loads under way are not bounded here: each has a caller
    who waits, and ends when the last of them leaves. One event loop only.
    """

    def __init__(
        self, name: str, *, ttl_s: float, max_entries: int, clock: Clock
    ) -> None:
        """Make an empty cache.

        Raises:
            ValueError: no time to live, or room for nothing.
        """
        self._name = name
        self._clock = clock
        self._shelf: Shelf[K, V] = Shelf(ttl_s=ttl_s, max_entries=max_entries)
        self._flights: dict[K, _Flight[V]] = {}
        # Loads given up or invalidated too: a task nobody refers to may vanish.
        self._tasks: set[asyncio.Task[V]] = set()
        self._counts: Counter[str] = Counter()

    @property
    def name(self) -> str:
        """Which cache: the label of its metrics."""
        return self._name

    @property
    def stats(self) -> CacheStats:
        """The counts now."""
        return CacheStats(**self._counts, entries=len(self._shelf))

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return the value held, or the one that `load` brings.

        Callers of the same key share one load, which runs in a task of its own: whoever
        is cancelled leaves it to the others, and the last to leave ends it. Where the
        key is invalidated or put meanwhile, those who wait get what is loaded, but it
        is not kept.

        Raises:
            Exception: what `load` raised, to everybody who waits; it is not kept.
            LoadCancelled: somebody else cancelled the load.
        """
        kept = self._shelf.take(key, self._clock.monotonic())
        if kept is not None:
            self._counts["hits"] += 1
            return kept.value
        flight = self._flights.get(key)
        if flight is None:
            self._counts["misses"] += 1
            flight = self._start(key, load)
        else:
            self._counts["coalesced"] += 1
        return await self._wait(key, flight)

    def compute(self, key: K, make: Callable[[], V]) -> V:
        """Return the value held, or the one that `make` returns here and now.

        For what costs time and waits for nobody; counted as a load.

        Raises:
            Exception: what `make` raised; it is not kept.
        """
        kept = self._shelf.take(key, self._clock.monotonic())
        if kept is not None:
            self._counts["hits"] += 1
            return kept.value
        self._counts["misses"] += 1
        try:
            value = make()
        except Exception:
            self._counts["load_failures"] += 1
            raise
        self._counts["loads"] += 1
        self.put(key, value)
        return value

    def peek(self, key: K) -> V | None:
        """Return the value held, if it is good; nothing is counted or moved."""
        kept = self._shelf.look(key, self._clock.monotonic())
        return None if kept is None else kept.value

    def hit(self, key: K) -> V | None:
        """Return the value held, counted as a hit; None: none is, nothing is counted.

        For who has somewhere else to look before a load.
        """
        kept = self._shelf.take(key, self._clock.monotonic())
        if kept is None:
            return None
        self._counts["hits"] += 1
        return kept.value

    def put(self, key: K, value: V) -> None:
        """Hold a value that came another way; a load under way is not kept then."""
        self._flights.pop(key, None)
        self._keep(key, value)

    def invalidate(self, *keys: K) -> None:
        """Forget keys; the next `get` loads anew, also while an older load runs."""
        for key in keys:
            self._counts["invalidations"] += self._shelf.drop(key)
            self._counts["invalidations"] += self._flights.pop(key, None) is not None

    def clear(self) -> None:
        """Forget everything."""
        self.invalidate(*{*self._shelf.keys(), *self._flights})

    def _start(self, key: K, load: Callable[[], Awaitable[V]]) -> "_Flight[V]":
        flight = self._flights[key] = _Flight()
        flight.task = asyncio.create_task(
            self._run(key, flight, load), name=f"cache.{self._name}.load"
        )
        self._tasks.add(flight.task)
        flight.task.add_done_callback(partial(self._ended, key, flight))
        return flight

    async def _run(
        self, key: K, flight: "_Flight[V]", load: Callable[[], Awaitable[V]]
    ) -> V:
        try:
            value = await load()
        except Exception:
            self._land(key, flight)
            self._counts["load_failures"] += 1
            raise
        self._counts["loads"] += 1
        if self._land(key, flight):
            self._keep(key, value)
        return value

    def _land(self, key: K, flight: "_Flight[V]") -> bool:
        """Take a load off the list; False: it was taken off before."""
        if self._flights.get(key) is not flight:
            return False
        del self._flights[key]
        return True

    async def _wait(self, key: K, flight: "_Flight[V]") -> V:
        flight.waiting += 1
        try:
            await asyncio.wait((flight.task,))
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()
        if flight.task.cancelled():
            raise LoadCancelled(self._name)
        return flight.task.result()

    def _ended(self, key: K, flight: "_Flight[V]", task: asyncio.Task[V]) -> None:
        self._tasks.discard(task)
        self._land(key, flight)
        if not task.cancelled():
            task.exception()  # Where nobody is left to hear it, asyncio need not warn.

    def _keep(self, key: K, value: V) -> None:
        gone = self._shelf.put(key, value, self._clock.monotonic())
        self._counts["evictions"] += gone is not None


@dataclass(slots=True, eq=False)
class _Flight(Generic[V]):
    """A load under way, and how many wait for it."""

    task: asyncio.Task[V] = field(init=False)
    waiting: int = 0
