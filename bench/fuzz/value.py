"""Arguments and variables of a type: right, nearly right and wrong."""

import json

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
)

from bench.fuzz.draw import Draw
from bench.fuzz.json_text import odd_value
from bench.fuzz.text import NUMBERS, odd_text

SYMBOLS = ("BTC", "ETH", "SATS", "USDT", "LUNA", "币安人生", "OLD", "btc", "NOPE", "")
MARKETS = ("KRW-ETH", "ETHUSDT", "KRW-BTC", "1000SATSUSDT", "NOPE", "krw-eth", "")
CURSORS = ("bm9wZQ", "eyJvIjoiU1lNQk9MIn0", "AAAA", "=", "W10=", "e30=", "bnVsbA==")
TIMES = (
    "2026-01-01T00:00:00Z",
    "2025-12-31T23:59:00Z",
    "2026-01-01T00:00:00+09:00",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30T00:00:00Z",
    "2026-01-01",
    "2026-01-01T24:00:00Z",
    "2026-W01-1",
    "-2026-01-01T00:00:00Z",
)
DATES = ("2026-01-01", "2025-12-31", "1970-01-01", "0001-01-01", "9999-12-31", "x")
DECIMALS = ("0", "-5", "1.5", "1e3", "1E-30", "1e31", "9" * 60, "9" * 61, "NaN", "-0")
IDS = ("UHJlbWl1bTpCVEM=", "Q29pbjpCVEM=", "Q29pbjo=", "x", "A" * 300, "Rm9vOkJUQw==")
_TEXTS = {
    "String": (*SYMBOLS, *MARKETS, *CURSORS),
    "ID": IDS,
    "Decimal": DECIMALS,
    "DateTime": TIMES,
    "Date": DATES,
}


def value_of(draw: Draw, kind: GraphQLInputType, wrong: float = 0.1) -> object:
    """Return a JSON value for a type; in a share of all cases it is none of it."""
    if draw.hit(wrong):
        return odd_value(draw)
    if isinstance(kind, GraphQLNonNull):
        return value_of(draw, kind.of_type, wrong)
    if draw.hit(0.1):
        return None
    if isinstance(kind, GraphQLList):
        most = 1100 if draw.hit(0.01) else 4
        return [value_of(draw, kind.of_type, wrong) for _ in range(draw.upto(most))]
    if isinstance(kind, GraphQLInputObjectType):
        fields = {
            name: value_of(draw, field.type, wrong)
            for name, field in kind.fields.items()
            if draw.hit(0.4) or isinstance(field.type, GraphQLNonNull)
        }
        if draw.hit(wrong / 2):
            fields[odd_text(draw)] = odd_value(draw)
        return fields
    return _leaf(draw, kind, 0.3 if wrong else 0.03)


def _leaf(draw: Draw, kind: GraphQLInputType, odd: float) -> object:
    if isinstance(kind, GraphQLEnumType):
        return draw.one(list(kind.values))
    assert isinstance(kind, GraphQLScalarType)
    match kind.name:
        case "Int":
            number = draw.one(NUMBERS)
            return number if draw.hit(odd) else 1 + draw.upto(20)
        case "Float":
            return draw.one(NUMBERS)
        case "Boolean":
            return draw.hit(0.5)
        case name:
            return odd_text(draw) if draw.hit(odd / 3) else draw.one(_TEXTS[name])


def literal(draw: Draw, value: object, kind: GraphQLInputType | None) -> str:
    """Return a JSON value as a document writes it; enum values without quotes."""
    named = None if kind is None else get_named_type(kind)
    if isinstance(value, list):
        return "[" + " ".join(literal(draw, item, kind) for item in value) + "]"
    if isinstance(value, dict):
        known = named.fields if isinstance(named, GraphQLInputObjectType) else {}
        pairs = []
        for name, item in value.items():
            inner = known[name].type if name in known else None
            pairs.append(f"{name}: {literal(draw, item, inner)}")
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, str):
        if isinstance(named, GraphQLEnumType) and draw.hit(0.95):
            return value
        if draw.hit(0.05):
            return f'"""{value}"""'
        return json.dumps(value, ensure_ascii=draw.hit(0.5))
    return json.dumps(value)
