"""What clients get wrong is told by its name, with what is allowed."""

from typing import Any

import pytest
from graphql import get_introspection_query

COIN = '{ premium(symbol: "BTC") { percent } }'


async def told(world: Any, query: str, **variables: Any) -> dict[str, Any]:
    """Return the one error of a query."""
    answer = await world.execute(query, **variables)
    assert answer["data"] is None, answer
    assert len(answer["errors"]) == 1, answer["errors"]
    error: dict[str, Any] = answer["errors"][0]
    return error


def is_bad_input(error: dict[str, Any], argument: str, *words: str) -> None:
    """Assert the code, the argument and the words of the message."""
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == argument
    assert argument in error["message"]
    for word in words:
        assert word in error["message"], error["message"]


@pytest.mark.parametrize("field", ["premiums", "coins"])
@pytest.mark.parametrize("first", [0, -1, 1001, 100000])
async def test_a_page_size_out_of_range_names_first(
    world: Any, field: str, first: int
) -> None:
    error = await told(world, f"{{ {field}(first: {first}) {{ totalCount }} }}")
    is_bad_input(error, "first", "1 to 1000")


@pytest.mark.parametrize("after", ["", "x", "bm9wZQ", "%%%", "é", "A" * 5000])
async def test_a_broken_cursor_names_after(world: Any, after: str) -> None:
    query = "query($a: String) { premiums(after: $a) { totalCount } }"
    is_bad_input(await told(world, query, a=after), "after", "cursor")


@pytest.mark.parametrize(
    "other",
    [
        "orderBy: {field: PERCENT}",
        "orderBy: {field: SYMBOL, direction: DESC}",
        "filter: {minPercent: 1}",
        'filter: {symbols: ["BTC"]}',
    ],
)
async def test_a_cursor_of_another_order_or_filter_names_after(
    world: Any, other: str
) -> None:
    data = await world.data("{ premiums(first: 1) { pageInfo { endCursor } } }")
    cursor = data["premiums"]["pageInfo"]["endCursor"]
    query = f"query($a: String) {{ premiums(after: $a, {other}) {{ totalCount }} }}"
    is_bad_input(await told(world, query, a=cursor), "after")


@pytest.mark.parametrize("field", ["premiums", 'premium(symbol: "BTC")'])
@pytest.mark.parametrize("pace", [1, 99, 60001, -5])
async def test_a_pace_out_of_range_names_throttle_ms(
    world: Any, field: str, pace: int
) -> None:
    name, _, rest = field.partition("(")
    arguments = f"{rest.removesuffix(')')} throttleMs: {pace}"
    stream = await world.stream(
        f"subscription {{ {name}({arguments}) {{ __typename }} }}"
    )
    results = [result async for result in stream]
    assert len(results) == 1
    is_bad_input(results[0].errors[0].formatted, "throttleMs", "100 to 60000")


NUMBERS = [
    '"1e999999999"',
    '"NaN"',
    '"Infinity"',
    '"1_000"',
    '"１"',
    '" 1"',
    '""',
    '"+1"',
    "1.5",
    "true",
    "[1]",
    "9" * 61,
    f'"{"9" * 61}"',
    "9" * 5000,
]


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_malformed_decimal_in_a_document_names_its_field(
    world: Any, number: str
) -> None:
    error = await told(
        world, f"{{ premiums(filter: {{minPercent: {number}}}) {{ totalCount }} }}"
    )
    is_bad_input(error, "minPercent", "decimal", "60 digits", "±30")


@pytest.mark.parametrize(
    "number", ["1e999999999", "NaN", "1_000", 1.5, True, [1], 10**60, {}]
)
async def test_a_malformed_decimal_in_a_variable_names_its_field(
    world: Any, number: object
) -> None:
    query = "query($f: PremiumFilter) { premiums(filter: $f) { totalCount } }"
    error = await told(world, query, f={"maxPercent": number})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "maxPercent" in error["message"]
    assert "decimal" in error["message"]
    assert len(error["message"]) <= 500


@pytest.mark.parametrize("number", ['"1e3"', '"-0.5"', "7", "-7", '"1E-30"'])
async def test_a_plain_decimal_is_taken(world: Any, number: str) -> None:
    await world.data(
        f"{{ premiums(filter: {{maxPercent: {number}}}) {{ totalCount }} }}"
    )


async def test_too_many_symbols_name_symbols(world: Any) -> None:
    query = "query($s: [String!]) { premiums(filter: {symbols: $s}) { totalCount } }"
    await world.data(query, s=["BTC"] * 1000)
    is_bad_input(await told(world, query, s=["BTC"] * 1001), "symbols", "1000")
    coins = query.replace("premiums", "coins")
    is_bad_input(await told(world, coins, s=["BTC"] * 1001), "symbols", "1000")


async def test_a_long_search_names_search(world: Any) -> None:
    query = "query($s: String) { coins(filter: {search: $s}) { totalCount } }"
    await world.data(query, s="ㅂ" * 64)
    is_bad_input(await told(world, query, s="ㅂ" * 65), "search", "64")


@pytest.mark.parametrize(
    "text", ["", "BTC", "Q29pbg==", "Q29pbjo=", "Rm9vOkJUQw==", "é", "A" * 400]
)
async def test_an_id_that_was_never_told_names_id(world: Any, text: str) -> None:
    query = "query($id: ID!) { node(id: $id) { id } }"
    answer = await world.execute(query, id=text)
    is_bad_input(answer["errors"][0], "id", "this server returned")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ nope }", "nope"),
        ("{ premium { percent } }", "symbol"),
        ('{ premium(symbol: "BTC", x: 1) { percent } }', "x"),
        ("{ premiums(orderBy: {field: NOPE}) { totalCount } }", "NOPE"),
        ('{ premium(symbol: "BTC") { percent(basis: NOPE) } }', "NOPE"),
        ('{ premium(symbol: "BTC") { percent(basis: null) } }', "basis"),
        ("{ premium(symbol: 5) { percent } }", "symbol"),
        ('{ premiums(first: "ten") { totalCount } }', "first"),
        ("{ premiums(first: 99999999999) { totalCount } }", "first"),
        ("{ premiums(first: 1.5) { totalCount } }", "first"),
        ("{ premium(symbol: ", "Syntax"),
        ("", "document"),
        ("mutation { x }", "mutation"),
        ("query A { __typename } query B { __typename }", "operationName"),
        ("{ ...F } fragment F on Query { ...F }", "F"),
        ("{ premiums(filter: {quality: [NOPE]}) { totalCount } }", "quality"),
    ],
)
async def test_a_malformed_operation_is_bad_input(
    world: Any, query: str, words: str
) -> None:
    answer = await world.execute(query)
    assert answer["data"] is None
    for error in answer["errors"]:
        assert error["extensions"]["code"] == "BAD_USER_INPUT", error
    assert any(words in error["message"] for error in answer["errors"])


async def test_malformed_variables_are_bad_input(world: Any) -> None:
    first = "query($n: Int) { premiums(first: $n) { totalCount } }"
    wrong: list[object] = ["x", 1.5, 2**40, [], True]
    for value in wrong:
        error = await told(world, first, n=value)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "$n" in error["message"]
    missing = "query($s: String!) { premium(symbol: $s) { percent } }"
    assert "$s" in (await told(world, missing))["message"]


async def test_a_null_variable_for_a_basis_that_may_not_be_null_is_bad_input(
    world: Any,
) -> None:
    query = """query($b: PremiumBasis = KRW_USDT) {
      premium(symbol: "BTC") { percent(basis: $b) } }"""
    answer = await world.execute(query, b=None)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "basis" in answer["errors"][0]["message"]


async def test_an_unknown_operation_name_is_bad_input(world: Any) -> None:
    stream = await world.stream("query A { __typename }")
    assert [result.errors async for result in stream] == [None]
    two = await world.stream("query A { __typename } query B { __typename }")
    errors = [result.errors[0].extensions["code"] async for result in two]
    assert errors == ["BAD_USER_INPUT"]


DEEP = '{ premium(symbol: "BTC") { %s symbol %s } }'


@pytest.mark.parametrize(
    ("query", "word"),
    [
        (DEEP % ("coin { premium { " * 8, "} } " * 8), "depth"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(31)) + " }", "aliases"),
        ("{ __typename " + "@skip(if: false) " * 51 + "}", "directives"),
        ("{ " + "__typename " * 1100 + " }", "tokens"),
        ("{ premiums(after: " + "[" * 300 + "]" * 300 + ") { totalCount } }", "nested"),
        (
            "{ __schema { types { "
            + "fields { type { " * 4
            + "name "
            + "} } " * 4
            + "} } }",
            "introspection",
        ),
        (
            "{ ...A } fragment A on Query { ...B ...B } fragment B on Query { "
            + " ".join(f"b{n}: __typename" for n in range(16))
            + " }",
            "aliases",
        ),
    ],
)
async def test_a_document_beyond_a_bound_is_too_complex(
    world: Any, query: str, word: str
) -> None:
    answer = await world.execute(query)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert word in answer["errors"][0]["message"]


async def test_the_largest_useful_documents_pass(world: Any) -> None:
    await world.data(get_introspection_query())
    await world.data("""{ premiums(first: 1000) { totalCount edges { cursor node {
      id symbol percent absoluteKrw signConflict quality reason at lastLiveAt seq
      coin { id symbol koreanName englishName iconUrl warnings
        listings { exchange market baseSymbol quote multiplier tradable warnings } }
      domestic { ...Q } global { ...Q }
      bases { basis percent absoluteKrw quality reason fx { rate source asOf } } } } }
    } fragment Q on Quote { exchange market price bid ask ageMs channel quality }""")


async def test_what_was_sent_is_not_echoed_at_length(world: Any) -> None:
    answer = await world.execute(
        "query($f: PremiumFilter) { premiums(filter: $f) { totalCount } }",
        f={"maxPercent": "9" * 100_000},
    )
    assert len(str(answer)) < 2000
