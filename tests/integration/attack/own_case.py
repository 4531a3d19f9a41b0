"""Attacks that the two tools leave out."""

from typing import Final

from tests.integration.attack.case import OWN, Attack, query

_CHAIN = 120

OWN_ATTACKS: Final = [
    Attack(
        OWN,
        "Fields with selections, duplicated",
        "240 times the same field: 28,680 pairs to compare",
        query("{ " + "premiums { totalCount } " * 240 + "}"),
    ),
    Attack(
        OWN,
        "The same in nested places",
        "160 times `node` in one place",
        query("{ premiums { edges { " + "node { symbol } " * 160 + "} } }"),
    ),
    Attack(
        OWN,
        "Fragments in fragments",
        "2⁶⁰ fields by 60 fragments that spread the next one twice",
        query(
            "{ ...F0 }"
            + "".join(
                f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}"
                for n in range(60)
            )
            + "fragment F60 on Query { __typename }"
        ),
    ),
    Attack(
        OWN,
        "A long chain of fragments",
        f"{_CHAIN} fragments, each in the one before",
        query(
            "{ ...F0 }"
            + "".join(
                f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(_CHAIN)
            )
            + f"fragment F{_CHAIN} on Query {{ __typename }}"
        ),
        harmless="one field is read",
    ),
    Attack(
        OWN,
        "Brackets in a literal",
        "a list nested 480 times",
        query(
            "{ premiums(filter: { symbols: " + "[" * 480 + "]" * 480 + "}) "
            "{ totalCount } }"
        ),
    ),
    Attack(
        OWN,
        "Brackets in the variables",
        "a list nested 60,000 times",
        (
            '{"query":"{ __typename }","variables":{"v":'
            + "[" * 60_000
            + "]" * 60_000
            + "}}"
        ).encode(),
    ),
    Attack(
        OWN,
        "Large variables",
        "an array of 30,000 numbers for a list of symbols",
        query(
            "query($s: [String!]) { premiums(filter: { symbols: $s }) { totalCount } }",
            s=[0] * 30_000,
        ),
    ),
    Attack(
        OWN,
        "Symbols without end",
        "1,001 symbols in a filter",
        query(
            "query($s: [String!]) { premiums(filter: { symbols: $s }) { totalCount } }",
            s=["BTC"] * 1001,
        ),
    ),
    Attack(
        OWN,
        "A number of 100,000 digits, in the variables",
        "an integer that takes seconds to read",
        (
            '{"query":"query($n: Int) { premiums(first: $n) { totalCount } }",'
            '"variables":{"n":' + "9" * 100_000 + "}}"
        ).encode(),
    ),
    Attack(
        OWN,
        "A number of 100,000 digits, in the document",
        "the same as a literal",
        query("{ premiums(first: " + "9" * 100_000 + ") { totalCount } }"),
    ),
    Attack(
        OWN,
        "A decimal with a huge exponent",
        "`1e999999999` percent",
        query('{ premiums(filter: { minPercent: "1e999999999" }) { totalCount } }'),
    ),
    Attack(
        OWN,
        "A search for 5,000 letters",
        "a string that is compared with every name",
        query(
            "query($t: String) { coins(filter: { search: $t }) { totalCount } }",
            t="ㅂ" * 5_000,
        ),
    ),
    Attack(
        OWN,
        "A page without end",
        "`first: 2147483647`",
        query("{ premiums(first: 2147483647) { edges { node { percent } } } }"),
    ),
    Attack(
        OWN,
        "Many operations in one document",
        "190 operations, one of them to run",
        {
            "query": " ".join(f"query Q{n} {{ __typename }}" for n in range(190)),
            "operationName": "Q7",
        },
        harmless="one runs; the document is bounded by its tokens",
    ),
    Attack(
        OWN,
        "Many variables",
        "240 variables that nothing uses",
        query(
            "query(" + " ".join(f"$v{n}: Int" for n in range(240)) + ") { __typename }"
        ),
    ),
    Attack(
        OWN,
        "Thousands of mistakes",
        "990 unknown fields, each with an error of its own",
        query("{ " + " ".join(f"a{n}" for n in range(990)) + " }"),
    ),
    Attack(
        OWN,
        "Names that collide in a hash table",
        "100 variables whose names differ in the number of their null bytes",
        {
            "query": "{ __typename }",
            "variables": {"\0" * n + "a": n for n in range(1, 101)},
        },
        harmless="strings are hashed with a secret; what nobody declares is ignored",
    ),
    Attack(
        OWN,
        "The past, many times",
        "11 boards of the past",
        query(
            "{ "
            + " ".join(
                f'a{n}: premium(symbol: "BTC", asOf: "2026-01-01T00:00:0{n % 10}Z") '
                "{ percent }"
                for n in range(11)
            )
            + " }"
        ),
    ),
    Attack(
        OWN,
        "A venue's limits, used up by us",
        "11 order books in one operation",
        query(
            "{ "
            + " ".join(
                f'a{n}: orderBook(exchange: UPBIT, market: "KRW-BTC") {{ at }}'
                for n in range(11)
            )
            + " }"
        ),
    ),
    Attack(
        OWN,
        "An error text without end",
        "an unknown field of 100,000 letters, to be echoed",
        query("{ " + "a" * 100_000 + " }"),
    ),
    Attack(
        OWN,
        "A packed body",
        "gzip, to unfold to more than is allowed",
        b"\x1f\x8b\x08\x00" + b"\0" * 100,
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ),
    Attack(
        OWN,
        "A query string without end",
        "20,000 bytes",
        path="/graphql?query=" + "a" * 20_000,
    ),
]
"""Every attack over HTTP of our own."""
