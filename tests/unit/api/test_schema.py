"""The schema against the contract, its snapshot, and its own promises."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from api.schema import api_schema, schema_text
from api.type import vocabulary
from domain.model import (
    bar,
    coin_query,
    fx,
    health,
    interval,
    market,
    page,
    premium_query,
    premium_stats,
    trade,
)

REPOSITORY = Path(__file__).parents[3]
SNAPSHOT = REPOSITORY / "schema.graphql"
SHARED = Path(os.environ.get("KIMP_SHARED_DATA") or REPOSITORY.parent / "shared/data")
CONTRACT = SHARED.parent / "contract" / "schema.graphql"
Fact = tuple[str, ...]
# The contract lets types and fields be added; each is named here, so that a slip of
# the pen is none of them.
BEYOND_TYPES = {
    "BookLevel",
    "Candle",
    "CandleSeries",
    "ChannelChoice",
    "OrderBook",
    "PremiumStats",
    "SparklinePoint",
    "StatsWindow",
    "Ticker",
    "Trade",
    "TradeSeries",
    "TradeSide",
}
BEYOND_FIELDS = {
    ("Query", "tickers"),
    ("Query", "orderBook"),
    ("Query", "candles"),
    ("Query", "trades"),
    ("Premium", "stats"),
    ("Premium", "sparkline24h"),
    ("PremiumBar", "minutes"),
}
BEYOND_ARGUMENTS = {
    ("Query", "premium", "asOf"),
    ("Query", "premiums", "asOf"),
}


def facts(schema: GraphQLSchema) -> Iterator[Fact]:
    """Yield everything a client can rely on, one line each."""
    for name, kind in own_types(schema):
        yield ("type", name, type(kind).__name__)
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            yield from facts_of(kind)
        elif isinstance(kind, GraphQLInputObjectType):
            for field_name, item in kind.fields.items():
                yield ("input", name, field_name, str(item.type), default_of(item))
        elif isinstance(kind, GraphQLEnumType):
            for value in kind.values:
                yield ("value", name, value)


def facts_of(kind: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[Fact]:
    """Yield what can be relied on in an object or interface."""
    for interface in kind.interfaces:
        yield ("implements", kind.name, interface.name)
    for name, field in kind.fields.items():
        yield ("field", kind.name, name, str(field.type))
        for argument_name, argument in field.args.items():
            where = ("argument", kind.name, name, argument_name)
            yield (*where, str(argument.type), default_of(argument))


def own_types(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLNamedType]]:
    """Yield the types that are not GraphQL's own."""
    for name, kind in schema.type_map.items():
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            yield name, kind


def default_of(item: Any) -> str:
    """Return a default as it stands in the schema's text."""
    from_text = item.ast_node and item.ast_node.default_value
    if from_text:
        return str(from_text.loc.source.body[from_text.loc.start : from_text.loc.end])
    return ""


def test_the_snapshot_is_current() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == schema_text(), (
        "run `kimp schema > schema.graphql`"
    )


@pytest.mark.skipif(not CONTRACT.exists(), reason=f"no contract at {CONTRACT}")
def test_every_line_of_the_contract_is_served_as_it_stands() -> None:
    ours = set(facts(build_schema(schema_text())))
    wanted = set(facts(build_schema(CONTRACT.read_text(encoding="utf-8"))))
    assert wanted - ours == set()


@pytest.mark.skipif(not CONTRACT.exists(), reason=f"no contract at {CONTRACT}")
def test_what_goes_beyond_the_contract_is_meant() -> None:
    ours = set(facts(build_schema(schema_text())))
    wanted = set(facts(build_schema(CONTRACT.read_text(encoding="utf-8"))))
    beyond = ours - wanted
    assert {fact[1] for fact in beyond} >= BEYOND_TYPES
    rest = {fact for fact in beyond if fact[1] not in BEYOND_TYPES}
    arguments = {fact[1:4] for fact in rest if fact[1:3] not in BEYOND_FIELDS}
    assert {fact[1:3] for fact in rest} >= BEYOND_FIELDS
    assert arguments == BEYOND_ARGUMENTS


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Yield everything that can carry a description, and its description."""
    for name, kind in own_types(schema):
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description
        if isinstance(
            kind, (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)
        ):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in getattr(field, "args", {}).items():
                    yield (
                        f"{name}.{field_name}({argument_name})",
                        argument.description,
                    )


def test_everything_is_described() -> None:
    found = dict(described(build_schema(schema_text())))
    assert len(found) > 150
    assert {name for name, text in found.items() if not text} == set()


def test_scalars_name_their_specification() -> None:
    types = build_schema(schema_text()).type_map
    for name in ("DateTime", "Date"):
        kind = types[name]
        assert isinstance(kind, GraphQLScalarType)
        assert kind.specified_by_url


@pytest.mark.parametrize(
    ("wire", "domain"),
    [
        (vocabulary.Exchange, market.Exchange),
        (vocabulary.PremiumBasis, fx.PremiumBasis),
        (vocabulary.Quality, market.Quality),
        (vocabulary.Channel, market.Channel),
        (vocabulary.Reason, market.Reason),
        (vocabulary.Interval, interval.Interval),
        (vocabulary.TradeSide, trade.Side),
        (vocabulary.BarOrigin, bar.BarOrigin),
        (vocabulary.StatsWindow, premium_stats.StatsWindow),
        (vocabulary.MarketWarning, market.MarketWarning),
        (vocabulary.CoinOrderField, coin_query.CoinOrderField),
        (vocabulary.PremiumOrderField, premium_query.PremiumOrderField),
        (vocabulary.Direction, page.Direction),
        (vocabulary.ServiceStatus, health.ServiceStatus),
        (vocabulary.BreakerState, health.BreakerState),
    ],
)
def test_both_sides_of_a_vocabulary_have_the_same_words(wire: Any, domain: Any) -> None:
    assert {word.name for word in wire} == {word.name for word in domain}
    for word in domain:
        assert wire(word).name == word.name


def test_resolvers_that_need_no_info_are_called_without_a_detour() -> None:
    types = api_schema()._schema.type_map
    premium = types["Premium"]
    assert isinstance(premium, GraphQLObjectType)
    for name in ("symbol", "percent", "coin"):
        resolve = premium.fields[name].resolve
        assert resolve is not None
        assert resolve.__module__ == "api.schema"
    query = types["Query"]
    assert isinstance(query, GraphQLObjectType)
    resolve = query.fields["premium"].resolve
    assert resolve is not None
    assert resolve.__module__ != "api.schema"
