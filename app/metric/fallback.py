"""REST beside a venue's stream and in place of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.fallback import FallbackPlan
from domain.model.market import Exchange

ACTIVE = gauge(
    "fallback_active",
    "1 while a venue is polled by REST because its stream is missing.",
    "exchange",
)
TAKEOVERS = counter("fallback_takeovers", "Times that polling began.", "exchange")
READS = counter(
    "fallback_reads", "Questions by REST: seeds of streams and polls.", "exchange"
)
FAILURES = counter(
    "fallback_failures", "Of these, questions without a usable answer.", "exchange"
)

FAMILIES = (ACTIVE, TAKEOVERS, READS, FAILURES)


class FallbackReporter(Protocol):
    """Who keeps a venue's markets fed."""

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        ...

    @property
    def fallback(self) -> FallbackPlan:
        """Where it stands between stream and REST."""
        ...


@dataclass(frozen=True, slots=True)
class FallbackFigures:
    """Reads each venue's plan."""

    markets: Sequence[FallbackReporter]

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the venues."""
        plans = {
            (market.exchange.value.lower(),): market.fallback for market in self.markets
        }
        yield ACTIVE.of({key: float(p.is_polling) for key, p in plans.items()})
        yield TAKEOVERS.of({key: p.count.takeovers for key, p in plans.items()})
        yield READS.of({key: p.count.reads for key, p in plans.items()})
        yield FAILURES.of({key: p.count.failures for key, p in plans.items()})
