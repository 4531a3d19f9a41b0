"""Requests, operations, sockets and subscriptions."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric

from api.error import ErrorCode
from api.traffic import Traffic
from app.metric.family import counter, gauge, histogram

REQUESTS = counter(
    "http_requests",
    "HTTP answers; 499: the client left before one.",
    "method",
    "route",
    "status",
)
REQUEST_SECONDS = histogram(
    "http_request_duration_seconds",
    "From the request's head to the answer's last byte, event streams apart.",
    "route",
)
OPERATIONS = counter(
    "graphql_operations",
    "Operations answered, a subscription with its first event. `code` is OK or the "
    "first error's.",
    "kind",
    "transport",
    "code",
)
OPERATION_SECONDS = histogram(
    "graphql_operation_duration_seconds",
    "From an operation's start to its result, for a subscription its first event.",
    "kind",
    "transport",
)
ERRORS = counter("graphql_errors", "Errors told in results and events.", "code")
SOCKETS = gauge("websocket_connections", "WebSockets open now.")
SOCKETS_OPENED = counter("websocket_connections_opened", "WebSockets opened.")
CLOSES = counter("websocket_closes", "WebSockets that we closed.", "code")
SUBSCRIPTIONS = gauge(
    "subscriptions_active", "Subscriptions running now.", "field", "transport"
)
EVENTS = counter(
    "subscription_events", "Events the transport has taken.", "field", "transport"
)
LAG = histogram(
    "subscription_lag_seconds",
    "From the tick to the event's being taken by the transport.",
    "field",
)
MERGED = counter(
    "subscription_ticks_merged",
    "Ticks that readers were too slow for: their changes came with a later event.",
    "field",
)
LIVE_GROUPS = gauge(
    "live_groups", "Groups of subscriptions on WebSockets that are told the same bytes."
)
LIVE_LAGGING = gauge(
    "live_members_lagging", "Subscriptions that wait until their socket has room."
)
LIVE_FAILED = counter(
    "live_failed",
    "Groups and members that ended because an event could not be written.",
)
LIVE_ORDINARY = counter(
    "live_ordinary",
    "Operations on WebSockets that run one by one: `not_live` (queries, health), "
    "`wrong`, `uncompilable` (they select what only graphql-core can answer).",
    "why",
)

FAMILIES = (
    REQUESTS,
    REQUEST_SECONDS,
    OPERATIONS,
    OPERATION_SECONDS,
    ERRORS,
    SOCKETS,
    SOCKETS_OPENED,
    CLOSES,
    SUBSCRIPTIONS,
    EVENTS,
    LAG,
    MERGED,
    LIVE_GROUPS,
    LIVE_LAGGING,
    LIVE_FAILED,
    LIVE_ORDINARY,
)


@dataclass(frozen=True, slots=True)
class TrafficFigures:
    """Reads what the API has counted."""

    traffic: Traffic

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the API."""
        seen = self.traffic
        yield REQUESTS.of(seen.requests)
        yield REQUEST_SECONDS.spread({(r,): h for r, h in seen.request_s.items()})
        yield OPERATIONS.of(seen.operations)
        yield OPERATION_SECONDS.spread(seen.operation_s)
        # From the start on, or the first error would not be seen as an increase.
        yield ERRORS.of({(code.value,): seen.errors[code.value] for code in ErrorCode})
        yield SOCKETS.now(seen.sockets)
        yield SOCKETS_OPENED.now(seen.sockets_opened)
        yield CLOSES.of({(code,): count for code, count in seen.closes.items()})
        yield SUBSCRIPTIONS.of(seen.subscriptions)
        yield EVENTS.of(seen.events)
        yield LAG.spread({(field,): h for field, h in seen.lag_s.items()})
        yield MERGED.of({(field,): count for field, count in seen.merged.items()})
        yield LIVE_GROUPS.now(len(seen.live.groups))
        yield LIVE_LAGGING.now(seen.live.lagging)
        yield LIVE_FAILED.now(seen.live.failed)
        yield LIVE_ORDINARY.of({(why,): n for why, n in seen.live.ordinary.items()})
