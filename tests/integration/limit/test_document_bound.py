"""Each bound of documents and operations: its code, its words, its count."""

import json
from typing import Any

import pytest

from api import document
from api.limit import MAX_ERRORS

PAGE = "{ premiums(first: 10) { edges { node { symbol } } } }"


@pytest.mark.parametrize(
    ("bounds", "query", "limit", "maximum", "words"),
    [
        ({"tokens": 10}, PAGE, "tokens", 10, "more than the 10 tokens allowed"),
        ({"depth": 3}, PAGE, "depth", 3, "the depth is 4, above the 3 allowed"),
        (
            {"introspection_depth": 2},
            "{ __schema { types { name } } }",
            "introspection_depth",
            2,
            "introspection is 3",
        ),
        ({"aliases": 1}, "{ a: __typename b: __typename }", "aliases", 1, "is 2"),
        ({"selections": 1}, "{ __typename a: __typename }", "selections", 1, "is 2"),
        (
            {"repetitions": 1},
            "{ __typename __typename __typename }",
            "repetitions",
            1,
            "write each of them once",
        ),
        (
            {"directives": 1},
            "{ __typename @skip(if: false) @include(if: true) }",
            "directives",
            1,
            "is 2",
        ),
        (
            {"reads": 1},
            '{ a: orderBook(exchange: UPBIT, market: "A") { market }'
            ' b: orderBook(exchange: UPBIT, market: "A") { market } }',
            "reads",
            1,
            "is 2",
        ),
        (
            {"history_reads": 0},
            '{ premium(symbol: "BTC") { stats { mean } } }',
            "history_reads",
            0,
            "is 1",
        ),
        ({"cost": 51}, PAGE, "cost", 51, "costs 52, above the 51 allowed"),
    ],
)
async def test_what_passes_a_bound_is_told_which_and_what_is_allowed(
    limited: Any,
    world: Any,
    bounds: dict[str, int],
    query: str,
    limit: str,
    maximum: int,
    words: str,
) -> None:
    async with limited(**bounds) as site:
        wanted = "application/graphql-response+json"
        status, _, answer = await site.post({"query": query}, Accept=wanted)
    assert status == 400
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": limit,
        "maximum": maximum,
    }
    assert words in error["message"]
    assert world.deps.traffic.refused == {limit: 1}


@pytest.mark.parametrize("variables", [{}, {"n": 501}, {"n": 5000}])
async def test_pages_may_be_bounded_further(
    limited: Any, world: Any, variables: dict[str, int]
) -> None:
    query = "query($n: Int = 700) { premiums(first: $n) { totalCount } }"
    async with limited(list_size=500) as site:
        _, _, answer = await site.post({"query": query, "variables": variables})
        (error,) = answer["errors"]
        assert error["message"] == "first: must be 1 to 500"
        assert error["extensions"] == beyond_list_size(500)
        assert (await site.query(query, n=500))["data"]
        assert (await site.query(query, n=None))["data"]
    assert world.deps.traffic.refused == {"list_size": 1}


def beyond_list_size(maximum: int) -> dict[str, object]:
    return {
        "code": "BAD_USER_INPUT",
        "argument": "first",
        "limit": "list_size",
        "maximum": maximum,
    }


@pytest.mark.parametrize("field", ["premiums", "coins"])
async def test_a_page_above_the_list_size_is_told_so_by_the_field_too(
    limited: Any, world: Any, field: str
) -> None:
    query = f"query($n: Int) {{ {field}(first: $n) {{ totalCount }} }}"
    async with limited() as site:
        # Often enough for the direct path, which takes what it has seen before.
        for times in range(1, 5):
            body = {"query": query, "variables": {"n": 5000}}
            status, _, answer = await site.post(body)
            assert status == 200
            (error,) = answer["errors"]
            assert error["message"] == "first must be 1 to 1000"
            assert error["extensions"] == beyond_list_size(1000)
            assert world.deps.traffic.refused == {"list_size": times}
        for small in (0, -1):
            _, _, answer = await site.post({"query": query, "variables": {"n": small}})
            told = answer["errors"][0]["extensions"]
            assert told == {"code": "BAD_USER_INPUT", "argument": "first"}
    assert world.deps.traffic.refused == {"list_size": 4}


async def test_bodies_and_query_strings_are_bounded(limited: Any, world: Any) -> None:
    async with limited(body_bytes=100, query_string_bytes=100) as site:
        long = "{ __typename " + " " * 100 + "}"
        status, _, answer = await site.post({"query": long})
        assert status == 413
        assert answer["errors"][0]["extensions"]["limit"] == "body_bytes"
        assert answer["errors"][0]["extensions"]["maximum"] == 100
        status, _, body = await site.get(f"/graphql?query={'a' * 100}")
        assert status == 414
        assert "at most 100 bytes" in json.loads(body)["errors"][0]["message"]
    assert world.deps.traffic.refused == {"body_bytes": 1, "query_string_bytes": 1}


def counting(name: str, done: Any, calls: list[str]) -> Any:
    """Return a function that does the same and notes that it was called."""

    def counted(*given: Any, **more: Any) -> Any:
        calls.append(name)
        return done(*given, **more)

    return counted


async def test_a_known_document_is_neither_parsed_nor_validated_again(
    limited: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("parse", "validate"):
        done: Any = getattr(document, name)

        counted = counting(name, done, calls)
        monkeypatch.setattr(document, name, counted)
        monkeypatch.setattr(f"strawberry.schema.schema.{name}", counted, raising=False)
    query = "query Unseen($s: String!) { premium(symbol: $s) { symbol percent } }"
    wrong = "query UnseenToo { nope }"
    async with limited() as site:
        for symbol in ("BTC", "ETH", "SATS", "BTC"):
            answer = await site.query(query, s=symbol)
            assert answer["data"]["premium"]["symbol"] == symbol
            assert calls == ["parse", "validate"]
        calls.clear()
        for _ in range(3):
            await site.post({"query": wrong})
            assert calls == ["parse", "validate"]
        # Other limits are other rules.
    async with limited(depth=5) as site:
        await site.query(query, s="BTC")
        assert calls == ["parse", "validate"] * 2


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ premiun }", {}),
        ("{ premiums(frist: 1) { totalCount } }", {}),
        ("{ premiums { totalCoun } }", {}),
        ("query($f: PremiumFilte) { premiums(filter: $f) { totalCount } }", {}),
        ("{ premiums(filter: { symbol: [] }) { totalCount } }", {}),
        ("{ premiums(filter: { quality: [LIV] }) { totalCount } }", {}),
        (
            "query($f: PremiumFilter) { premiums(filter: $f) { totalCount } }",
            {"f": {"symbol": []}},
        ),
        (
            "query($f: PremiumFilter) { premiums(filter: $f) { totalCount } }",
            {"f": {"quality": ["LIV"]}},
        ),
        ("{ premiums @skp(if: true) { totalCount } }", {}),
        ('{ premium(symbol: "BTC") }', {}),
        ("{ premiums { edges } }", {}),
    ],
)
async def test_errors_suggest_nothing_unless_they_are_to(
    limited: Any, query: str, variables: dict[str, Any]
) -> None:
    body = {"query": query, "variables": variables}
    async with limited() as site:
        _, _, answer = await site.post(body)
        assert answer["errors"]
        assert "Did you mean" not in json.dumps(answer)
    async with limited(suggestions=True) as site:
        _, _, answer = await site.post(body)
        is_suggested = "Did you mean" in json.dumps(answer)
        assert is_suggested is ("@skp" not in query)


async def test_introspection_can_be_off(limited: Any, world: Any) -> None:
    async with limited(introspection=False) as site:
        for query in (
            "{ __schema { types { name } } }",
            '{ __type(name: "Query") { name } }',
            "{ ...F } fragment F on Query { __schema { types { name } } }",
        ):
            _, _, answer = await site.post({"query": query})
            (error,) = answer["errors"]
            assert error["message"].startswith("introspection is off here")
            assert error["extensions"]["code"] == "FORBIDDEN"
        assert (await site.query("{ __typename }"))["data"] == {"__typename": "Query"}
        status, _, text = await site.get("/schema.graphql")
        assert status == 200
        assert b"type Query" in text
    assert world.deps.traffic.refused["introspection"] == 3


async def test_a_document_is_told_a_bounded_number_of_mistakes(limited: Any) -> None:
    query = "{ " + " ".join(f"nope{n}" for n in range(500)) + " }"
    async with limited() as site:
        _, _, answer = await site.post({"query": query})
    assert len(answer["errors"]) == MAX_ERRORS + 1
