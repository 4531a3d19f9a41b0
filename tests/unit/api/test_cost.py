"""What operations cost, counted by hand."""

from typing import Any

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_introspection_query,
    get_named_type,
    get_operation_ast,
    is_leaf_type,
    parse,
    validate,
)

from api.cost import PAST_BOARD, QUESTION, VENUE_READ, CostPlan, plan_of
from api.cost_size import ASSUMED, BOARD_SIZE, SIZE_ARGUMENTS, WATCHED
from api.limit import BURST, MAX_COST, RATE
from api.schema import api_schema
from domain.model.page import MAX_FIRST

SCHEMA = api_schema().core
PAGE = "query($n: Int, $f: PremiumFilter) { premiums(first: $n, filter: $f) %s }"
ROW = "{ edges { node { symbol } } }"


def plan(text: str) -> CostPlan:
    """Return the plan of a valid document's only operation."""
    document = parse(text)
    assert validate(SCHEMA, document) == []
    operation = get_operation_ast(document)
    assert operation is not None
    return plan_of(SCHEMA, document, operation)


def cost(text: str, **variables: Any) -> int:
    """Return its cost."""
    return plan(text).cost(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", 1),
        ("{ health { status version } }", 2 + 2),
        ('{ premium(symbol: "BTC") { symbol percent } }', 2 + 2),
        ('{ premium(symbol: "BTC") { domestic { price bid } } }', 2 + 2 + 2),
        # A list counts its entries, and a connection's `first` is its edges'.
        ("{ premiums(first: 7) { edges { node { symbol } } } }", 2 + 7 * (2 + 2 + 1)),
        ("{ premiums { edges { cursor } totalCount } }", 2 + 100 * (2 + 1) + 1),
        ("{ premiums(first: null) { edges { cursor } } }", 2 + 100 * 3),
        ("{ premiums(first: 3) { pageInfo { hasNextPage } } }", 2 + 2 + 1),
        ("{ fxRates { rate } }", ASSUMED["Query.fxRates"] * 3),
        ('{ premium(symbol: "BTC") { bases { percent } } }', 2 + 3 * 3),
        (
            "{ premiums(first: 2) { edges { node "
            "{ bases { quality fx { rate } } } } } }",
            2 + 2 * (2 + 2 + 3 * (2 + 1 + 2 + 1)),
        ),
        (
            '{ premium(symbol: "BTC") { sparkline24h(points: 5) { percent } } }',
            2 + 5 * 3,
        ),
        ('{ premium(symbol: "BTC") { sparkline24h { percent } } }', 2 + 48 * 3),
        ('{ coin(symbol: "BTC") { warnings } }', 2 + ASSUMED["Coin.warnings"]),
        # Fragments count where they are spread, fields as often as they are written.
        ("{ health { ...F ...F } } fragment F on Health { status }", 2 + 2),
        ("{ health { ... on Health { status } status } }", 2 + 2),
        (
            '{ node(id: "x") '
            "{ id ... on Coin { symbol } ... on Premium { percent } } }",
            5,
        ),
        ("{ health { status @skip(if: true) } }", 2 + 1),
        # No more rows than symbols that are named.
        (
            '{ premiums(first: 50, filter: { symbols: ["A", "B"] }) ' + ROW + " }",
            2 + 2 * 5,
        ),
        ('{ premiums(first: 1, filter: { symbols: ["A", "B"] }) ' + ROW + " }", 2 + 5),
        ("{ premiums(filter: { symbols: [] }) " + ROW + " }", 2),
        ('{ premiums(filter: { symbols: "A" }) ' + ROW + " }", 2 + 5),
        ("{ premiums(filter: { symbols: null }) " + ROW + " }", 2 + 500),
        ('{ premiums(filter: { minPercent: "1" }) ' + ROW + " }", 2 + 500),
    ],
)
def test_objects_cost_two_scalars_one_and_lists_their_entries(
    text: str, expected: int
) -> None:
    assert cost(text) == expected
    assert plan(text).is_constant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{ tickers(exchange: UPBIT, markets: ["A", "B"]) { price } }',
            VENUE_READ + 2 * 3,
        ),
        ("{ tickers(exchange: UPBIT, markets: []) { price } }", VENUE_READ),
        (
            '{ orderBook(exchange: UPBIT, market: "A", depth: 4)'
            " { bids { price } asks { price } } }",
            VENUE_READ + 2 + 4 * 3 + 4 * 3,
        ),
        (
            '{ candles(exchange: UPBIT, market: "A", first: 9) { candles { open } } }',
            VENUE_READ + 2 + 9 * 3,
        ),
        (
            '{ trades(exchange: UPBIT, market: "A") { trades { price } } }',
            VENUE_READ + 2 + 100 * 3,
        ),
        (
            '{ dailySnapshots(date: "2026-01-01") { edges { cursor } } }',
            QUESTION + 2 + 500 * 3,
        ),
        # Statistics of a list are one question, each coin's bars are one of their own.
        (
            "{ premiums(first: 9) { edges { node { stats { mean } } } } }",
            QUESTION + 2 + 9 * (2 + 2 + 2 + 1),
        ),
        (
            "{ coins(first: 3) { edges { node { premiumHistory("
            'from: "2026-01-01T00:00Z" to: "2026-01-02T00:00Z", first: 2)'
            " { edges { cursor } } } } } }",
            2 + 3 * (2 + 2 + QUESTION + 2 + 2 * 3),
        ),
        ('{ premium(symbol: "A", asOf: null) { symbol } }', 2 + 1),
        (
            '{ premium(symbol: "A", asOf: "2026-01-01T00:00:00Z") { symbol } }',
            2 + 1 + PAST_BOARD,
        ),
        (
            "subscription { premiums { seq premiums { symbol } removed } }",
            2 + 1 + BOARD_SIZE * 3 + ASSUMED["PremiumsUpdate.removed"],
        ),
        (
            'subscription { premiums(filter: { symbols: ["A", "B"] })'
            " { premiums { symbol } } }",
            2 + 2 * 3,
        ),
        ('subscription { premium(symbol: "A") { symbol } }', 2 + 1),
    ],
)
def test_what_is_dear_behind_the_scenes_costs_more(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        ({}, 100),
        ({"n": None}, 100),
        ({"n": 12}, 12),
        ({"n": 12.0}, 12),
        # What is refused when it runs must break nothing here.
        ({"n": "12"}, 1),
        ({"n": True}, 100),
        ({"n": -5}, 0),
        ({"n": 10**30}, MAX_FIRST),
        ({"n": 1e300}, 100),
        ({"n": float("nan")}, 100),
        ({"n": {"a": 1}}, 100),
        ({"f": {"symbols": ["A", "B"]}}, 2),
        ({"f": {"symbols": []}}, 0),
        ({"f": {"symbols": "A"}}, 1),
        ({"f": {"symbols": None}}, 100),
        ({"f": {}}, 100),
        ({"f": None}, 100),
        ({"f": "nonsense"}, 100),
        ({"n": 1, "f": {"symbols": ["A", "B"]}}, 1),
        ({"f": {"symbols": ["A"] * 5000}}, 100),
    ],
)
def test_variables_say_how_many(variables: dict[str, Any], rows: int) -> None:
    assert cost(PAGE % ROW, **variables) == 2 + rows * 5


def test_variables_have_defaults_of_their_own() -> None:
    text = "query($n: Int = 20) { premiums(first: $n) " + ROW + " }"
    assert cost(text) == 2 + 20 * 5
    assert cost(text, n=None) == 2 + 100 * 5
    assert cost(text, n=3) == 2 + 3 * 5
    text = "query($s: [String!]) { premiums(filter: { symbols: $s }) " + ROW + " }"
    assert cost(text, s=["A"]) == 2 + 5
    assert cost(text) == 2 + 100 * 5
    text = 'query($t: DateTime) { premium(symbol: "A", asOf: $t) { symbol } }'
    assert cost(text) == 3
    assert cost(text, t="2026-01-01T00:00:00Z") == 3 + PAST_BOARD


def test_lists_in_lists_multiply_under_variables_too() -> None:
    text = (
        "query($n: Int, $p: Int!) { premiums(first: $n) { edges { node { symbol "
        "sparkline24h(points: $p) { percent } } } } }"
    )
    found = plan(text)
    assert not found.is_constant
    assert found.cost({"n": 3, "p": 4}) == 2 + 3 * (2 + 2 + 1 + 4 * 3)
    assert found.rows({"n": 3, "p": 400}) == 3


def test_the_most_rows_of_any_page_are_told() -> None:
    text = "query($n: Int) { premiums(first: 20) %s coins(first: $n) { totalCount } }"
    assert plan(text % ROW).rows({"n": 3}) == 20
    assert plan(text % ROW).rows({"n": 300}) == 300
    assert plan("{ health { status } }").rows({}) == 0


def test_every_list_of_the_schema_has_a_size() -> None:
    sized = {
        f"{kind.name}.{name}": field
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in kind.fields.items()
    }
    holders = {
        get_named_type(field.type).name
        for name, field in sized.items()
        if name in WATCHED or set(field.args) & set(SIZE_ARGUMENTS)
    }
    for name, field in sized.items():
        if "[" in str(field.type):
            own = set(field.args) & set(SIZE_ARGUMENTS)
            assert len(own) <= 1
            assert own or name in ASSUMED or name.partition(".")[0] in holders, name
    assert set(ASSUMED) | set(WATCHED) <= set(sized)


def every_field(kind: Any, seen: tuple[str, ...] = ()) -> str:
    """Return a selection of all fields that are no question for themselves."""
    chosen = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            chosen.append(name)
        elif inner.name not in seen and name not in (
            "premiumHistory",
            "dailySnapshots",
        ):
            chosen.append(name + every_field(inner, (*seen, kind.name)))
    return "{" + " ".join(chosen) + "}"


def test_defaults_admit_what_they_are_to_admit() -> None:
    page = SCHEMA.type_map["PremiumConnection"]
    everything = cost("{ premiums(first: 1000) " + every_field(page) + " }")
    assert everything <= MAX_COST
    introspection = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        input_value_deprecation=True,
    )
    assert cost(introspection) <= MAX_COST
    six = "{ symbol percent quality seq domestic { price } global { price } }"
    board = cost("{ premiums(first: 100) { edges { node " + six + " } } }")
    assert 1_000 * board <= RATE
    assert MAX_COST <= BURST


def test_an_operation_is_counted_by_itself() -> None:
    document = parse(
        "query A { health { status } } query B { premiums { totalCount } }"
    )
    operation = get_operation_ast(document, "A")
    assert operation is not None
    assert plan_of(SCHEMA, document, operation).cost({}) == 3


@pytest.mark.parametrize(
    ("text", "variables", "pace_ms"),
    [
        ('subscription { premium(symbol: "A") { seq } }', {}, 100),
        ('subscription { premium(symbol: "A", throttleMs: null) { seq } }', {}, 100),
        ('subscription { premium(symbol: "A", throttleMs: 2000) { seq } }', {}, 2000),
        ('subscription { premium(symbol: "A", throttleMs: 5) { seq } }', {}, 100),
        ("subscription { premiums { seq } }", {}, 500),
        (
            "subscription { ...F } fragment F on Subscription { premiums { seq } }",
            {},
            500,
        ),
        ("subscription { health { version } }", {}, 1000),
        ("subscription($t: Int) { premiums(throttleMs: $t) { seq } }", {}, 500),
        ("subscription($t: Int) { premiums(throttleMs: $t) { seq } }", {"t": 200}, 200),
        (
            "subscription($t: Int) { premiums(throttleMs: $t) { seq } }",
            {"t": None},
            500,
        ),
        (
            "subscription($t: Int) { premiums(throttleMs: $t) { seq } }",
            {"t": True},
            500,
        ),
        ("subscription($t: Int) { premiums(throttleMs: $t) { seq } }", {"t": "x"}, 500),
        (
            "subscription($t: Int) { premiums(throttleMs: $t) { seq } }",
            {"t": 1e99},
            500,
        ),
        ("subscription($t: Int = 50) { premiums(throttleMs: $t) { seq } }", {}, 100),
    ],
)
def test_what_events_may_cost_a_second_goes_by_their_throttle(
    text: str, variables: dict[str, Any], pace_ms: int
) -> None:
    found = plan(text)
    assert found.burden_s(variables, 100, 1000) == 1000 * 1000 // pace_ms
    assert found.burden_s(variables, 10_000, 1000) == 100


def test_a_query_has_no_events() -> None:
    assert plan("{ health { version } }").burden_s({}, 100, 1000) == 0
