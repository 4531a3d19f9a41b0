"""`/docs`: how to ask, watch and read, on one page."""

from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import Final
from urllib.parse import quote

from api.limit import Limits
from api.live.message import PROTOCOL
from api.reference.entry import anchors_of, entries
from api.reference.example import CLIENTS, Question, clients, questions
from api.reference.frame import Place, document, linked, listing, prose
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
from api.reference.llms import post_command

TITLE: Final = "Guide"
_SECTIONS: Final = (
    ("start", "Start"),
    ("reading", "Reading the numbers"),
    ("operations", "What can be asked"),
    ("examples", "Examples"),
    ("programs", "Programs"),
    ("transports", "Transports"),
    ("errors", "Errors"),
    ("limits", "Limits"),
    ("addresses", "Addresses"),
)
_KEYS: Final = (
    "this server answers with an API key only, see Transports",
    "no key, no sign-up: it is open",
)


def guide_page(
    limits: Limits,
    base: str = USUAL,
    *,
    graphiql: bool = True,
    key_needed: bool = False,
) -> str:
    """Return the page; `base` is the server's address, without a slash at its end."""
    index = "".join(
        f'<li><a href="#{name}">{title}</a></li>' for name, title in _SECTIONS
    )
    body = f"""\
<div class="shell">
<aside class="side">
<nav aria-label="On this page"><ul>{index}</ul></nav>
</aside>
<main id="main" tabindex="-1">
<h1 lang="ko">김치 프리미엄 <small lang="en">Kimchi Premium API</small></h1>
<p class="lead">{escape(SUMMARY)}</p>
{_start(base, key_needed=key_needed)}
{_section("reading", _items(READING))}
{_section("operations", _operations())}
{_section("examples", "".join(_question(q, graphiql=graphiql) for q in questions()))}
{_section("programs", _programs())}
{_section("transports", _transports(base, key_needed=key_needed))}
{_section("errors", _errors())}
{_section("limits", _limits(limits))}
{_section("addresses", _addresses())}
</main>
</div>"""
    return document(TITLE, TITLE, body, Place("", graphiql))


def _section(name: str, content: str) -> str:
    title = dict(_SECTIONS)[name]
    heading = f'<h2><a href="#{name}">{title}</a></h2>'
    return f'<section id="{name}">\n{heading}\n{content}\n</section>'


def _start(base: str, *, key_needed: bool) -> str:
    command = listing(post_command(SHORT, base))
    told = _KEYS[0] if key_needed else _KEYS[1]
    answer = (
        '{"data": {"premium": {"percent": "2.275943", "quality": "LIVE", '
        '"reason": null}}, …}'
    )
    return f"""\
<section id="start">
<h2><a href="#start">Start</a></h2>
<p>One address, <code>{escape(base)}/graphql</code>; {told}.</p>
{command}
<p>answers what Bitcoin costs in Seoul above the world, in percent:</p>
<pre><code>{escape(answer, quote=False)}</code></pre>
</section>"""


def _items(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{prose(text, _link)}</li>' for text in texts)}</ul>"


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _operations() -> str:
    def rows() -> Iterator[tuple[str, str]]:
        for operation in operations():
            root, _, name = operation.coordinate.partition(".")
            address = f"docs/reference#{operation.coordinate}"
            live = ' <span class="kind">live</span>' if root == "Subscription" else ""
            told = f'<a href="{address}"><code>{name}</code></a>{live}'
            yield told, prose(operation.description, _link)

    return _rows(("field", "what it tells"), rows())


def _question(question: Question, *, graphiql: bool) -> str:
    fields = ", ".join(linked(field, _link) for field in question.fields)
    run = ""
    if graphiql:
        address = f"graphql?query={quote(question.document.strip(), safe='')}"
        run = f' · <a href="{address}">Run it in GraphiQL</a>'
    return f"""\
<article id="{question.name}">
<h3><a href="#{question.name}">{escape(question.title)}</a></h3>
{listing(question.document.strip())}
<p class="fact">{fields}{run}</p>
</article>"""


def _programs() -> str:
    if not clients():
        return "<p>They are in the project's folder <code>docs/example</code>.</p>"
    parts = [
        "<p>Whole programs: save one and run it. They ask <code>KIMP_URL</code>, or "
        "the usual address of this server's demo.</p>"
    ]
    for place, (name, text) in enumerate(clients().items()):
        parts.append(
            f'<details name="program"{" open" if place == 0 else ""}>'
            f"<summary><code>{name}</code> {escape(CLIENTS[name])}</summary>"
            f'{listing(text)}<p class="fact">'
            f'<a href="docs/example/{name}">docs/example/{name}</a></p></details>'
        )
    return "\n".join(parts)


def _transports(base: str, *, key_needed: bool) -> str:
    rows = [(f"<code>{media}</code>", prose(words)) for media, words in forms()]
    socket = f"{base.replace('http', 'ws', 1)}/graphql"
    rows.append((f"<code>{escape(socket)}</code> <br>{PROTOCOL}", prose(SOCKET_WORDS)))
    needed = "needs" if key_needed else "does not need"
    return (
        "<p>All at <code>/graphql</code>; <code>Accept</code> chooses. A subscription "
        "needs a stream: an event stream, multipart or a WebSocket.</p>"
        + _rows(("ask for", "and get"), rows)
        + f"<p>This server {needed} an API key. One is sent as <code>Authorization: "
        "Bearer kimp_…</code>, or as the same member of <code>connection_init</code>'s "
        "payload.</p>" + _items(MORE)
    )


def _errors() -> str:
    rows = ((f"<code>{code.value}</code>", prose(told)) for code, told in CODES.items())
    return (
        "<p>Every error has one of these codes in <code>extensions.code</code>. "
        "What is missing is null beside its error, the rest of the answer stands. A "
        "venue that is down is no error: numbers stay, with their age and "
        "<code>quality: STALE</code>.</p>"
    ) + _rows(("code", "meaning"), rows)


def _limits(limits: Limits) -> str:
    rows = (
        (f'<span class="number">{number}</span>', prose(words))
        for _, number, words in limits_told(limits)
    )
    return "<p>Those of this server, now.</p>" + _rows(("at most", "of what"), rows)


def _addresses() -> str:
    rows = []
    for path, words in ENDPOINTS.items():
        shown = f"<code>{path}</code>"
        if "{" not in path:
            shown = f'<a href="{path.removeprefix("/") or "."}">{shown}</a>'
        rows.append((shown, prose(words)))
    return _rows(("address", "what is there"), rows)


@cache
def _known() -> frozenset[str]:
    return anchors_of(entries())


def _link(shown: str) -> str | None:
    return f"docs/reference#{shown}" if shown in _known() else None
