"""Which queries are compiled, and what is kept of them."""

import json
from typing import Any

import pytest

import api.direct.answering as module
from api.caller import Caller
from api.direct.answering import Answering
from api.direct.head import MAX_DIRECT_BODY
from api.list_plan import Irregular
from api.schema import api_schema

HERE = Caller("192.0.2.1")


def body(query: str, name: str | None = None, **given: Any) -> bytes:
    asked = {"query": query, "operationName": name, "variables": given}
    return json.dumps(asked).encode()


class Desk:
    """The compiled queries of a world, asked as clients ask."""

    def __init__(self, world: Any) -> None:
        self.answers = Answering(world.deps, api_schema())

    async def answer(self, world: Any, query: str, **given: Any) -> Any:
        """Ask the ordinary way once, then directly."""
        await world.execute(query, **given)
        self.answers.data(query, None, given)
        found = self.answers.answer(body(query, **given), HERE)
        return None if found is None else json.loads(found)


@pytest.fixture
def desk(world: Any) -> Desk:
    return Desk(world)


async def test_a_first_sight_is_not_worth_compiling(world: Any, desk: Desk) -> None:
    query = "{ premiums { totalCount } }"
    await world.execute(query)
    assert desk.answers.answer(body(query), HERE) is None
    assert desk.answers.answer(body(query), HERE) is None
    assert desk.answers.data(query, None, {}) is None
    assert desk.answers.answer(body(query), HERE) is not None


@pytest.mark.parametrize(
    "query",
    [
        "{ health { status } }",
        "{ fxRates { rate } }",
        '{ premium(symbol: "BTC") { stats { median } } }',
        '{ premium(symbol: "BTC", asOf: "2026-01-01T00:00:00Z") { symbol } }',
        "{ premiums(first: 1001) { totalCount } }",
        "{ __schema { queryType { name } } }",
        '{ node(id: "x") { id } }',
        "{ nothing }",
        "{ premiums { totalCount }",
        "subscription { premiums { seq } }",
    ],
)
async def test_what_cannot_be_read_at_once_goes_the_ordinary_way(
    world: Any, desk: Desk, query: str
) -> None:
    for _ in range(3):
        assert await desk.answer(world, query) is None


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        b'{"query": 1}',
        b'{"query": "{ premiums { totalCount } }", "variables": []}',
        b'{"query": "{ premiums { totalCount } }", "operationName": 1}',
        b'{"query": "{ premiums { totalCount } }", "documentId": "a"}',
        b'{"query": "{ premiums { totalCount } }", "extensions": {"a": 1}}',
    ],
)
async def test_a_body_that_is_not_plain_goes_the_ordinary_way(
    world: Any, desk: Desk, sent: bytes
) -> None:
    await desk.answer(world, "{ premiums { totalCount } }")
    for _ in range(2):
        assert desk.answers.answer(sent, HERE) is None


async def test_an_answer_is_kept_until_the_board_changes(
    world: Any, desk: Desk
) -> None:
    query = "{ premiums { edges { node { symbol domestic { price } } } } }"
    first = await desk.answer(world, query)
    again = desk.answers.answer(body(query), HERE)
    assert again is not None
    assert json.loads(again)["data"] == first["data"]
    await world.clock.advance(1)
    world.publish(BTC="52100000")
    changed = desk.answers.answer(body(query), HERE)
    assert changed is not None
    assert json.loads(changed)["data"] == await world.data(query)
    assert json.loads(changed)["data"] != first["data"]


async def test_bodies_and_selections_are_bounded(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_BODIES", 4)
    monkeypatch.setattr(module, "KEPT_ANSWERS", 2)
    monkeypatch.setattr(module, "KEPT_SIGHTS", 3)
    desk = Desk(world)
    for symbol in ("BTC", "ETH", "XRP", "A", "B", "C"):
        query = "query($s: String!) { premium(symbol: $s) { symbol } }"
        assert await desk.answer(world, query, s=symbol) is not None or symbol == "BTC"
    assert len(desk.answers._bodies) == 4
    for field in ("symbol", "percent", "quality", "reason", "at"):
        query = f'{{ premium(symbol: "BTC") {{ {field} }} }}'
        _, told = [await desk.answer(world, query) for _ in range(2)]
        assert told is not None
    assert len(desk.answers._answers) == 2
    assert len(desk.answers._bodies) <= 4
    assert len(desk.answers._seen) == 3


async def test_a_long_document_is_not_kept(desk: Desk) -> None:
    query = "{ premiums { totalCount } } #" + "x" * MAX_DIRECT_BODY
    for _ in range(3):
        assert desk.answers.data(query, None, {}) is None
    assert not desk.answers._seen
    assert not desk.answers._bodies


async def test_what_has_no_fields_is_an_empty_object(world: Any, desk: Desk) -> None:
    query = '{ premium(symbol: "BTC") @skip(if: true) { symbol } }'
    _, answer = [await desk.answer(world, query) for _ in range(2)]
    assert answer["data"] == {}


async def test_an_answer_that_cannot_be_written_costs_nothing_here(
    world: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "{ premiums { totalCount } }"
    for _ in range(2):
        await desk.answer(world, query)
    left = world.deps.guard.left(HERE, world.clock.monotonic())

    def fail(*_: object) -> bytes:
        raise Irregular

    monkeypatch.setattr("api.compiled.answer.BoundQuery.data", fail)
    assert desk.answers.answer(body(query), HERE) is None
    assert world.deps.guard.left(HERE, world.clock.monotonic()) == left
