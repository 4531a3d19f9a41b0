"""Feeds, rate sources and their breakers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.health import BreakerState, Health, ServiceStatus, UpstreamStatus
from domain.model.market import Exchange
from domain.ports.clock import Clock

UP = gauge("upstream_up", "1 while the upstream does its work.", "upstream")
FAILURES = gauge(
    "upstream_failures_in_a_row",
    "Requests, dials or connections that failed since the last success.",
    "upstream",
)
RETRY = gauge(
    "upstream_retry_seconds",
    "Seconds until the upstream is asked again: a retry, a breaker or its own limit; "
    "0 where nothing is waited for.",
    "upstream",
)
LATENCY = gauge(
    "upstream_latency_seconds",
    "Requests: time to the answer. Streams: from the venue's stamp to us. Over the "
    "last 100.",
    "upstream",
    "quantile",
)
AGE = gauge(
    "feed_age_seconds", "Seconds since the last good message or answer.", "upstream"
)
MESSAGES = counter("feed_messages", "Good messages and answers.", "upstream")
RECONNECTS = counter("feed_reconnects", "Connections made again.", "upstream")
FRAMES = counter(
    "frames_rejected",
    "Frames and rows that could not be used, by what is wrong with them.",
    "upstream",
    "kind",
)
BREAKER = gauge(
    "breaker_state", "1 for the state the breaker is in, else 0.", "upstream", "state"
)
SKEW = gauge(
    "clock_skew_seconds",
    "Our clock minus the venue's; 0 within two seconds, absent before its first "
    "answer.",
    "exchange",
)

FAMILIES = (
    UP,
    FAILURES,
    RETRY,
    LATENCY,
    AGE,
    MESSAGES,
    RECONNECTS,
    FRAMES,
    BREAKER,
    SKEW,
)


class Monitored(Protocol):
    """The counts of one upstream and channel."""

    @property
    def name(self) -> str:
        """Which: `upbit.stream`."""
        ...

    @property
    def messages(self) -> int:
        """Good messages since the start."""
        ...

    @property
    def failures(self) -> int:
        """Failures in a row."""
        ...

    @property
    def rejects(self) -> Mapping[str, int]:
        """Undecodable frames by kind."""
        ...


@dataclass(frozen=True, slots=True)
class UpstreamFigures:
    """Reads the health and the monitors."""

    health: Callable[[], Health]
    monitors: Sequence[Monitored]
    offsets: Mapping[Exchange, Callable[[], int | None]]
    clock: Clock

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of every upstream."""
        states = self.health().upstreams
        yield UP.of({(s.name,): float(_is_healthy(s)) for s in states})
        yield RETRY.of({(s.name,): self._retry_s(s) for s in states})
        yield LATENCY.of(_latencies(states))
        yield AGE.of({(s.name,): age for s in states for age in self._ages_s(s)})
        yield RECONNECTS.of({(s.name,): s.reconnects for s in states})
        yield BREAKER.of(_breakers(states))
        yield from self._counts()
        yield SKEW.of(
            {
                (exchange.value.lower(),): offset_ms / 1000
                for exchange, offset in self.offsets.items()
                if (offset_ms := offset()) is not None
            }
        )

    def _counts(self) -> Iterator[Metric]:
        yield FAILURES.of({(m.name,): m.failures for m in self.monitors})
        yield MESSAGES.of({(m.name,): m.messages for m in self.monitors})
        yield FRAMES.of(
            {
                (monitor.name, kind): count
                for monitor in self.monitors
                for kind, count in monitor.rejects.items()
            }
        )

    def _retry_s(self, status: UpstreamStatus) -> float:
        if status.retry_at_ms is None:
            return 0.0
        return max(0, status.retry_at_ms - self.clock.now_ms()) / 1000

    def _ages_s(self, status: UpstreamStatus) -> Iterator[float]:
        """Yield the one age; nothing before the first message."""
        if status.last_message_ms is not None:
            yield max(0, self.clock.now_ms() - status.last_message_ms) / 1000


def _is_healthy(status: UpstreamStatus) -> bool:
    return status.status is ServiceStatus.HEALTHY


def _latencies(states: Sequence[UpstreamStatus]) -> dict[tuple[str, ...], float]:
    return {
        (s.name, quantile): value_ms / 1000
        for s in states
        for quantile, value_ms in (
            ("0.5", s.latency_ms_p50),
            ("0.99", s.latency_ms_p99),
        )
        if value_ms is not None
    }


def _breakers(states: Sequence[UpstreamStatus]) -> dict[tuple[str, ...], float]:
    return {
        (s.name, state.lower()): float(s.breaker is state)
        for s in states
        for state in BreakerState
    }
