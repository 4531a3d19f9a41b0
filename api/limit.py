"""Every bound of the API, with what happens at the cap.

A document beyond a bound is answered with `QUERY_TOO_COMPLEX`, an argument with
`BAD_USER_INPUT`, whoever asks too often or holds too much with `RATE_LIMITED`.
`Limits` are what an operator may set (`KIMP_LIMIT__…`); their defaults and whatever is
not a matter of taste are constants.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.model.pace import MIN_THROTTLE_MS
from domain.model.page import MAX_FIRST

MAX_BODY_BYTES: Final = 128 * 1024
"""Bytes of a request's body; more is answered with 413. 1,000 symbols take 12 KiB."""

MAX_QUERY_STRING: Final = 16 * 1024
"""Bytes of a GET request's query string; more is answered with 414."""

MAX_TOKENS: Final = 1000
"""Lexical tokens of a document; the introspection query has about 200."""

MAX_DEPTH: Final = 12
"""Nested fields, leaves included; the deepest useful selection has 8."""

MAX_INTROSPECTION_DEPTH: Final = 20
"""Nested fields below `__schema` and `__type`; the standard query has 15."""

MAX_ALIASES: Final = 30
"""Aliased fields of an operation, fragments counted wherever they are spread."""

MAX_READS: Final = 10
"""Reads of a venue (tickers, order books, candles, trades) in one operation."""

MAX_HISTORY_READS: Final = 10
"""Fields of an operation that read history from the database (`premiumHistory`,
`dailySnapshots`, `stats` and whatever has `asOf`), wherever they stand."""

MAX_HISTORY_ROWS: Final = 20_000
"""Bars and snapshots that an operation may ask for, the sum of every `first`."""

MIN_QUESTION_ROWS: Final = 50
"""What each such question counts for at least: for the database a page of one row is
hardly less work, and thousands of them would keep everybody else waiting."""

MAX_DIRECTIVES: Final = 50
"""Directives of an operation, fragments counted wherever they are spread."""

CACHED_WEIGHT: Final = 50_000
"""Tokens of all parsed and validated documents that are kept, about 40 MB; those least
recently used go. Documents with mistakes have a tenth of it for themselves."""

CACHED_TEXT_WEIGHT: Final = 256
"""Characters of a kept document that count as one token more."""

CACHED_LEAST_WEIGHT: Final = 16
"""Tokens that a kept document counts for beside its own."""

MAX_SYMBOLS: Final = 1000
"""Symbols in one filter."""

MAX_SEARCH: Final = 64
"""Characters of a search text."""

MAX_ID: Final = 256
"""Characters of a global ID."""

MAX_OPERATIONS_PER_SOCKET: Final = 100
"""Operations that run on one WebSocket at the same time."""

MAX_OPERATION_ID: Final = 128
"""Characters of an operation's ID on a WebSocket; a longer one closes it with 4400."""

CONNECTION_INIT_TIMEOUT_S: Final = 10.0
"""A WebSocket without `connection_init` for so long is closed with 4408."""

HEARTBEAT_S: Final = 15.0
"""A comment goes over an event stream this often, so that proxies keep it open."""

MAX_ERROR_TEXT: Final = 500
"""Characters of an error's message; what a client sent is not echoed beyond it."""

MAX_BUCKETS: Final = 65_536
"""Callers whose rate is remembered; the one not heard of for longest goes, and would
begin with a full bucket again."""

MAX_SELECTIONS: Final = 1_000
"""Fields of an operation, fragments counted wherever they are spread."""

MAX_REPETITIONS: Final = 2_000
"""Pairs of fields that answer under one name in one place. Validation compares each
pair: 240 fields written alike are 28,680 pairs, hundreds of ms (docs/ATTACKS.md). Ten
fragments with 20 fields in common are 900."""

MAX_ERRORS: Final = 20
"""Mistakes of one document that are told; validation ends there."""

PREPARATION: Final = 100
"""Cost of each token of a document that is not known: of parsing and validating it,
about 50 µs. It is taken from the budget of whoever brings it, and added to no cost; so
is 1 for each character, and `LOOK` for each such document. With them one address can
have about half a core prepare documents, with the dearest ones about a whole one."""

LOOK: Final = 2_000
"""Cost of each document that is not known, however small."""

OPENING: Final = 1_000
"""Cost of a subscription that nobody runs yet, beside its own: of making ready what
tells it, about 0.4 ms. It may be owed."""

JOINING: Final = 50
"""Cost of a subscription that others run already, of the same document and variables:
its events are made for all of them at once."""

HEARING: Final = 1
"""Cost of an event for whoever is told what is made for others."""

RETRY_MS: Final = 1_000
"""When another try makes sense, where nobody knows better (`retryAfterMs`)."""

MAX_COST: Final = 1_000_000
"""Cost of one operation. `premiums(first: 1000)` with every field of a premium, its
coin and their parts costs about half."""

RATE: Final = 2_000_000
"""Cost a second of one caller: 1,000 boards of 100 coins with 6 fields cost less than
1,500,000."""

BURST: Final = 20_000_000
"""Cost a caller may ask for at once after a quiet time."""

TIMEOUT_S: Final = 10.0
"""Seconds an operation may take, a subscription to its first event."""

SOCKETS_PER_CALLER: Final = 25_000
"""WebSockets open at the same time of one caller: an address, or a key without a bound
of its own."""

SUBSCRIPTIONS_PER_CALLER: Final = 100_000
"""Subscriptions running at the same time of one caller, likewise."""

MAX_MESSAGE_BYTES: Final = MAX_BODY_BYTES
"""Bytes of a WebSocket message; a longer one closes it with 1009 (RFC 6455, 7.4.1)."""


class Bound(StrEnum):
    """What refused something: `extensions.limit` of errors, and a metric's label.

    Named as the setting, `KIMP_LIMIT__…`, but for the last one: `KIMP_HTTP__…`.
    """

    BODY_BYTES = "body_bytes"
    QUERY_STRING_BYTES = "query_string_bytes"
    MESSAGE_BYTES = "message_bytes"
    TOKENS = "tokens"
    DEPTH = "depth"
    INTROSPECTION_DEPTH = "introspection_depth"
    ALIASES = "aliases"
    DIRECTIVES = "directives"
    SELECTIONS = "selections"
    REPETITIONS = "repetitions"
    LIST_SIZE = "list_size"
    READS = "reads"
    HISTORY_READS = "history_reads"
    HISTORY_ROWS = "history_rows"
    COST = "cost"
    RATE = "rate"
    TIMEOUT_S = "timeout_s"
    SOCKETS = "sockets"
    OPERATIONS = "operations"
    SUBSCRIPTIONS = "subscriptions"
    INIT_TIMEOUT_S = "init_timeout_s"
    INTROSPECTION = "introspection"


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds that are settings, `KIMP_LIMIT__…`; app/limit_setting.py tells each.

    Bytes, counts, seconds and milliseconds as their names say. `rate` and `burst` are
    costs, a second and at once; `suggestions`: errors may name what the schema has
    ("Did you mean …?"); `introspection`: `__schema` and `__type` may be asked.
    """

    body_bytes: int = MAX_BODY_BYTES
    query_string_bytes: int = MAX_QUERY_STRING
    message_bytes: int = MAX_MESSAGE_BYTES
    tokens: int = MAX_TOKENS
    depth: int = MAX_DEPTH
    introspection_depth: int = MAX_INTROSPECTION_DEPTH
    aliases: int = MAX_ALIASES
    directives: int = MAX_DIRECTIVES
    selections: int = MAX_SELECTIONS
    repetitions: int = MAX_REPETITIONS
    list_size: int = MAX_FIRST
    reads: int = MAX_READS
    history_reads: int = MAX_HISTORY_READS
    history_rows: int = MAX_HISTORY_ROWS
    cost: int = MAX_COST
    rate: float = RATE
    burst: float = BURST
    timeout_s: float = TIMEOUT_S
    sockets: int = SOCKETS_PER_CALLER
    operations: int = MAX_OPERATIONS_PER_SOCKET
    subscriptions: int = SUBSCRIPTIONS_PER_CALLER
    throttle_ms: int = MIN_THROTTLE_MS
    init_timeout_s: float = CONNECTION_INIT_TIMEOUT_S
    suggestions: bool = False
    introspection: bool = True
