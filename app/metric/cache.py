"""The caches in front of what is slow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.services.cache import CacheReporter

REQUESTS = counter(
    "cache_requests",
    "Questions: `hit` from memory, `miss` began a load, `coalesced` joined one.",
    "cache",
    "result",
)
LOADS = counter("cache_loads", "Loads that ended.", "cache", "result")
DROPPED = counter(
    "cache_dropped",
    "Entries that went: `evicted` for want of room, `invalidated` by an update.",
    "cache",
    "reason",
)
ENTRIES = gauge("cache_entries", "Entries held now.", "cache")

FAMILIES = (REQUESTS, LOADS, DROPPED, ENTRIES)


@dataclass(frozen=True, slots=True)
class CacheFigures:
    """Reads every cache's own counts."""

    caches: Sequence[CacheReporter]

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the caches."""
        all_stats = [(cache.name, cache.stats) for cache in self.caches]
        requests: dict[tuple[str, ...], float] = {}
        loads: dict[tuple[str, ...], float] = {}
        dropped: dict[tuple[str, ...], float] = {}
        for name, stats in all_stats:
            requests[name, "hit"] = stats.hits
            requests[name, "miss"] = stats.misses
            requests[name, "coalesced"] = stats.coalesced
            loads[name, "success"] = stats.loads
            loads[name, "failure"] = stats.load_failures
            dropped[name, "evicted"] = stats.evictions
            dropped[name, "invalidated"] = stats.invalidations
        yield REQUESTS.of(requests)
        yield LOADS.of(loads)
        yield DROPPED.of(dropped)
        yield ENTRIES.of({(name,): stats.entries for name, stats in all_stats})
