"""Every bound of the API, with what happens at the cap.

A document beyond a bound is answered with `QUERY_TOO_COMPLEX`, an argument with
`BAD_USER_INPUT`, a socket's surplus operation with `RATE_LIMITED`.
"""

from typing import Final

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

CACHED_DOCUMENTS: Final = 256
"""Parsed and validated documents kept; the least recently used one goes."""

MAX_CACHED_TEXT: Final = 8 * 1024
"""Characters of a document that is kept; a longer one is parsed each time."""

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
