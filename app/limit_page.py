"""docs/LIMITS.md, made from the settings and the cost model themselves.

`python -m app.limit_page > docs/LIMITS.md` renews it; a test compares.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from graphql import get_introspection_query, get_operation_ast, parse

from api.cost import (
    EACH,
    FIXED,
    OBJECT,
    PAST_BOARD,
    SCALAR,
    plan_of,
)
from api.cost_size import ASSUMED, WATCHED
from api.limit import (
    HEARING,
    JOINING,
    LOOK,
    MAX_BUCKETS,
    MAX_ERRORS,
    OPENING,
    PREPARATION,
    RETRY_MS,
)
from api.schema import api_schema
from app.http_bound import MAX_HEAD_BYTES, MAX_HEADERS, REQUEST_S, STUCK_S
from app.limit_setting import LimitSettings
from app.socket_protocol import PORTION_BYTES

_COMPLEX: Final = "`QUERY_TOO_COMPLEX`"
_LIMITED: Final = "`RATE_LIMITED` and `retryAfterMs`, HTTP 429 with `Retry-After`"
_HELD: Final = "`RATE_LIMITED`, HTTP 429 with `Retry-After`"

ANSWERS: Final[Mapping[str, str]] = {
    "body_bytes": "`BAD_USER_INPUT`, HTTP 413",
    "query_string_bytes": "`BAD_USER_INPUT`, HTTP 414",
    "message_bytes": "close 1009",
    "tokens": _COMPLEX,
    "depth": _COMPLEX,
    "introspection_depth": _COMPLEX,
    "aliases": _COMPLEX,
    "directives": _COMPLEX,
    "selections": _COMPLEX,
    "repetitions": _COMPLEX,
    "list_size": "`BAD_USER_INPUT` naming `first`; of `trades` 500 are the most",
    "reads": _COMPLEX,
    "history_reads": _COMPLEX,
    "history_rows": _COMPLEX,
    "cost": _COMPLEX,
    "rate": _LIMITED,
    "burst": _LIMITED,
    "timeout_s": "`UPSTREAM_UNAVAILABLE` and `retryAfterMs`",
    "sockets": "the handshake: HTTP 429 with `Retry-After`; a key's: close 1013",
    "operations": "`RATE_LIMITED`, for that operation",
    "subscriptions": _HELD,
    "throttle_ms": "none: a smaller `throttleMs` is taken as this one",
    "init_timeout_s": "close 4408",
    "suggestions": "none: what is said of the schema ends before `Did you mean …?`",
}
"""What passes a bound is answered with."""

EXAMPLES: Final[Mapping[str, str]] = {
    "one coin, 6 fields": (
        '{ premium(symbol: "BTC") '
        "{ symbol percent quality seq domestic { price } global { price } } }"
    ),
    "the board of 100, 6 fields": (
        "{ premiums(first: 100) { edges { node { symbol percent quality seq "
        "domestic { price } global { price } } } } }"
    ),
    "the same, 1,000 rows": (
        "{ premiums(first: 1000) { edges { node { symbol percent quality seq "
        "domestic { price } global { price } } } } }"
    ),
    "`coins`, a page of 100 with their markets": (
        "{ coins(first: 100) { edges { node { symbol koreanName englishName iconUrl "
        "listings { exchange market quote tradable } } } } }"
    ),
    "a subscription to the whole board, 4 fields": (
        "subscription { premiums { seq premiums { symbol percent quality seq } } }"
    ),
    "a day of minutes of one coin": (
        '{ coin(symbol: "BTC") { premiumHistory(from: "2026-01-01T00:00:00Z", '
        'to: "2026-01-02T00:00:00Z", first: 1000) '
        "{ edges { node { openedAt open high low close } } } } }"
    ),
    "an order book": (
        '{ orderBook(exchange: UPBIT, market: "KRW-BTC") '
        "{ bids { price volume } asks { price volume } } }"
    ),
    "the introspection query": get_introspection_query(),
}
"""Operations whose cost the page tells."""


def limits_markdown() -> str:
    """Return the page."""
    return "\n".join(_page()) + "\n"


def cost_of_example(text: str) -> int:
    """Return the cost of an operation without variables."""
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None  # noqa: S101 (the examples are ours)
    return plan_of(api_schema().core, document, operation).cost({})


def _page() -> Iterator[str]:
    yield _HEAD
    for name, field in LimitSettings.model_fields.items():
        text = f"{field.description}".replace("|", "\\|")
        default = _text(field.default)
        yield f"| `{name.upper()}` | {default} | {text} | {ANSWERS[name]} |"
    yield _COST
    yield from _added()
    yield ""
    yield "Lists without an argument that says how many are taken to be this long:"
    yield ""
    sizes = {**WATCHED, **ASSUMED}
    told = [f"`{name}` {size}" for name, size in sizes.items() if "__" not in name]
    yield ", ".join(told) + "; those of introspection are averages."
    yield ""
    yield "| operation | cost |"
    yield "|---|---:|"
    for words, text in EXAMPLES.items():
        yield f"| {words} | {cost_of_example(text):,} |"
    yield _REST


def _added() -> Iterator[str]:
    once = ", ".join(f"`{name}` {cost}" for name, cost in FIXED.items())
    each = ", ".join(f"`{name}` {cost}" for name, cost in EACH.items())
    yield f"- once, however long the lists around: {once}, `asOf` {PAST_BOARD};"
    yield f"- for each entry of the lists around: {each}."


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


_HEAD: Final = """\
# Limits

What may be asked of one server, and what is answered beyond it. Each limit is a
setting `KIMP_LIMIT__…` (docs/SETTINGS.md); none has an exemption, for loopback
neither.

An error names the limit that it met: `extensions.limit` is the setting's name in lower
case, `extensions.maximum` what it allows this caller (a field may allow less), and the
message says so in words. What is above `BURST` is told as `rate`, with the caller's own
rate. Without a `maximum` are `introspection` (off) and the circles in it
(`fields { type { fields …`), which no number allows. A handshake or a socket that is
refused has a status or close code and no such error. All of them are counted in
`kimp_refused_total` under the same name (docs/METRICS.md).

| setting | default | meaning | beyond it |
|---|---:|---|---|"""

_COST: Final = f"""
Two switches stand elsewhere: `KIMP_HTTP__INTROSPECTION` (off: `__schema` and `__type`
are `FORBIDDEN`, `__typename` and /schema.graphql stay) and `KIMP_HTTP__GRAPHIQL`. A
document is told at most {MAX_ERRORS} of its mistakes.

## Cost

Counted from the schema, the document and the variables before anything runs: an
object costs {OBJECT}, a scalar or enum {SCALAR}, a list its entries times what one of
them costs. `first` of a connection is the length of its `edges`, that of a series the
length of its list; `points`, `depth` and the entries of `markets` count likewise.
Left out or null, an argument counts as its default. Where `filter` names `symbols`,
there are no more rows than those. Fragments count wherever they are spread, a field
as often as it is written, and what `@skip` may leave out counts. Added is what an
answer's size does not tell:
"""

_REST: Final = f"""
**In the answer.** `extensions.cost` holds `requested`, `maximum` and `available`:
what the operation costs, what one operation may cost, and what is left of the
caller's budget afterwards. A refusal for its cost or the budget has it too. A
subscription tells `requested` and `maximum` with its first event only: its events are
the same bytes for many callers.

**Instead of the answer.** With the request header `X-Kimp-Dry-Run: cost` an operation
is read, checked and counted and not run: `data` is null, `extensions.cost` tells;
what would be refused for its cost is told so. It costs 1.

## The budget

A token bucket for each caller: it gains `RATE` a second and holds at most `BURST`,
and an operation takes its cost. A caller is an API key, which may have a rate of its
own, else an address; of IPv6 a /64, of which every customer has one.
`X-Forwarded-For` and `Forwarded` (RFC 7239) are believed from
`KIMP_HTTP__TRUSTED_PROXIES` only: the caller is the rightmost address that is none of
them. Where the two disagree neither is believed, and the proxy's own address pays:
let it write one and remove the other. Each process counts for itself: with `--workers
4` a caller has up to four budgets. At most {MAX_BUCKETS:,} budgets are remembered;
the one not used for longest is forgotten, and would be full again.

Beside an operation's cost are paid, for a document that nobody sent before: {LOOK:,},
{PREPARATION} for each token and 1 for each character (parsing and validating it is most
of the work of many an attack; known ones are kept), at once and on credit, and who has
nothing left is not read; 1 for what is refused. A subscription that nobody runs yet
costs {OPENING:,} more; one that others run already, of the same text and variables,
costs {JOINING}: it is told the bytes that are made for them.

Events are not paid from the budget: a subscription holds what they may cost a second,
its cost times the events that its `throttleMs` allows, and all of a caller's together
may hold `RATE`, beside which queries have theirs. Of those who ask alike one holds
that, the others {HEARING} for each event; when it leaves, another one takes it over.

One unit is about 2.5 µs where graphql-core answers, and far less on the compiled
path. The defaults admit, from one address, 1,000 boards of 100 coins with 6 fields a
second and 20,000 sockets that watch one board. They keep a client's loop from gaining
the whole machine by dear operations; they are no bound on requests a second of cheap
ones, which are what a load balancer's limits are for.

## Time

`TIMEOUT_S` bounds what an operation waits for, a venue or the database; a
subscription's first event alone. It is then cancelled and told
`UPSTREAM_UNAVAILABLE`, not that it is too complex: what it computes itself is bounded
by its cost, and the same operation may be answered at once when they are well. Where
nobody knows when another try makes sense, `retryAfterMs` is {RETRY_MS:,}.

## Connections

A request's head may have {MAX_HEAD_BYTES // 1024} KB and {MAX_HEADERS} headers (431);
a request that is not whole after {REQUEST_S:g} s is given up, and a client that takes
nothing of its answer for {STUCK_S:g} s is let go. Of a WebSocket {PORTION_BYTES:,}
bytes are read in one turn, so that a flood leaves turns for others. These are no
settings.

docs/ATTACKS.md tries these limits with the attacks that two public tools know.
"""


if __name__ == "__main__":
    sys.stdout.write(limits_markdown())
