"""How the parts are."""

from typing import Self

import strawberry

from api.scalar import UnixMs, optional_ms
from api.type.resolver import resolver
from api.type.vocabulary import BreakerState, Channel, ServiceStatus
from domain.model import health as model


@strawberry.type(
    description=(
        "One upstream and channel: `upbit.rest`, `upbit.stream`, `binance.rest`, "
        "`binance.stream`, `fx.dunamu` and the like."
    )
)
class UpstreamStatus:
    """View of the domain's `UpstreamStatus`."""

    value: strawberry.Private[model.UpstreamStatus]

    @classmethod
    def from_domain(cls, value: model.UpstreamStatus) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("Which one.")
    def name(self) -> str:
        """Which one."""
        return self.value.name

    @resolver("Whether it does its work.")
    def status(self) -> ServiceStatus:
        """Whether it works."""
        return ServiceStatus(self.value.status)

    @resolver("The channel; null where that means nothing.")
    def channel(self) -> Channel | None:
        """The channel."""
        channel = self.value.channel
        return None if channel is None else Channel(channel)

    @resolver("Its circuit breaker.")
    def breaker(self) -> BreakerState:
        """Its breaker."""
        return BreakerState(self.value.breaker)

    @resolver("When it is tried again; null while it is not held.")
    def retry_at(self) -> UnixMs | None:
        """When it is tried again."""
        return optional_ms(self.value.retry_at_ms)

    @resolver("Since when a stream is up; null while it is not.")
    def connected_since(self) -> UnixMs | None:
        """Since when it is up."""
        return optional_ms(self.value.connected_since_ms)

    @resolver("When it was last heard; null: never.")
    def last_message_at(self) -> UnixMs | None:
        """When it was last heard."""
        return optional_ms(self.value.last_message_ms)

    @resolver("Connections made again since the start.")
    def reconnects(self) -> int:
        """Connections made again."""
        return self.value.reconnects

    @resolver("Messages a second, of late.")
    def messages_per_second(self) -> float:
        """Messages a second."""
        return self.value.messages_per_second

    @resolver(
        (
            "Median over the last 100, in ms: of requests (REST), or from the venue's "
            "stamp to our receipt (stream). Null until known."
        ),
        name="latencyMsP50",
    )
    def latency_ms_p50(self) -> float | None:
        """Median latency."""
        return self.value.latency_ms_p50

    @resolver(
        "The 99th percentile of the same.",
        name="latencyMsP99",
    )
    def latency_ms_p99(self) -> float | None:
        """Latency at the 99th percentile."""
        return self.value.latency_ms_p99


@strawberry.type(description="The whole server at one moment.")
class Health:
    """View of the domain's `Health`."""

    value: strawberry.Private[model.Health]

    @classmethod
    def from_domain(cls, value: model.Health) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("UNAVAILABLE only where every part is.")
    def status(self) -> ServiceStatus:
        """The whole."""
        return ServiceStatus(self.value.status)

    @resolver("The server's version.")
    def version(self) -> str:
        """The version."""
        return self.value.version

    @resolver("When it started.")
    def started_at(self) -> UnixMs:
        """When it started."""
        return UnixMs(self.value.started_at_ms)

    @resolver("Whether the database answers.")
    def database(self) -> ServiceStatus:
        """The database."""
        return ServiceStatus(self.value.database)

    @resolver("Every upstream and channel.")
    def upstreams(self) -> list[UpstreamStatus]:
        """The upstreams."""
        return [UpstreamStatus.from_domain(item) for item in self.value.upstreams]
