"""The registry of one server and its text."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

Gather = Callable[[], Iterable[Metric]]


class Metrics:
    """Everything one server tells Prometheus, gathered when it asks."""

    def __init__(self, gatherers: Sequence[Gather]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Gathered(gatherers))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Gathered(Collector):
    def __init__(self, gatherers: Sequence[Gather]) -> None:
        self._gatherers = gatherers

    def describe(self) -> Iterable[Metric]:
        """Promise nothing: registering must not gather yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with its samples of now."""
        for gather in self._gatherers:
            yield from gather()
