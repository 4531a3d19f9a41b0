"""`/llms.txt`: the API in short, for language models (format: llmstxt.org).

A title, a summary, paragraphs and lists without headings, then sections that hold lists
of links and nothing else.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from api.limit import Limits
from api.live.message import PROTOCOL
from api.reference.example import CLIENTS, clients, questions
from api.reference.guide import (
    CODES,
    ENDPOINTS,
    MORE,
    READING,
    SHORT,
    SOCKET_WORDS,
    SUMMARY,
    USUAL,
    forms,
    limits_told,
    operations,
)

_OPTIONAL: Final = frozenset({"/metrics", "/ready", "/icons/{symbol}"})
_NOT_LINKED: Final = frozenset({"/", "/docs/example/{name}", "/llms.txt"})


def llms_text(limits: Limits, base: str = USUAL, *, key_needed: bool = False) -> str:
    """Return the text; `base` is the server's address, without a slash at its end."""
    parts = [
        "# Kimchi Premium (김치 프리미엄)",
        f"> {SUMMARY}",
        _reading(),
        *_transports(base, key_needed=key_needed),
        _operations(),
        *_examples(),
        _codes(),
        _limits(limits),
        _links("Docs", base, _documents()),
        _links("Examples", base, _programs()) if clients() else "",
        _links("Optional", base, _others()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def post_command(document: str, base: str = USUAL, *, live: bool = False) -> str:
    """Return the curl command that asks, over an event stream where it is live."""
    body = json.dumps({"query": " ".join(document.split())}, ensure_ascii=False)
    flags = "-sN -H 'accept: text/event-stream'" if live else "-s"
    shown = body.replace("'", "'\\''")
    return (
        f"curl {flags} {base}/graphql \\\n"
        f"  -H 'content-type: application/json' \\\n  -d '{shown}'"
    )


def _reading() -> str:
    return _list("**How to read the numbers**", READING)


def _list(title: str, items: Sequence[str]) -> str:
    return "\n".join((f"{title}:", "", *(f"- {item}" for item in items)))


def _transports(base: str, *, key_needed: bool) -> Iterator[str]:
    socket = base.replace("http", "ws", 1)
    told = [f"`{media}`: {words}" for media, words in forms()]
    told.append(f"`{PROTOCOL}` at {socket}/graphql: {SOCKET_WORDS}")
    yield _list(f"**Transports**, all at {base}/graphql, chosen by `Accept`", told)
    key = (
        "needs an API key"
        if key_needed
        else "needs no API key; one that is sent counts"
    )
    yield (
        f"**Access**: this server {key}: `Authorization: Bearer kimp_…`, or on a "
        'WebSocket `{"authorization": "Bearer kimp_…"}` as the payload of '
        "`connection_init`."
    )
    yield _list("**More**", MORE)
    first, live = questions()[0], next(q for q in questions() if q.is_live)
    yield f"**Ask** with curl:\n\n```sh\n{post_command(SHORT, base)}\n```"
    yield (
        "**Ask by GET**:\n\n```sh\n"
        f"curl -sG {base}/graphql -H 'accept: application/json' \\\n"
        f"  --data-urlencode 'query={SHORT}'\n```"
    )
    command = post_command(live.document, base, live=True)
    yield f"**Watch** as an event stream:\n\n```sh\n{command}\n```"
    yield (
        "**An answer** is `data`, `errors` or both, and `extensions.serverTime`. "
        f"`{first.name}` of the examples below is the usual first question."
    )


def _operations() -> str:
    told = [
        f"`{operation.coordinate.partition('.')[0].lower()} {operation.signature}`: "
        f"{operation.description}"
        for operation in operations()
    ]
    return _list("**Operations**", told)


def _examples() -> Iterator[str]:
    for question in questions():
        listing = f"```graphql\n{question.document.strip()}\n```"
        yield f"**Example {question.name}.** {question.title}.\n\n{listing}"


def _codes() -> str:
    told = [f"`{code.value}`: {words}" for code, words in CODES.items()]
    return _list("**Error codes**, in `errors[].extensions.code`, a closed list", told)


def _limits(limits: Limits) -> str:
    told = [f"{number}: {words}" for _, number, words in limits_told(limits)]
    return _list("**Limits** of this server", told)


def _documents() -> Iterator[tuple[str, str]]:
    for path, words in ENDPOINTS.items():
        if path not in _OPTIONAL | _NOT_LINKED:
            yield path, words


def _others() -> Iterator[tuple[str, str]]:
    for path, words in ENDPOINTS.items():
        if path in _OPTIONAL:
            yield path.replace("{symbol}", "BTC"), words


def _programs() -> Iterator[tuple[str, str]]:
    for name in clients():
        yield f"/docs/example/{name}", f"{CLIENTS[name]}."


def _links(title: str, base: str, items: Iterator[tuple[str, str]]) -> str:
    lines = [f"- [{path}]({base}{path}): {words}" for path, words in items]
    return "\n".join((f"## {title}", "", *lines))
