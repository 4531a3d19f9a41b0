"""`/docs/reference`: every type with its members, searchable without JavaScript."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Final

from api.limit import MAX_SEARCH
from api.reference.entry import Argument, Entry, Kind, Member, anchors_of, entries
from api.reference.frame import Link, Place, document, linked, prose
from api.reference.search import matching

TITLE: Final = "Reference"
PLACE: Final = "../"

MAX_USERS: Final = 12
"""Users of a type that are listed openly; more are folded away."""

_BUILT_IN: Final[Mapping[str, str]] = {
    "Int": "a whole number of 32 bits",
    "Float": "a floating-point number",
    "String": "text",
    "Boolean": "true or false",
    "ID": "an opaque text",
}

_DECIMAL: Final = """
<div class="format">
<p>Text that matches <code>-?(0|[1-9][0-9]*)(\\.[0-9]*[1-9])?</code>, and is never
<code>-0</code>. Equal numbers have equal text, on every path.</p>
<table>
<thead><tr><th>number</th><th>text</th><th>never</th></tr></thead>
<tbody>
<tr><td>one and a half</td><td><code>"1.5"</code></td><td><code>1.5</code>,
<code>"1.50"</code></td></tr>
<tr><td>zero</td><td><code>"0"</code></td><td><code>"-0"</code>,
<code>"0.0"</code></td></tr>
<tr><td>a large one</td><td><code>"95078733694.3792"</code></td>
<td><code>"9.5078733694E10"</code></td></tr>
</tbody>
</table>
<p>Taken as input: <code>-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?</code> in ASCII digits as a
string, or an integer; at most 60 digits, exponent within ±30. A floating-point literal
is refused: it has lost digits already.</p>
</div>
"""

_MORE: Final[Mapping[str, str]] = {"Decimal": _DECIMAL}
"""What is told of a type beyond its description: here is its specification."""


def reference_page(
    query: str = "",
    *,
    graphiql: bool = True,
    examples: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return the page; with a query, what has all of its words.

    `examples`: names of the guide's examples for the coordinates of root fields.
    """
    every = entries()
    shown = matching(every, query)
    # What a search left out is on the whole page only.
    link = _linker(every, "reference" if query.strip() else "")
    cards = "".join(
        f'<h2 id="{kind.name.lower()}">{kind.value}</h2>\n'
        + "".join(_card(entry, link, examples or {}) for entry in group)
        for kind, group in _groups(shown)
    )
    body = f"""\
<div class="shell">
<aside class="side">
<form role="search" action="reference" method="get">
<label for="q">Search the schema</label>
<input id="q" name="q" type="search" value="{escape(query)}"
 maxlength="{MAX_SEARCH}" placeholder="percent, 비트코인 …" autocomplete="off">
<noscript><button>Search</button></noscript>
</form>
<nav aria-label="Types">{_index(shown)}</nav>
</aside>
<main id="main" tabindex="-1">
<h1>Reference</h1>
{_lead(query, every, shown)}
<div id="cards">
{cards}</div>
</main>
</div>"""
    return document(TITLE, TITLE, body, Place(PLACE, graphiql))


def _lead(query: str, every: Sequence[Entry], shown: Sequence[Entry]) -> str:
    if not query.strip():
        members = sum(len(entry.members) for entry in every)
        return (
            f'<p class="lead" id="found">{len(every)} types, {members} fields and '
            "values, made from the code that answers. <code>!</code> is never null; "
            "anything else is null where it is unknown, with a reason beside it.</p>"
        )
    count = len(shown)
    told = "Nothing has" if not count else f"{count} type{'s' * (count != 1)} with"
    return (
        f'<p class="lead" id="found">{told} <strong>{escape(query)}</strong>. '
        '<a href="reference">Show everything</a></p>'
    )


def _groups(shown: Iterable[Entry]) -> Iterable[tuple[Kind, list[Entry]]]:
    for kind, group in groupby(shown, lambda entry: entry.kind):
        yield kind, list(group)


def _index(shown: Sequence[Entry]) -> str:
    parts = []
    for kind, group in _groups(shown):
        names = [pair for entry in group for pair in _indexed(entry)]
        items = "".join(
            f'<li><a href="#{anchor}">{name}</a></li>' for anchor, name in names
        )
        heading = f'<a href="#{kind.name.lower()}">{kind.value}</a>'
        parts.append(f"<h2>{heading}</h2><ul>{items}</ul>")
    return "".join(parts)


def _indexed(entry: Entry) -> list[tuple[str, str]]:
    """Return anchor and name: of a type, or of each thing that can be asked."""
    if entry.kind in (Kind.QUERY, Kind.SUBSCRIPTION):
        return [(f"{entry.name}.{m.name}", m.name) for m in entry.members]
    return [(entry.name, entry.name)]


def _linker(every: Sequence[Entry], page: str) -> Link:
    known = anchors_of(every)

    def link(shown: str) -> str | None:
        return f"{page}#{shown}" if shown in known else None

    return link


def _card(entry: Entry, link: Link, examples: Mapping[str, Sequence[str]]) -> str:
    facts = []
    if entry.interfaces:
        facts.append(f"implements {_links(entry.interfaces, link)}")
    if entry.specified_by and not entry.specified_by.startswith("/"):
        address = escape(entry.specified_by)
        facts.append(f'specified by <a href="{address}">{address}</a>')
    about = "".join(f'<p class="fact">{fact}</p>' for fact in facts)
    about += _users(entry.used_by, link)
    rows = "".join(_row(entry, member, link, examples) for member in entry.members)
    members = f'<dl class="members">{rows}</dl>' if rows else ""
    return f"""\
<section class="card" id="{entry.name}">
<h3><a href="#{entry.name}">{entry.name}</a> <span class="kind">{_noun(entry.kind)}\
</span></h3>
<p>{prose(entry.description, link)}</p>{_MORE.get(entry.name, "")}
{members}{about}</section>
"""


def _users(names: Sequence[str], link: Link) -> str:
    if len(names) > MAX_USERS:
        told = _links(names, link)
        return (
            f"<details><summary>used by {len(names)} others</summary>{told}</details>"
        )
    return f'<p class="fact">used by {_links(names, link)}</p>' if names else ""


def _noun(kind: Kind) -> str:
    return {
        Kind.QUERY: "what can be asked",
        Kind.SUBSCRIPTION: "what can be watched",
        Kind.TYPE: "type",
        Kind.INTERFACE: "interface",
        Kind.INPUT: "input",
        Kind.ENUM: "enum",
        Kind.SCALAR: "scalar",
    }[kind]


def _links(names: Iterable[str], link: Link) -> str:
    return ", ".join(linked(name, link) for name in names)


def _row(
    entry: Entry, member: Member, link: Link, examples: Mapping[str, Sequence[str]]
) -> str:
    anchor = f"{entry.name}.{member.name}"
    gone = member.deprecation is not None
    name = f'<a class="name" href="#{anchor}">{member.name}</a>'
    sign = _typed(member.type, member.named, member.default, link)
    old = ""
    if member.deprecation is not None:
        old = f'<p class="gone">Deprecated. {prose(member.deprecation, link)}</p>'
    arguments = "".join(_argument(argument, link) for argument in member.arguments)
    if arguments:
        arguments = f'<dl class="arguments">{arguments}</dl>'
    shown = ", ".join(
        f'<a href="../docs#{name}">{name}</a>' for name in examples.get(anchor, ())
    )
    example = f'<p class="fact">Example: {shown}</p>' if shown else ""
    return (
        f'<dt id="{anchor}"{_GONE if gone else ""}>{name}{sign}</dt>'
        f"<dd><p>{prose(member.description, link)}</p>{old}{arguments}{example}</dd>\n"
    )


_GONE: Final = ' class="gone"'


def _argument(argument: Argument, link: Link) -> str:
    sign = _typed(argument.type, argument.named, argument.default, link)
    return (
        f"<dt><code>{argument.name}</code>{sign}</dt>"
        f"<dd>{prose(argument.description, link)}</dd>"
    )


def _typed(text: str, named: str, default: str, link: Link) -> str:
    if not text:
        return ""
    before, _, after = text.partition(named)
    told = _BUILT_IN.get(named)
    address = link(named)
    inner = named
    if address is not None:
        inner = f'<a href="{address}">{named}</a>'
    elif told is not None:
        inner = f'<abbr title="{told}">{named}</abbr>'
    value = f' <span class="default">= {escape(default)}</span>' if default else ""
    return f' <code class="type">{before}{inner}{after}{value}</code>'
