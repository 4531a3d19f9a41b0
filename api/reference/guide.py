"""The facts that the guide and llms.txt tell, taken from where they are decided.

What is said in words here is keyed by what it is about, and tests hold the keys against
the routes, the forms of answers, the codes and the limits of the running server.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from api.accept import EVENT_STREAM, GRAPHQL_JSON, JSON, MULTIPART, Form
from api.asking import COST, DRY_RUN
from api.error import ErrorCode
from api.limit import Limits
from api.live.message import PROTOCOL
from api.persisted import NOT_FOUND
from api.reference.entry import Entry, Kind, entries

USUAL: Final = "http://127.0.0.1:8000"
"""The address in every text; the one that was asked stands there in answers."""

SUMMARY: Final = (
    "Live kimchi premiums (김치 프리미엄, 김프) over GraphQL: what every coin on Upbit "
    "costs in won against Binance in dollars, in percent, as it changes. Every number "
    "says how old it is and whether it can be trusted."
)

SHORT: Final = '{ premium(symbol: "BTC") { percent quality reason } }'
"""The operation of the first command that is shown."""

READING: Final = (
    "`Decimal` values are strings with every digit; read them with a decimal type.",
    "`null` is unknown, never 0. `quality` is LIVE, STALE or UNAVAILABLE, and `reason` "
    "says why it is not LIVE.",
    "`percent` is the premium on the official rate; `bases` has it on USDT and USDC in "
    "won as well.",
    "Symbols are canonical and match in any case: `BTC`. Search knows Korean names and "
    "their initial consonants: 비트코인, ㅂㅌㅋㅇ.",
    "Instants are ISO-8601 in UTC; input needs an offset. Days of snapshots are those "
    "of Seoul.",
    "Lists are pages: `first`, then `after: endCursor` while `hasNextPage`.",
)

ENDPOINTS: Final[Mapping[str, str]] = {
    "/graphql": "GraphQL: POST, GET, WebSocket, event streams; in a browser GraphiQL.",
    "/schema.graphql": "The schema as SDL, every part described.",
    "/docs": "This guide.",
    "/docs/reference": "Every type and field, searchable (`?q=`).",
    "/docs/example/{name}": "Programs to copy and run.",
    "/llms.txt": "All of this in short, for language models.",
    "/icons/{symbol}": "A picture of a coin: `/icons/BTC`.",
    "/health": "How every part is, as JSON; 200 while the process works.",
    "/ready": "Whether requests may be sent here: 200 or 503.",
    "/metrics": "Prometheus text.",
    "/": "The front page.",
}
"""Every address, as its route has it."""

SOCKET_WORDS: Final = (
    f"Sockets at `/graphql` with the subprotocol `{PROTOCOL}`: queries and "
    "subscriptions, many on one connection. Libraries: graphql-ws, Apollo, urql, gql."
)
FORMS: Final[Mapping[str, str]] = {
    GRAPHQL_JSON: "Answers of queries as the GraphQL over HTTP specification has them: "
    "a request that is no valid operation gets a status of 4xx and no `data`.",
    JSON: "Answers of queries, for clients that ask for nothing else.",
    EVENT_STREAM: "Subscriptions as server-sent events (distinct connections of "
    "graphql-sse): `next` events, then `complete`. A connection that is made again "
    "begins with a snapshot.",
    MULTIPART: "Subscriptions in the multipart protocol of Apollo's clients "
    '(`subscriptionSpec="1.0"`).',
}
"""What each form of answer is good for, by what `Accept` asks for."""

MORE: Final = (
    f"`{DRY_RUN}: {COST}` as a header: the answer tells in `extensions.cost` what the "
    "operation would cost, and nothing runs.",
    "Answers to GET carry an `ETag`; `If-None-Match` saves sending them again.",
    "Documents can be named instead of sent: automatic persisted queries "
    "(`extensions.persistedQuery`), and `documentId` where the operator has a list.",
)
"""What requests can do beyond asking."""

CODES: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.BAD_USER_INPUT: "The request, its document, a variable or an argument is "
    "wrong; `argument` names it where it is one. Asking again changes nothing.",
    ErrorCode.NOT_FOUND: "No coin or market has this name, no document this "
    "`documentId`, or there is nothing at this address. The message "
    f"`{NOT_FOUND}`: send the document with its hash once.",
    ErrorCode.UPSTREAM_UNAVAILABLE: "A venue, the database or a rate source gives no "
    "usable answer now. Ask again, after `retryAfterMs` where it is given.",
    ErrorCode.QUERY_TOO_COMPLEX: "The document asks for more than one operation may. "
    "Ask for fewer fields or rows, or in several operations.",
    ErrorCode.RATE_LIMITED: "Too much at once from one caller; `limit` says of what. "
    "Ask again after `retryAfterMs`; where there is none, end an operation or a "
    "subscription first.",
    ErrorCode.UNAUTHENTICATED: "An API key is needed, or the one sent is wrong.",
    ErrorCode.FORBIDDEN: "Not allowed here: the key or the page's origin may not do "
    "this, introspection is off, only trusted documents are answered, or a GET with "
    "cookies lacks `GraphQL-Require-Preflight`. The message says which.",
    ErrorCode.INTERNAL: "Our fault; `requestId` finds it in the server's log.",
}
"""Every value of `errors[].extensions.code`, and what to do about it."""

LIMITS: Final[Mapping[str, str]] = {
    "body_bytes": "bytes of a request's body",
    "query_string_bytes": "bytes of a GET request's query string",
    "message_bytes": "bytes of a WebSocket message",
    "tokens": "tokens of a document",
    "depth": "nested fields",
    "introspection_depth": "nested fields below `__schema` and `__type`",
    "aliases": "aliased fields of an operation",
    "directives": "directives of an operation",
    "selections": "fields of an operation, fragments counted where they are spread",
    "repetitions": "pairs of fields that answer under one name in one place",
    "list_size": "rows per page (`first`)",
    "reads": "reads of a venue in one operation",
    "history_reads": "fields of an operation that ask the database for the past",
    "history_rows": "bars and snapshots of one operation, every `first` added",
    "cost": "cost of an operation: objects 2, values 1, lists times `first`",
    "rate": "cost a second of one caller",
    "burst": "cost of one caller at once, after a quiet time",
    "timeout_s": "seconds an operation may take",
    "sockets": "open WebSockets of one caller",
    "operations": "operations running on one WebSocket",
    "subscriptions": "subscriptions running of one caller",
    "throttle_ms": "ms between two events of a subscription, at least",
    "init_timeout_s": "seconds until a WebSocket must have sent `connection_init`",
}
"""What each number of `api.limit.Limits` bounds."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A root field: its kind, its signature in short, and what it is about."""

    coordinate: str
    signature: str
    description: str


_FIRST: Final = ("premiums", "premium", "coins", "coin")


def operations() -> list[Operation]:
    """Return what can be asked, then what can be watched; what most want goes first."""
    found = []
    for kind in (Kind.QUERY, Kind.SUBSCRIPTION):
        own = [o for e in entries() if e.kind is kind for o in _operations(e)]
        found += sorted(own, key=_place)
    return found


def _place(operation: Operation) -> int:
    name = operation.coordinate.partition(".")[2]
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def _operations(entry: Entry) -> Iterator[Operation]:
    for member in entry.members:
        names = ", ".join(
            f"{a.name}: {a.type}" + (f" = {a.default}" if a.default else "")
            for a in member.arguments
        )
        given = f"({names})" if names else ""
        yield Operation(
            f"{entry.name}.{member.name}",
            f"{member.name}{given}: {member.type}",
            member.description,
        )


def limits_told(limits: Limits) -> Iterator[tuple[str, str, str]]:
    """Yield name, number and meaning of each bound of the running server."""
    for item in dataclasses.fields(limits):
        value = getattr(limits, item.name)
        if not isinstance(value, bool):
            told = f"{value:,.12g}" if value % 1 else f"{int(value):,}"
            yield item.name, told, LIMITS.get(item.name, item.name)


def forms() -> Iterator[tuple[str, str]]:
    """Yield each form of answers by its media type, and what it is good for."""
    for form in Form:
        yield form.value, FORMS[form.value]
