"""A subscription is told alike over every transport that carries one."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from api.access import Access
from api.limit import Limits
from api.type.premium import Premium
from domain.services.premium_watch import TICK_GRACE_S
from tests.contract.transport.client import Ended, Refused

BOARD = """subscription($t: Int) { premiums(throttleMs: $t) {
  seq snapshot removed premiums { symbol percent } } }"""
COIN = """subscription($s: String!, $t: Int = 100) {
  premium(symbol: $s, throttleMs: $t) { symbol percent seq } }"""
# graphql-core alone can answer it: it runs the ordinary way, not in a group.
ALONE = """subscription($s: String!, $t: Int = 100) {
  premium(symbol: $s, throttleMs: $t) { seq percent icon: coin { iconUrl }
    stats(window: H24) { mean } } }"""


async def until(condition: Any) -> None:
    """Wait for a condition, within the limit of the server."""
    while not condition():  # noqa: ASYNC110 (connections tell nobody when they are read)
        await asyncio.sleep(0.005)  # the next look


def running(world: Any) -> int:
    """Return how many subscriptions are counted as running."""
    return sum(world.deps.traffic.subscriptions.values())


async def test_the_snapshot_comes_first_and_then_what_changes(
    listening: Any, world: Any
) -> None:
    async with listening.subscribe(BOARD) as stream:
        first = (await stream.next())["data"]["premiums"]
        assert first["snapshot"] is True
        assert len(first["premiums"]) == 6
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        second = await stream.next()
        told = second["data"]["premiums"]
        assert told["snapshot"] is False
        assert told["premiums"] == [{"symbol": "BTC", "percent": "0.192308"}]
        assert told["seq"] > first["seq"]
        assert second["extensions"]["serverTime"].endswith("Z")


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_changes_within_the_throttle_are_one_event(
    listening: Any, world: Any, document: str
) -> None:
    async with listening.subscribe(document, s="BTC", t=450) as stream:
        before = (await stream.next())["data"]["premium"]["seq"]
        await world.clock.settle()
        for price in ("52100000", "52200000", "52300000", "52400000"):
            await world.clock.advance(0.1)
            world.publish(BTC=price)
        await world.clock.advance(0.1 + TICK_GRACE_S)
        told = (await stream.next())["data"]["premium"]
        assert told["seq"] == before + 4
        assert told["percent"] == "0.769231"


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_an_unknown_symbol_is_one_error_and_the_end(
    listening: Any, world: Any, document: str
) -> None:
    async with listening.subscribe(document, s="NOPE") as stream:
        with pytest.raises(Refused) as refused:
            await stream.next()
    assert refused.value.code == "NOT_FOUND"
    await until(lambda: not running(world))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("subscription { premiums(throttleMs: 1) { seq } }", "BAD_USER_INPUT"),
        ("subscription { nope }", "BAD_USER_INPUT"),
        ("subscription { premiums { seq } health { status } }", "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_run_is_told_as_an_error(
    listening: Any, document: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        async with listening.subscribe(document) as stream:
            await stream.next()
    assert refused.value.code == code


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_a_stream_that_ends_says_so(
    listening: Any, world: Any, document: str
) -> None:
    async with listening.subscribe(document, s="BTC") as stream:
        await stream.next()
        await world.clock.settle()
        await world.clock.advance(1)
        left = [coin for coin in world.catalog.coins() if coin.symbol != "BTC"]
        world.board.set_coins(left)
        world.board.tick()
        with pytest.raises(Ended):
            await stream.next()
        await until(lambda: not running(world))


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_a_client_that_leaves_leaves_nothing(
    listening: Any, world: Any, document: str
) -> None:
    before = len(asyncio.all_tasks())
    async with listening.subscribe(document, s="BTC") as stream:
        await stream.next()
        assert running(world) == 1
    await until(lambda: not running(world))
    await until(lambda: len(asyncio.all_tasks()) <= before)
    engine = world.deps.traffic.live
    assert not engine.groups


async def test_two_operations_run_at_once(listening: Any, world: Any) -> None:
    async with (
        listening.subscribe(BOARD) as board,
        listening.subscribe(COIN, s="ETH") as coin,
    ):
        assert (await board.next())["data"]["premiums"]["snapshot"] is True
        assert (await coin.next())["data"]["premium"]["symbol"] == "ETH"
        await world.clock.advance(1)
        world.publish(ETH="2700000")
        (told,) = (await board.next())["data"]["premiums"]["premiums"]
        assert told["symbol"] == "ETH"
        alone = (await coin.next())["data"]["premium"]
        assert alone["percent"] == told["percent"]
        answer = await listening.query("{ __typename }")
        assert answer["data"] == {"__typename": "Query"}


async def test_a_mistake_in_one_operation_is_no_others(
    listening: Any, world: Any
) -> None:
    async with listening.subscribe(COIN, s="BTC") as good:
        await good.next()
        with pytest.raises(Refused):
            async with listening.subscribe("subscription {") as bad:
                await bad.next()
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        assert (await good.next())["data"]["premium"]["percent"] == "0.192308"


async def test_the_health_is_told_at_once(listening: Any) -> None:
    async with listening.subscribe("subscription { health { status } }") as stream:
        assert (await stream.next())["data"]["health"]["status"] == "HEALTHY"


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_who_runs_as_many_as_one_may_is_refused_one_more(
    streaming: Any, world: Any, document: str
) -> None:
    deps = replace(world.deps, limits=Limits(subscriptions=1))
    async with streaming.client(deps) as client:
        async with client.subscribe(document, s="BTC") as stream:
            await stream.next()
            with pytest.raises(Refused) as refused:
                async with client.subscribe(document, s="ETH") as other:
                    await other.next()
            assert refused.value.code == "RATE_LIMITED"
            assert refused.value.status in (0, 429)
        await until(lambda: not running(world))
        async with client.subscribe(document, s="ETH") as stream:
            await stream.next()


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_an_event_that_fails_is_masked_and_does_not_end_the_stream(
    listening: Any, world: Any, document: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def form(*_: Any) -> Any:
        raise RuntimeError("secret")

    async with listening.subscribe(document, s="BTC") as stream:
        await stream.next()
        await world.clock.settle()
        with monkeypatch.context() as broken:
            broken.setattr("api.type.premium.Coin.from_domain", form)
            broken.setattr("api.compiled.selection.CompiledEvent.write", form)
            await world.clock.advance(1)
            world.publish(BTC="52100000")
            told = await stream.next()
        assert told["data"] is None
        error = told["errors"][-1]
        assert error["extensions"]["code"] == "INTERNAL"
        assert error["extensions"]["requestId"]
        assert "secret" not in str(told)
        await world.clock.settle()
        await world.clock.advance(1)
        world.publish(BTC="52200000")
        assert (await stream.next())["data"]["premium"]["percent"] == "0.384615"


@pytest.mark.parametrize("document", [COIN, ALONE], ids=["group", "alone"])
async def test_a_stream_ends_with_the_key_it_was_opened_under(
    streaming: Any, world: Any, serving: Any, keys: Any, document: str
) -> None:
    deps = replace(world.deps, access=Access(keys.service, required=True))
    token = await keys.make()
    direct = streaming.name != "socket_asgi"
    async with serving(deps, direct=direct) as url, streaming.at(url, token) as client:
        async with client.subscribe(document, s="BTC") as stream:
            await stream.next()
            await keys.revoke(token)
            await keys.look()
            if streaming.is_socket:
                await client.connection.wait_closed()
                assert client.connection.close_code == 4403
                stream.is_over = True
            else:
                with pytest.raises(Refused) as refused:
                    await stream.next()
                assert refused.value.code == "UNAUTHENTICATED"
        await until(lambda: not running(world))


async def test_an_event_that_cannot_even_be_made_does_not_end_the_stream(
    listening: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, fails = Premium.from_domain, False

    def form(value: Any, moment: Any) -> Any:
        if fails:
            raise RuntimeError("secret")
        return made(value, moment)

    monkeypatch.setattr(Premium, "from_domain", form)
    async with listening.subscribe(ALONE, s="BTC") as stream:
        assert (await stream.next())["data"]["premium"]["percent"] == "0"
        await world.clock.settle()
        fails = True
        await world.clock.advance(1)
        world.publish(BTC="52100000")
        told = await stream.next()
        assert told["data"] is None
        assert told["errors"][0]["extensions"]["code"] == "INTERNAL"
        assert "secret" not in str(told)
        fails = False
        await world.clock.settle()
        await world.clock.advance(1)
        world.publish(BTC="52200000")
        assert (await stream.next())["data"]["premium"]["percent"] == "0.384615"
