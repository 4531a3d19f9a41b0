"""Compiled queries answer as graphql-core does, whatever is asked of whatever board."""

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLObjectType, parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.compiled.answer import AnswerCompiler, BoundQuery
from api.compiled.selected import Uncompilable
from api.compiled.selection import SelectionCompiler
from api.context import ApiContext
from api.event_executor import EventExecutor
from api.limit import Limits
from api.list_plan import Irregular
from domain.model.coin import Coin
from domain.model.coin_query import CoinFilter, CoinOrder
from domain.model.page import Page, PageRequest, paginate
from domain.model.summary import BoardSummary, summarise
from tests.selection_strategy import (
    MAX_DEPTH,
    SCHEMA,
    SYMBOLS,
    VARIABLES,
    Board,
    Document,
    coins,
    rates,
    versions,
)

COMPILER = AnswerCompiler(SCHEMA, SelectionCompiler(SCHEMA))
ROOTS = {
    "premium": ("Premium", ['(symbol: "BTC")', '(symbol: "nix")', "(symbol: $s)"]),
    "premiums": (
        "PremiumConnection",
        [
            "",
            "(first: 2)",
            "(first: null, after: null)",
            "(first: $first, orderBy: {field: PERCENT, direction: DESC})",
            '(filter: {symbols: ["btc", "1INCH"]})',
            "(filter: {quality: [LIVE], minPercent: null})",
        ],
    ),
    "coin": ("Coin", ['(symbol: "btc")', '(symbol: "nix")', "(symbol: $s)"]),
    "coins": (
        "CoinConnection",
        ["", "(first: 1)", "(first: $first)", '(filter: {search: "b"})'],
    ),
}
MORE = {"s": '$s: String! = "1inch"', "first": "$first: Int = 3"}


class Catalog:
    """Coins, and pages of them that stay the same while they do."""

    def __init__(self, known: list[Coin]) -> None:
        self.known = {coin.symbol: coin for coin in known}
        self._pages: dict[object, Page[Coin]] = {}

    def coin(self, symbol: str) -> Coin | None:
        return self.known.get(symbol.upper())

    def page(
        self, wanted: CoinFilter, order: CoinOrder, request: PageRequest
    ) -> Page[Coin]:
        asked = (wanted, order, request)
        if asked not in self._pages:
            rows = filter(wanted.matches, self.known.values())
            self._pages[asked] = paginate(rows, order.ordering(wanted), request)
        return self._pages[asked]


@dataclass
class LiveBoard(Board):
    """A board with a number for each state, and a summary."""

    seq: int = 0
    rate: Any = None

    def summary(self) -> BoardSummary:
        return summarise(self.known.values(), self.rate)


@dataclass
class Server:
    """What queries are asked of; its board and coins change, its services stay."""

    board: LiveBoard = field(default_factory=LiveBoard)
    now_ms: int = 2_000_000_000_000

    def __post_init__(self) -> None:
        services: Any = SimpleNamespace(
            board=self,
            catalog=Catalog([]),
            clock=self,
            history=None,
            market_data=None,
            limits=Limits(),
        )
        self.context = ApiContext(services)
        self.services = services
        services.clock = SimpleNamespace(now_ms=lambda: self.now_ms)


@dataclass(frozen=True)
class Query:
    text: str
    variables: dict[str, object]


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Draw a valid query whose roots can be read at once."""
    document, selected = Document(draw), []
    for _ in range(draw(st.integers(1, 2))):
        root = draw(st.sampled_from(sorted(ROOTS)))
        kind, arguments = ROOTS[root]
        given_arguments = draw(st.sampled_from(arguments))
        found = SCHEMA.type_map[kind]
        assert isinstance(found, GraphQLObjectType)
        response = document.response(root, given_arguments)
        inner = document.selection(found, MAX_DEPTH - 1)
        if kind.endswith("Connection") and draw(st.booleans()):
            node = SCHEMA.type_map[kind.removesuffix("Connection")]
            assert isinstance(node, GraphQLObjectType)
            rows = document.selection(node, MAX_DEPTH - 3)
            inner = f"{inner[:-1]} edges {{ cursor node {rows} }} }}"
        selected.append(
            f"{response}{root}{given_arguments}{document.directive()} {inner}"
        )
    text = "\n".join([" ".join(selected), *document.fragments])
    used = document.used | {name for name in MORE if f"${name}" in text}
    known = {**VARIABLES, **MORE}
    defined = ", ".join(known[name] for name in sorted(used))
    head = f"query Q({defined})" if defined else "query"
    body = f"{head} {{ __typename {' '.join(selected)} }}"
    values: dict[str, object] = {}
    if "s" in used and draw(st.booleans()):
        values["s"] = draw(st.sampled_from([*SYMBOLS, "btc", ""]))
    if "first" in used and draw(st.booleans()):
        values["first"] = draw(st.sampled_from([1, 2, None]))
    for name in sorted(used & {"yes", "no"}):
        if draw(st.booleans()):
            values[name] = draw(st.booleans())
    return Query("\n".join([body, *document.fragments]), values)


async def long_way(asked: Query, server: Server) -> ExecutionResult:
    """Return graphql-core's answer, as the server has it executed."""
    executor = EventExecutor.build(
        SCHEMA,
        parse(asked.text),
        context_value=server.context,
        raw_variable_values=asked.variables,
    )
    assert isinstance(executor, EventExecutor), executor
    result: Any = executor.execute_operation()
    found = await result if hasattr(result, "__await__") else result
    assert isinstance(found, ExecutionResult)
    return found


async def check(query: BoundQuery, asked: Query, server: Server) -> None:
    """Both ways have the same answer, or graphql-core has an error."""
    wanted = await long_way(asked, server)
    moment = server.context.moment
    if wanted.errors:
        with pytest.raises(Irregular):
            query.data(moment)
        return
    found = query.data(moment)
    assert json.dumps(json.loads(found)) == json.dumps(wanted.data)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(queries(), st.data())
async def test_the_compiled_answer_is_that_of_graphql_core(
    asked: Query, data: st.DataObject
) -> None:
    document = parse(asked.text)
    problems = validate(SCHEMA, document)
    if problems:  # two roots of one name with other arguments
        assert all("conflict" in problem.message for problem in problems), asked.text
        return
    server = Server()
    compiled = None
    told = ""
    try:
        compiled = COMPILER.compile(document, None, asked.variables)
    except Uncompilable as exc:
        told = str(exc)
    if compiled is None:
        assert told == "too many fields"
        return
    query = compiled.bound(server.context)
    for _ in range(3):
        fresh = data.draw(st.lists(versions, max_size=3), label="versions")
        known = {**server.board.known, **{found.symbol: found for found in fresh}}
        changed = bool(fresh)
        server.board.known = known
        server.board.seq += changed
        server.board.received = data.draw(st.integers(0, 9), label="received")
        server.board.skew = data.draw(st.integers(-9, 9), label="skew")
        server.board.rate = data.draw(st.none() | rates, label="rate")
        server.now_ms += data.draw(st.sampled_from([0, 1, 90_000]), label="passed")
        if data.draw(st.booleans(), label="catalog"):
            found = data.draw(st.lists(coins, max_size=3), label="coins")
            server.services.catalog = Catalog(found)
            query = compiled.bound(server.context)
        await check(query, asked, server)
        await check(query, asked, server)
