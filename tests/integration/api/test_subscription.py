"""Event streams of the schema, before any transport."""

import asyncio
from typing import Any

import pytest

from domain.model.event import FeedUp
from domain.model.health import ServiceStatus
from domain.model.market import Channel, Exchange
from domain.services.premium_watch import TICK_GRACE_S

BOARD = """subscription($f: PremiumFilter, $t: Int) {
  premiums(filter: $f, throttleMs: $t) { seq at snapshot removed
    premiums { symbol percent quality reason seq domestic { price ageMs } } } }"""
QUERY = """query($f: PremiumFilter) { premiums(filter: $f) { edges { node {
  symbol percent quality reason seq domestic { price ageMs } } } } }"""
COIN = """subscription($s: String!, $t: Int = 100) {
  premium(symbol: $s, throttleMs: $t) { symbol percent seq domestic { ageMs } } }"""


async def event(world: Any, stream: Any) -> dict[str, Any]:
    """Return the data of the next event."""
    result = await world.event(stream)
    assert result.errors is None, result.errors
    assert "serverTime" in result.extensions
    found: dict[str, Any] = next(iter(result.data.values()))
    return found


async def fold(stream: Any, board: dict[str, Any]) -> None:
    """Put every event on what a client knows."""
    async for result in stream:
        told = result.data["premiums"]
        if told["snapshot"]:
            board.clear()
        for premium in told["premiums"]:
            board[premium["symbol"]] = premium
        for symbol in told["removed"]:
            del board[symbol]


def ageless(premium: dict[str, Any]) -> dict[str, Any]:
    """Return a premium without what changes by itself."""
    return {
        **premium,
        "domestic": premium["domestic"] and {"price": premium["domestic"]["price"]},
    }


@pytest.mark.parametrize(
    "wanted", [None, {"minPercent": "-1", "maxPercent": "1"}, {"symbols": ["eth"]}]
)
async def test_the_fold_of_the_events_equals_the_query(
    world: Any, wanted: dict[str, Any] | None
) -> None:
    board: dict[str, Any] = {}
    stream = await world.stream(BOARD, f=wanted, t=100)
    client = asyncio.create_task(fold(stream, board))
    for step, bitcoin in enumerate((52500000, 51000000, 52100000, 60000000, 1)):
        await world.clock.advance(1)
        world.publish(BTC=str(bitcoin), ETH=str(2_600_000 - step * 10_000))
        await world.clock.advance(1)
        queried = (await world.data(QUERY, f=wanted))["premiums"]["edges"]
        assert {s: ageless(p) for s, p in board.items()} == {
            edge["node"]["symbol"]: ageless(edge["node"]) for edge in queried
        }
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)


async def test_the_first_event_is_the_board_and_later_ones_hold_changes(
    world: Any,
) -> None:
    stream = await world.stream(BOARD)
    first = await event(world, stream)
    assert first["snapshot"] is True
    assert first["at"] == "2026-01-01T00:00:00.000Z"
    assert len(first["premiums"]) == 6
    await world.clock.advance(1)
    world.publish(ETH="2700000")
    second = await event(world, stream)
    assert second["snapshot"] is False
    assert [premium["symbol"] for premium in second["premiums"]] == ["ETH"]
    assert second["seq"] > first["seq"]
    assert second["at"] == "2026-01-01T00:00:01.000Z"
    await stream.aclose()


async def test_a_coin_that_leaves_the_filter_is_removed(world: Any) -> None:
    stream = await world.stream(BOARD, f={"minPercent": "0.1"})
    assert [p["symbol"] for p in (await event(world, stream))["premiums"]] == ["ETH"]
    await world.clock.advance(1)
    world.publish(ETH="2000000")
    told = await event(world, stream)
    assert (told["premiums"], told["removed"]) == ([], ["ETH"])
    await stream.aclose()


async def test_a_venue_going_down_is_one_event_with_all_its_coins(world: Any) -> None:
    stream = await world.stream(BOARD)
    await event(world, stream)
    await world.clock.advance(1)
    world.cut(Exchange.BINANCE)
    told = await event(world, stream)
    reasons = {p["symbol"]: p["reason"] for p in told["premiums"]}
    assert reasons == dict.fromkeys(("BTC", "ETH", "SATS"), "GLOBAL_STALE")
    await stream.aclose()


async def test_ages_are_those_of_the_moment_of_sending(world: Any) -> None:
    stream = await world.stream(COIN, s="btc", t=1000)
    assert (await event(world, stream))["domestic"]["ageMs"] == 0
    waiting = asyncio.ensure_future(event(world, stream))
    await world.clock.settle()
    world.publish(BTC="52100000")
    await world.clock.advance(1 + TICK_GRACE_S)
    assert (await waiting)["domestic"]["ageMs"] == 1005
    await stream.aclose()


async def test_changes_are_merged_at_the_subscribers_pace(world: Any) -> None:
    stream = await world.stream(COIN, s="BTC", t=450)
    before = (await event(world, stream))["seq"]
    waiting = asyncio.ensure_future(event(world, stream))
    for price in ("52100000", "52200000", "52300000", "52400000"):
        await world.clock.advance(0.1)
        world.publish(BTC=price)
        assert not waiting.done()
    await world.clock.advance(0.1 + TICK_GRACE_S)
    told = await waiting
    assert told["seq"] == before + 4
    assert told["percent"] == "0.769231"
    await stream.aclose()


@pytest.mark.parametrize("pace", [None, 100])
async def test_a_null_pace_is_the_default(world: Any, pace: int | None) -> None:
    stream = await world.stream(COIN, s="BTC", t=pace)
    await event(world, stream)
    waiting = asyncio.ensure_future(event(world, stream))
    await world.clock.advance(0.1)
    world.publish(BTC="52100000")
    await world.clock.settle()
    assert (await waiting)["seq"] == 2
    await stream.aclose()


@pytest.mark.parametrize("symbol", ["NOPE", "OLD", ""])
async def test_an_unknown_symbol_is_one_error_not_found(
    world: Any, symbol: str
) -> None:
    results = [result async for result in await world.stream(COIN, s=symbol)]
    assert len(results) == 1
    assert results[0].data is None
    assert results[0].errors[0].extensions["code"] == "NOT_FOUND"


async def test_a_coin_that_leaves_the_board_ends_its_stream(world: Any) -> None:
    stream = await world.stream(COIN, s="BTC")
    await event(world, stream)
    waiting = asyncio.ensure_future(world.event(stream))
    await world.clock.advance(1)
    left = [coin for coin in world.catalog.coins() if coin.symbol != "BTC"]
    world.board.set_coins(left)
    world.board.tick()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_health_is_told_at_once_and_when_a_status_turns(world: Any) -> None:
    stream = await world.stream("subscription { health { status upstreams { name } } }")
    assert (await event(world, stream))["status"] == "HEALTHY"
    waiting = asyncio.ensure_future(event(world, stream))
    await world.clock.advance(3)
    assert not waiting.done()
    world.deps.health._database.status = ServiceStatus.UNAVAILABLE
    await world.clock.advance(1)
    assert (await waiting)["status"] == "DEGRADED"
    await stream.aclose()


async def test_closing_a_stream_closes_its_source_and_leaves_no_task(
    world: Any,
) -> None:
    before = asyncio.all_tasks()
    stream = await world.stream(BOARD)
    await event(world, stream)
    waiting = asyncio.ensure_future(anext(stream))
    await world.clock.settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await stream.aclose()
    assert asyncio.all_tasks() == before


async def test_a_feed_that_comes_back_makes_its_coins_live_again(world: Any) -> None:
    stream = await world.stream(BOARD, f={"quality": ["LIVE"]})
    await event(world, stream)
    await world.clock.advance(1)
    world.cut(Exchange.UPBIT)
    assert (await event(world, stream))["removed"] == ["BTC", "ETH", "SATS"]
    await world.clock.advance(1)
    world.board.observe(
        FeedUp(Exchange.UPBIT, Channel.WEBSOCKET, world.clock.monotonic())
    )
    world.publish(BTC="52000001")
    assert [p["symbol"] for p in (await event(world, stream))["premiums"]] == ["BTC"]
    await stream.aclose()
