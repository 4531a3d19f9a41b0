"""Which channel answered one-off reads, and why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client.core import Metric

from app.metric.family import counter
from domain.services.channel_router import RouteStats

DECISIONS = counter(
    "route_decisions",
    "Channels chosen first, by the line of the table that decided.",
    "exchange",
    "question",
    "channel",
    "reason",
)
ANSWERS = counter(
    "route_answers",
    "Questions answered, by the channel that served.",
    "exchange",
    "question",
    "channel",
)
UNANSWERED = counter(
    "route_unanswered", "Questions that nobody could answer.", "exchange", "question"
)
CALLS = counter("route_calls", "Calls of a channel.", "exchange", "channel", "result")

Key = TypeVar("Key", bound=tuple[str, ...])

FAMILIES = (DECISIONS, ANSWERS, UNANSWERED, CALLS)


@dataclass(frozen=True, slots=True)
class RouteFigures:
    """Reads the router's own counts."""

    stats: Callable[[], RouteStats]

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the router."""
        stats = self.stats()
        yield DECISIONS.of(_named(stats.decisions))
        yield ANSWERS.of(_named(stats.answers))
        yield UNANSWERED.of(_named(stats.unanswered))
        calls: dict[tuple[str, ...], float] = {}
        for key, made in stats.calls.items():
            failed = stats.failures[key]
            calls[*_names(key), "success"] = max(0, made - failed)
            calls[*_names(key), "failure"] = failed
        for key, refused in stats.refusals.items():
            calls[*_names(key), "refused"] = refused
        yield CALLS.of(calls)


def _named(counts: Mapping[Key, int]) -> dict[tuple[str, ...], float]:
    return {_names(key): count for key, count in counts.items()}


def _names(key: tuple[str, ...]) -> tuple[str, ...]:
    """Return enumerated values as labels: `UPBIT` is `upbit`."""
    return tuple(part.lower() for part in key)
