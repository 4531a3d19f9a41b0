"""How the parts are, as an operator and a client see it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.model.market import Channel


class ServiceStatus(StrEnum):
    """Whether a part does its work."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    UNAVAILABLE = "UNAVAILABLE"


class BreakerState(StrEnum):
    """A circuit breaker's state (Nygard, "Release It!")."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True)
class UpstreamStatus:
    """One upstream and channel: `upbit.rest`, `upbit.stream`, `fx.dunamu`, …

    Times are Unix milliseconds. Latency is of requests (REST) or from the venue's
    stamp to our receipt (stream), in milliseconds over the last 100.
    """

    name: str
    status: ServiceStatus
    channel: Channel | None
    breaker: BreakerState = BreakerState.CLOSED
    retry_at_ms: int | None = None
    connected_since_ms: int | None = None
    last_message_ms: int | None = None
    last_success_ms: int | None = None
    reconnects: int = 0
    messages_per_second: float = 0.0
    latency_ms_p50: float | None = None
    latency_ms_p99: float | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """The whole server at one moment."""

    status: ServiceStatus
    version: str
    started_at_ms: int
    database: ServiceStatus
    upstreams: tuple[UpstreamStatus, ...]

    def turned_from(self, other: "Health") -> bool:
        """Whether a status, a breaker or a channel differs (not mere figures)."""
        return _marks(self) != _marks(other)


def overall(
    database: ServiceStatus, upstreams: tuple[UpstreamStatus, ...]
) -> ServiceStatus:
    """Return the status of the whole: it serves as long as it can tell anything.

    UNAVAILABLE only where the database and every upstream are.
    """
    parts = [database, *(item.status for item in upstreams)]
    if all(part is ServiceStatus.HEALTHY for part in parts):
        return ServiceStatus.HEALTHY
    if all(part is ServiceStatus.UNAVAILABLE for part in parts):
        return ServiceStatus.UNAVAILABLE
    return ServiceStatus.DEGRADED


def _marks(health: Health) -> tuple[object, ...]:
    return (
        health.status,
        health.database,
        *(
            (item.name, item.status, item.breaker, item.channel)
            for item in health.upstreams
        ),
    )
