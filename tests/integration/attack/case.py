"""Attacks, as their tools' documentation describes them, and what is to become of them.

Sources: the README and the list of checks of graphql-cop; the plugins' pages of
graphql-armor, each of which names the attack that it is against; and our own, against
what the two leave out.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from graphql import get_introspection_query

COP: Final = "graphql-cop"
ARMOR: Final = "graphql-armor"
OWN: Final = "our own"


@dataclass(frozen=True, slots=True)
class Attack:
    """A request, and what it asks for in words.

    `body` is sent by POST, `path` asked by GET where it is given. `harmless` says why
    an answer with data is none of what the attack is after; empty: it must be refused.
    """

    source: str
    name: str
    asks: str
    body: Any = None
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    harmless: str = ""


def query(text: str, **variables: Any) -> dict[str, Any]:
    """Return the body of an operation."""
    return {"query": text, "variables": variables}


def nested(field_name: str, inner: str, depth: int) -> str:
    """Return a selection of so many fields in each other."""
    return f"{field_name} {{ " * depth + inner + " }" * depth


_PAGE = "premiums(first: 1000) { edges { node { percent } } }"

TOOL_ATTACKS: Final = [
    Attack(
        COP,
        "Alias overloading",
        "101 aliases of one field",
        query("{ " + " ".join(f"a{n}: __typename" for n in range(101)) + " }"),
    ),
    Attack(
        COP,
        "Batch queries",
        "10 operations in one array",
        [query("{ __typename }")] * 10,
    ),
    Attack(
        COP,
        "Directive overloading",
        "10 unknown directives on one field, hoping for 10 errors",
        query("{ __typename " + "@aa" * 10 + " }"),
    ),
    Attack(
        COP,
        "Circular query by introspection",
        "`fields { type { … } }` four times over",
        query(
            "{ __schema { types { "
            + nested("fields { type", "name", 4)
            + " }" * 4
            + " } } }"
        ),
    ),
    Attack(
        COP,
        "Circular fragments",
        "two fragments that spread each other",
        query(
            "{ __schema { ...A } } fragment A on __Schema { __typename ...B } "
            "fragment B on __Schema { ...A }"
        ),
    ),
    Attack(
        COP,
        "Field duplication",
        "one field 500 times",
        query("{ " + "__typename " * 500 + "}"),
    ),
    Attack(
        COP,
        "Trace mode",
        "`extensions.tracing` or a stack trace",
        query("{ __typename }"),
        harmless="`extensions` has `serverTime` and `cost`",
    ),
    Attack(
        COP,
        "Unhandled errors",
        "the exception of a document that cannot be parsed",
        query("qwerty cop { abc }"),
    ),
    Attack(
        COP,
        "Field suggestions",
        "the name next to a wrong one",
        query("{ premiun { percent } }"),
    ),
    Attack(
        COP,
        "GraphiQL",
        "the page of a console",
        path="/graphql",
        headers={"Accept": "text/html"},
        harmless="on by choice: open data; `KIMP_HTTP__GRAPHIQL=false`",
    ),
    Attack(
        COP,
        "Introspection",
        "the whole schema",
        query(get_introspection_query()),
        harmless="on by choice: open data; `KIMP_HTTP__INTROSPECTION=false`",
    ),
    Attack(
        COP,
        "GET queries (CSRF)",
        "a query by a link",
        path="/graphql?query=" + quote("{ __typename }"),
        harmless="it changes nothing, and no cookie is ever set",
    ),
    Attack(
        COP,
        "GET queries with the user's cookies (CSRF)",
        "the same, sent by a browser that has cookies",
        path="/graphql?query=" + quote("{ __typename }"),
        headers={"Cookie": "session=1"},
    ),
    Attack(
        COP,
        "GET mutation (CSRF)",
        "a mutation by a link",
        path="/graphql?query=" + quote("mutation { __typename }"),
    ),
    Attack(
        COP,
        "POST urlencoded (CSRF)",
        "a form of another site",
        b"query=%7B__typename%7D",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    ),
    Attack(
        COP,
        "POST as plain text (CSRF)",
        "JSON that a form can send",
        b'{"query":"{__typename}"}',
        headers={"Content-Type": "text/plain"},
    ),
    Attack(
        ARMOR,
        "Cost limit",
        "1,000 rows with 288 points each",
        query(
            "{ premiums(first: 1000) { edges { node "
            "{ sparkline24h(points: 288) { at percent } } } } }"
        ),
    ),
    Attack(
        ARMOR,
        "Max depth",
        "13 fields in each other",
        query(
            "{ premiums { edges { node { coin { premium { coin { premium { coin "
            "{ premium { coin { premium { coin { symbol } } } } } } } } } } } } }"
        ),
    ),
    Attack(
        ARMOR,
        "Max aliases",
        "31 boards of 1,000 rows",
        query("{ " + " ".join(f"a{n}: {_PAGE}" for n in range(31)) + " }"),
    ),
    Attack(
        ARMOR,
        "Max directives",
        "51 directives on one field",
        query("{ __typename " + "@include(if: true) " * 51 + "}"),
    ),
    Attack(
        ARMOR,
        "Max tokens",
        "1,001 tokens",
        query("{ " + "a " * 999 + "}"),
    ),
    Attack(
        ARMOR,
        "Character limit",
        "a document of 200,000 characters",
        query("{ __typename }" + " " * 200_000),
    ),
    Attack(
        ARMOR,
        "Block field suggestions",
        "the names next to a wrong argument and a wrong enum value",
        query("{ premiums(frist: 1, orderBy: { field: PERCEN }) { totalCount } }"),
    ),
]
"""Every attack over HTTP of the two tools."""


def sent(attack: Attack) -> bytes:
    """Return the bytes of a body."""
    return (
        attack.body
        if isinstance(attack.body, bytes)
        else json.dumps(attack.body).encode()
    )
