"""Requests, operations, sockets and subscriptions."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric

from api.document import kept_documents
from api.error import ErrorCode
from api.limit import Bound
from api.traffic import Traffic
from app.metric.family import counter, gauge, histogram

REQUESTS = counter(
    "http_requests",
    "HTTP answers; 499: the client left before one; method and route `other`: also "
    "what was no readable request.",
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
REFUSED = counter(
    "refused",
    "What a bound of docs/LIMITS.md refused, by its setting's name.",
    "limit",
)
DOCUMENTS = counter(
    "graphql_documents",
    "Documents looked up, several times for an operation: `kept` needed neither "
    "parsing nor validation, `sound` and `wrong` did.",
    "found",
)
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
    "live_groups", "Groups of subscriptions that are told the same bytes."
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
    "Operations on WebSockets and streams that run one by one: `not_live` (queries, "
    "health), `wrong`, `refused` (no budget), `uncompilable` (they select what only "
    "graphql-core can answer).",
    "why",
)
DIRECT = counter(
    "http_direct",
    "Answers that were written right to the connection: plain queries that are "
    "compiled.",
)

FAMILIES = (
    REQUESTS,
    REQUEST_SECONDS,
    OPERATIONS,
    OPERATION_SECONDS,
    ERRORS,
    REFUSED,
    DOCUMENTS,
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
    DIRECT,
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
        yield REFUSED.of({(b.value,): seen.refused[b.value] for b in Bound})
        yield DOCUMENTS.of(_documents())
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
        yield DIRECT.now(seen.direct)


def _documents() -> dict[tuple[str], int]:
    """Return how often a document was known, and how many were not; of the process."""
    sound, wrong = kept_documents()
    return {
        ("kept",): sound.hits + wrong.hits,
        ("sound",): sound.made,
        ("wrong",): wrong.made,
    }
