import json
from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_schema, parse, validate

from app.settings import setting_names
from bench.query.operation import COUNTER, NAMES, SYMBOLS, operations
from bench.query.server import NODE_SOURCE, SETTINGS

ROOT = Path(__file__).parents[4]
PEERS = build_schema((NODE_SOURCE / "schema.graphql").read_text())
OURS = build_schema((ROOT / "schema.graphql").read_text())
COINS = [f"K{place:03}" for place in range(SYMBOLS + 5)]


@pytest.mark.parametrize("schema", [OURS, PEERS], ids=["ours", "peers"])
@pytest.mark.parametrize("name", NAMES)
def test_every_document_is_valid_at_ours_and_at_the_peers(
    schema: object, name: str
) -> None:
    asked = next(found for found in operations(COINS) if found.name == name)
    for text in {json.loads(body)["query"] for body in asked.bodies()}:
        assert validate(schema, parse(text)) == []  # type: ignore[arg-type]  # a schema


def test_the_peers_schema_is_a_part_of_ours() -> None:
    for name, theirs in PEERS.type_map.items():
        if isinstance(theirs, GraphQLObjectType) and not name.startswith("__"):
            ours = OURS.type_map[name]
            assert isinstance(ours, GraphQLObjectType)
            for field, told in theirs.fields.items():
                assert str(told.type) == str(ours.fields[field].type), field
                arguments = {key: str(arg.type) for key, arg in told.args.items()}
                mine = ours.fields[field].args
                assert arguments == {key: str(mine[key].type) for key in arguments}


def test_requests_have_the_form_that_clients_send() -> None:
    coin = operations(COINS)[0]
    (body,) = coin.bodies()
    assert json.loads(body) == {
        "operationName": "Coin",
        "query": coin.query,
        "variables": {"symbol": "K000"},
    }
    assert body.startswith('{"operationName":"Coin",')


def test_boards_have_a_hundred_coins_on_average() -> None:
    by_name = {asked.name: asked for asked in operations(COINS)}
    sizes = [told["first"] for told in by_name["boards"].variables]
    assert len(set(sizes)) == len(sizes) == 100
    assert sum(sizes) / len(sizes) == pytest.approx(100, abs=1)


def test_symbols_come_in_turn_and_documents_count() -> None:
    by_name = {asked.name: asked for asked in operations(COINS)}
    rotating = by_name["rotating"].bodies()
    assert len(set(rotating)) == SYMBOLS
    (fresh,) = by_name["fresh"].bodies()
    assert fresh.count(COUNTER) == 1
    assert COUNTER not in rotating[0]


def test_what_the_bench_raises_are_settings() -> None:
    assert set(SETTINGS) <= set(setting_names())
