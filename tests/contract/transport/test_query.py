"""A query is answered alike over every transport."""

from dataclasses import replace
from typing import Any

import pytest
import strawberry

from api.access import Access
from api.limit import Limits
from tests.contract.transport.client import Refused

COIN = "query Named($s: String!) { coin(symbol: $s) { koreanName } }"


async def test_a_query_is_answered(client: Any) -> None:
    answer = await client.query("{ __typename }")
    assert answer["data"] == {"__typename": "Query"}
    assert "errors" not in answer
    assert answer["extensions"]["serverTime"].endswith("Z")


async def test_who_asks_again_is_answered_without_execution(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = "query Again($s: String!) { premium(symbol: $s) { symbol percent at } }"
    executed = await client.query(document, s="btc")
    await client.query(document, s="btc")
    for way in ("execute", "stream"):
        monkeypatch.setattr(strawberry.Schema, way, None)
    compiled = await client.query(document, s="btc")
    assert compiled["data"] == executed["data"]
    assert compiled["data"]["premium"]["symbol"] == "BTC"
    assert compiled.keys() == executed.keys()
    with pytest.raises(Refused, match="INTERNAL"):
        await client.query("{ health { status } }")


async def test_variables_reach_their_arguments(client: Any) -> None:
    answer = await client.query(COIN, s="btc")
    assert answer["data"] == {"coin": {"koreanName": "비트코인"}}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "BAD_USER_INPUT"),
        ("{ nope }", "BAD_USER_INPUT"),
        (COIN, "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "BAD_USER_INPUT"),
        ("mutation { __typename }", "BAD_USER_INPUT"),
        ("{ " + "__typename " * 1100 + "}", "QUERY_TOO_COMPLEX"),
    ],
    ids=["syntax", "field", "variable", "operation", "kind", "tokens"],
)
async def test_what_cannot_run_is_one_error_without_data(
    client: Any, document: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await client.query(document)
    assert refused.value.code == code


async def test_what_fails_while_it_runs_stands_beside_the_data(client: Any) -> None:
    document = "{ a: __typename b: premiums(first: 0) { totalCount } }"
    answer = await client.query(document)
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["path"] == ["b"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == "first"


async def test_a_failure_of_ours_is_masked(
    client: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(*_: Any) -> Any:
        raise RuntimeError("secret")

    monkeypatch.setattr(world.catalog, "page", page)
    answer = await client.query("{ __typename coins { totalCount } }")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"]
    assert "secret" not in str(answer)


async def test_who_asks_too_much_is_told_when_to_ask_again(
    transport: Any, world: Any
) -> None:
    deps = replace(world.deps, limits=Limits(rate=1.0, burst=3_000.0))
    async with transport.client(deps) as client:

        async def ask_on() -> None:
            for _ in range(3):
                await client.query("{ premiums(first: 1000) { edges { cursor } } }")

        with pytest.raises(Refused) as refused:
            await ask_on()
    assert refused.value.code == "RATE_LIMITED"
    assert refused.value.errors[0]["extensions"]["retryAfterMs"] > 0
    assert refused.value.status in (0, 429)


async def test_where_a_key_is_demanded_nobody_is_answered_without(
    transport: Any, world: Any
) -> None:
    deps = replace(world.deps, access=Access(required=True))
    if transport.is_socket:
        with pytest.raises(Exception, match="4403"):
            async with transport.client(deps):
                raise AssertionError("it was let in")
        return
    async with transport.client(deps) as client:
        with pytest.raises(Refused) as refused:
            await client.query("{ __typename }")
    assert refused.value.code == "UNAUTHENTICATED"
    assert refused.value.status == 401


async def test_a_transport_of_one_answer_refuses_a_subscription_clearly(
    plain: Any, world: Any
) -> None:
    async with plain.client(world.deps) as client:
        with pytest.raises(Refused) as refused:
            async with client.subscribe("subscription { premiums { seq } }"):
                pass
    assert refused.value.status == 406
    assert refused.value.code == "BAD_USER_INPUT"
    assert "text/event-stream" in refused.value.errors[0]["message"]
    assert "multipart/mixed" in refused.value.errors[0]["message"]
