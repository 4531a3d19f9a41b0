"""GraphQL documents drawn from the schema: right, nearly right, and monstrous."""

from dataclasses import dataclass, field
from functools import cache
from typing import Final

from graphql import (
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from api.schema import api_schema
from bench.fuzz.draw import Draw
from bench.fuzz.json_text import odd_value
from bench.fuzz.text import odd_text, spoiled
from bench.fuzz.value import literal, value_of

MOST_FIELDS: Final = 24
QUICK: Final = ("premium", "premiums", "coin", "coins")
"""Roots that wait for nothing: queries of them are compiled, and answered directly."""

_DIRECTIVES: Final = (
    "@skip(if: false)",
    "@include(if: true)",
    "@skip(if: true)",
    "@include(if: $yes)",
    "@skip",
    "@deprecated",
    "@nope(x: 1)",
    "@skip(if: null)",
    '@include(if: "x")',
)
_TOKENS: Final = (
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$",
    "&",
    "|",
    "=",
    "@",
    "...",
    "on",
    "null",
    "fragment",
    "query",
    "mutation",
    "subscription",
    "extend type Query { x: Int }",
    "schema { query: Query }",
    "99999999999999999999",
    "1e999",
    "-",
    "0.0e",
    '"""',
    '"',
    '"\\u{110000}"',
    '"\\ud800"',
    "# \ud800\n",
    "\ufeff",
    "\0",
    ",,,",
    "é",
    "__typename",
    "__schema { types { name } }",
)


@dataclass(slots=True)
class Asked:
    """A document with the variables that go with it."""

    text: str
    variables: dict[str, object] = field(default_factory=dict)
    operation: object = None


class Drawing:
    """One document in the making."""

    def __init__(self, draw: Draw, schema: GraphQLSchema, *, quick: bool) -> None:
        self._draw = draw
        self._quick = quick
        self._schema = schema
        self._left = 1 + draw.upto(MOST_FIELDS)
        self._wrong = 0.08 if draw.hit(0.05 if quick else 0.4) else 0.0
        self._given: dict[str, object] = {}
        self._declared: list[str] = []
        self._fragments: list[str] = []

    def finished(self) -> Asked:
        """Return the whole document."""
        draw = self._draw
        kind = "query" if self._quick or draw.hit(0.75) else "subscription"
        root = self._schema.query_type
        if kind == "subscription":
            root = self._schema.subscription_type
            self._left = min(self._left, 1 + draw.upto(14))
        assert root is not None
        roots = 1 if kind == "subscription" or draw.hit(0.6) else 1 + draw.upto(4)
        known = list(QUICK) if self._quick else list(root.fields)
        names = draw.some(known, roots) or [draw.one(known)]
        body = " ".join(self._field(root, name, 0) for name in names)
        name = draw.one(("", "", "Q", "Q", "_", "q1"))
        head = f"({', '.join(self._declared)})" if self._declared else ""
        text = f"{kind} {name}{head} {{ {body} }}"
        if kind == "query" and not head and not name and draw.hit(0.5):
            text = f"{{ {body} }}"
        parts = [text, *self._fragments]
        if draw.hit(0.05):
            parts.append("query Other { __typename }")
        if draw.hit(0.1):
            parts.reverse()
        operation = name or None
        if draw.hit(0.05) and not self._quick:
            operation = draw.one(("Other", "Nope", "", None))
        return Asked("\n".join(parts), self._given, operation)

    def _selection(self, kind: GraphQLNamedType, depth: int) -> str:
        draw = self._draw
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return ""
        if draw.hit(self._wrong):
            return draw.one(("", " { }", " { nope }", " { __typename { x } }"))
        names = list(kind.fields)
        plain = [n for n in names if is_leaf_type(get_named_type(kind.fields[n].type))]
        found = []
        for _ in range(1 + draw.upto(6)):
            if self._left <= 0:
                break
            self._left -= 1
            name = draw.one(plain if depth > 5 and plain else names)
            found.append(self._within(kind, name, depth))
        if draw.hit(0.1) or not found:
            found.append("__typename")
        return f" {{ {' '.join(found)} }}"

    def _within(self, kind: GraphQLNamedType, name: str, depth: int) -> str:
        """Write a field as it is, or in a fragment."""
        draw = self._draw
        text = self._field(kind, name, depth)
        if draw.hit(0.9):
            return text
        on = kind.name if draw.hit(0.9) else draw.one(list(self._schema.type_map))
        if draw.hit(0.5):
            return f"... on {on} {self._directive()} {{ {text} }}"
        label = f"F{len(self._fragments)}"
        cycle = " ..." + draw.one(("F0", label)) if draw.hit(0.05) else ""
        self._fragments.append(f"fragment {label} on {on} {{ {text}{cycle} }}")
        return f"...{label}"

    def _field(self, kind: GraphQLNamedType, name: str, depth: int) -> str:
        draw = self._draw
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        found = kind.fields[name]
        shown = (
            draw.one(("nope", "__type", "_", name.upper()))
            if draw.hit(self._wrong)
            else name
        )
        alias = f"{draw.one(('a', 'b', 'c', name))}: " if draw.hit(0.1) else ""
        selection = self._selection(get_named_type(found.type), depth + 1)
        return f"{alias}{shown}{self._arguments(found)} {self._directive()}{selection}"

    def _arguments(self, found: GraphQLField) -> str:
        draw, pairs = self._draw, []
        for name, argument in found.args.items():
            needed = isinstance(argument.type, GraphQLNonNull)
            if not (draw.hit(0.35) or (needed and not draw.hit(self._wrong))):
                continue
            pairs.append(f"{name}: {self._argument(argument.type)}")
        if draw.hit(self._wrong):
            pairs.append(f"nope: {literal(draw, odd_value(draw, 2), None)}")
        return f"({', '.join(pairs)})" if pairs else ""

    def _argument(self, kind: GraphQLInputType) -> str:
        draw = self._draw
        value = value_of(draw, kind, self._wrong)
        if not draw.hit(0.3):
            return literal(draw, value, kind)
        name = f"v{len(self._declared)}"
        shown = str(kind)
        if draw.hit(self._wrong):
            shown = draw.one(
                ("Int", "String!", "[[Int]]", "Nope", "Premium", "Decimal")
            )
        default = ""
        if draw.hit(0.15):
            default = f" = {literal(draw, value_of(draw, kind, self._wrong), kind)}"
        self._declared.append(f"${name}: {shown}{default}")
        if not default or draw.hit(0.7):
            self._given[name] = value
        return f"${name}"

    def _directive(self) -> str:
        draw = self._draw
        if not draw.hit(0.04 + self._wrong / 2):
            return ""
        found = draw.one(_DIRECTIVES[: 3 if not self._wrong else None])
        return f"{found} "


@cache
def _schema() -> GraphQLSchema:
    return api_schema().core


def drawn(draw: Draw, *, quick: bool = False) -> Asked:
    """Return a document of the grammar; `quick`: of the roots in `QUICK`."""
    return Drawing(draw, _schema(), quick=quick).finished()


def torn(draw: Draw, asked: Asked) -> Asked:
    """Return a document that is spoiled, by its characters or by its tokens."""
    text = asked.text
    if draw.hit(0.4):
        data = spoiled(draw, text.encode("utf-8", "surrogatepass"))
        text = data.decode("utf-8", draw.one(("replace", "ignore", "surrogateescape")))
    else:
        words = text.split(" ")
        for _ in range(1 + draw.upto(3)):
            at = int(draw.random() * len(words))
            words[at] = draw.one((draw.one(_TOKENS), "", words[at] * 2, odd_text(draw)))
        text = " ".join(words)
    return Asked(text, asked.variables, asked.operation)


def monstrous(draw: Draw) -> Asked:
    """Return a document that is large, deep, wide or turns in circles."""
    many = draw.one((5, 30, 31, 60, 200, 999, 3000))
    text = _MONSTERS[int(draw.random() * len(_MONSTERS))]
    if "%" not in text:
        begin, part, end = text.split("|")
        return Asked(begin + part * many + end)
    begin, part, end = text.split("|")
    parts = [part.replace("%", str(at)) for at in range(many)]
    return Asked(begin + " ".join(parts) + end.replace("%", str(many)))


_MONSTERS: Final = (
    "{ |a%: __typename| }",
    "{ | __typename| }",
    "{ __typename| @skip(if: false)| }",
    "{ premiums { edges { node |{ coin { premium | } } }",
    "{ |... on Query {| __typename }",
    "|{ a|",
    "{ a(b: |[|) }",
    "{ a(b: |{c: |",
    "{ ...F0 } |fragment F% on Query { ...F% ...F% }| fragment F% on Query { ...F0 }",
    "{ ...A } fragment A on Query {| ...A| }",
    "query(|$v%: [Int!]! = [1] |) { __typename }",
    "query Q { __typename } |query Q% { __typename }|",
    'query A { premium(symbol: "BTC") { |percent | } }',
    'query A { |p%: premium(symbol: "BTC") { percent }| }',
    'query A { |premium(symbol: "B%") { percent }| }',
    "{ __schema { types { |fields { type { |name } } } }",
    "{ __schema { types { |fields { type { name | } } } }",
    '{ coin(symbol: "|x|") { symbol } }',
    "#|#########|\n{ __typename }",
    "|\ufeff|{ __typename }",
    '{ coin(symbol: """|\\"""|""") { symbol } }',
    '{ coin(symbol: "|\\u0041|") { symbol } }',
    "{ premiums(first: 1000) { edges { |node { bases { fx { rate } } } | } } }",
    '{ premiums(filter: {symbols: [|"S%"|]}) { totalCount } }',
    "{ premiums(first: |9|) { totalCount } }",
    "{ premiums(filter: {minPercent: |9|}) { totalCount } }",
    '{ premiums(filter: {minPercent: "0.|0|1"}) { totalCount } }',
    "{ fxRates { |... { | rate } }",
    "mutation { |x | }",
    "subscription { |a%: health { status } | }",
    "subscription { premiums { |seq | } }",
    "fragment F on Query { |__typename | }",
    '{ __type(name: "|Q|") { name } }',
    "|,|{ __typename }",
)
