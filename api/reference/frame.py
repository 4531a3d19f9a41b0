"""What the pages have in common: head, navigation, headers, and text made HTML.

Nothing is asked of a foreign host and nothing needs JavaScript: `docs.js` only lets the
search answer while one types, and adds buttons that copy.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every page, beside those of all answers."""

_CODE: Final = re.compile(r"`([^`]+)`")
_TOKEN: Final = re.compile(
    r"(?P<comment>(?:^|(?<=\s))(?:#|//)[^\n]*)"
    r'|(?P<string>"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')'
    r"|(?P<variable>\$\w+)"
    r"|(?P<keyword>(?<![\w-])(?:query|subscription|fragment|on|true|false|null|import|from"
    r"|const|await|async|for|of|if|else|new|return|throw|def|class|with|in|None)(?![\w-]))",
    re.MULTILINE,
)
Link = Callable[[str], str | None]
"""Gives the address of a coordinate such as `Premium.percent`, None for other text."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands: `root` leads from it to the server's address (`../`).

    `graphiql`: that page is served, so links may lead to it.
    """

    root: str
    graphiql: bool = True


def document(title: str, current: str, body: str, place: Place) -> str:
    """Return a page; `current` names it in the navigation."""
    root = place.root
    items = "".join(
        f'<a href="{root}{address}"{_CURRENT if name == current else ""}>{name}</a>'
        for name, address in _PLACES
        if place.graphiql or name != GRAPHIQL
    )
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · Kimchi Premium</title>
<link rel="icon" href="{root}static/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{root}static/page/docs.css">
<script src="{root}static/page/docs.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="{root}docs">
<img src="{root}static/page/icon.svg" alt="" width="28" height="28">
<span lang="ko">김치 프리미엄</span> <small>Kimchi Premium</small></a>
<nav aria-label="Pages">{items}</nav>
</header>
{body}
</body>
</html>
"""


GRAPHIQL: Final = "GraphiQL"
_CURRENT: Final = ' aria-current="page"'
_PLACES: Final = (
    ("Guide", "docs"),
    ("Reference", "docs/reference"),
    (GRAPHIQL, "graphql"),
    ("schema.graphql", "schema.graphql"),
    ("llms.txt", "llms.txt"),
)


def prose(text: str, link: Link = lambda _: None) -> str:
    """Return a description as HTML: `code` is marked, and linked where it leads on."""

    def code(found: re.Match[str]) -> str:
        return linked(found[1], link)

    return _CODE.sub(code, escape(text, quote=False))


def linked(shown: str, link: Link) -> str:
    """Return text that is escaped already as code, linked where it leads on."""
    address = link(shown)
    if address is None:
        return f"<code>{shown}</code>"
    return f'<a href="{address}"><code>{shown}</code></a>'


def listing(text: str) -> str:
    """Return a program or document as HTML, its comments, texts and words marked."""
    parts = []
    end = 0
    for found in _TOKEN.finditer(text):
        parts.append(escape(text[end : found.start()], quote=False))
        shown = escape(found[0], quote=False)
        parts.append(f'<span class="{found.lastgroup}">{shown}</span>')
        end = found.end()
    parts.append(escape(text[end:], quote=False))
    return f"<pre><code>{''.join(parts).rstrip()}</code></pre>"
