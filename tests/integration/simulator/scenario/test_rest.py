"""Faults of REST, as a client meets them."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from adapters.simulator.promise import GRACE_MS

ALL = pytest.mark.parametrize("venue", ["upbit", "binance", "fx"])
BOTH = pytest.mark.parametrize("venue", ["upbit", "binance"])


def rules(world: Any) -> list[str]:
    return [each.rule for each in world.simulator.violations.listed()]


async def test_binance_throttles_with_the_time_that_is_left(
    world: Any, rest: Any
) -> None:
    world.simulator.inflict("rate-limited", venue="binance", for_s=7)
    world.pass_s(1.5)
    refused = await rest.ask("binance")
    assert refused.status == 429
    assert refused.headers["Retry-After"] == "6"
    assert int(refused.headers["X-MBX-USED-WEIGHT-1M"]) > 6_000
    assert json.loads(refused.body)["code"] == -1003
    world.pass_s(5.5)
    assert (await rest.ask("binance")).status == 200
    assert rules(world) == []


async def test_binance_throttles_without_end_by_its_parameter(
    world: Any, rest: Any
) -> None:
    world.simulator.inflict("rate-limited", venue="binance", retry_after_s=30)
    for _ in range(3):
        refused = await rest.ask("binance")
        assert refused.headers["Retry-After"] == "30"
        world.pass_s(30)
    assert rules(world) == []


async def test_upbit_throttles_one_group_and_names_no_time(
    world: Any, rest: Any
) -> None:
    world.simulator.inflict("rate-limited", venue="upbit", group="ticker")
    refused = await rest.ask("upbit")
    assert refused.status == 429
    assert refused.headers["Remaining-Req"] == "group=ticker; min=600; sec=0"
    assert "Retry-After" not in refused.headers
    assert json.loads(refused.body)["error"]["name"] == 429
    other = await rest.get("/upbit/v1/orderbook?markets=KRW-BTC")
    assert other.status == 200
    assert rules(world) == []


@pytest.mark.parametrize(
    ("venue", "wait_s"), [("upbit", 0.9), ("binance", 1.9), ("fx", 1.9)]
)
async def test_who_comes_before_the_time_breaks_a_rule(
    world: Any, rest: Any, venue: str, wait_s: float
) -> None:
    world.simulator.inflict("rate-limited", venue=venue)
    await rest.ask(venue)
    await rest.ask(venue)  # on its way already
    assert rules(world) == []
    world.pass_s(GRACE_MS / 1_000)
    await rest.ask(venue)
    assert rules(world) == ["request before its time"]
    world.simulator.relieve()
    # The word holds, though what made it necessary is over.
    world.pass_s(wait_s - 0.2)
    assert (await rest.ask(venue)).status == 200
    assert len(rules(world)) == 2
    world.pass_s(wait_s)
    await rest.ask(venue)
    assert len(rules(world)) == 2


@BOTH
async def test_a_ban_says_how_long_and_ends_by_itself(
    world: Any, rest: Any, venue: str
) -> None:
    world.simulator.inflict("banned", venue=venue)
    world.pass_s(10)
    refused = await rest.ask(venue)
    assert refused.status == 418
    words = refused.body.decode()
    if venue == "upbit":
        assert "Blocked for 20 seconds" in words
        assert "Retry-After" not in refused.headers
    else:
        assert refused.headers["Retry-After"] == "20"
        assert f"banned until {world.clock.ms + 20_000}" in words
    world.pass_s(5)
    await rest.ask(venue)
    assert rules(world) == ["request while banned"]
    world.pass_s(15)
    assert (await rest.ask(venue)).status == 200
    assert len(rules(world)) == 1


@BOTH
async def test_throttled_handshakes_are_refused_only_where_asked(
    world: Any, connect: Any, venue: str
) -> None:
    world.simulator.inflict("rate-limited", venue=venue)
    await connect(venue)
    world.simulator.inflict("rate-limited", venue=venue, sockets=True)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await connect(venue)
    assert caught.value.status == 429


@ALL
async def test_a_server_error_has_the_status_asked_for(
    world: Any, rest: Any, venue: str
) -> None:
    world.simulator.inflict("server-error", venue=venue, status=502, for_s=5)
    refused = await rest.ask(venue)
    assert refused.status == 502
    json.loads(refused.body)
    world.pass_s(5)
    assert (await rest.ask(venue)).status == 200


@ALL
async def test_slow_answers_are_made_at_once_and_arrive_late(
    world: Any, rest: Any, venue: str
) -> None:
    world.simulator.inflict("slow", venue=venue, ms=4_000)
    asked_ms = world.clock.ms
    asking = asyncio.ensure_future(rest.ask(venue))
    await _waiting(world, venue)
    world.pass_s(3.999)
    assert not asking.done()
    world.pass_s(0.001)
    answered = await asyncio.wait_for(asking, 5)
    assert answered.status == 200
    if venue == "upbit":
        assert json.loads(answered.body)[0]["timestamp"] == asked_ms


async def test_relief_lets_slow_answers_go(world: Any, rest: Any, connect: Any) -> None:
    world.simulator.inflict("slow", venue="upbit", ms=600_000)
    asking = asyncio.ensure_future(rest.ask("upbit"))
    await _waiting(world, "upbit")
    dialling = asyncio.ensure_future(connect("upbit"))
    await _waiting(world, "upbit", 2)
    world.simulator.relieve("slow")
    assert (await asyncio.wait_for(asking, 5)).status == 200
    await asyncio.wait_for(dialling, 5)


@ALL
async def test_dead_rest_is_reset_while_streams_live(
    world: Any, rest: Any, connect: Any, venue: str
) -> None:
    world.simulator.inflict("rest-dead", venue=venue)
    with pytest.raises(aiohttp.ClientError):
        await rest.ask(venue)
    if venue != "fx":
        client = await connect(venue)
        world.trade(venue)
        assert len(await client.until_answer()) == 1
    world.simulator.relieve("rest-dead", venue)
    assert (await rest.ask(venue)).status == 200


@ALL
@pytest.mark.parametrize("name", ["rest-dead", "half-open"])
async def test_hanging_rest_answers_nothing_until_it_is_reset(
    world: Any, rest: Any, venue: str, name: str
) -> None:
    params = {"how": "hang"} if name == "rest-dead" else {}
    world.simulator.inflict(name, venue=venue, for_s=3_600, **params)
    asking = asyncio.ensure_future(rest.ask(venue))
    await _waiting(world, venue)
    world.pass_s(3_599)
    assert not asking.done()
    world.pass_s(1)
    with pytest.raises(aiohttp.ClientError):
        await asyncio.wait_for(asking, 5)
    assert (await rest.ask(venue)).status == 200


async def test_what_was_slow_dies_with_the_network(
    world: Any, rest: Any, connect: Any
) -> None:
    world.simulator.inflict("slow", venue="upbit", ms=2_000)
    asking = asyncio.ensure_future(rest.ask("upbit"))
    dialling = asyncio.ensure_future(connect("upbit"))
    await _waiting(world, "upbit", 2)
    world.simulator.inflict("cut", venue="upbit", for_s=60)
    world.pass_s(2)
    for each in (asking, dialling):
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(each, 5)


async def _waiting(world: Any, venue: str, many: int = 1) -> None:
    """Wait until so many requests wait at a venue."""
    room = world.simulator._networks[venue].room
    await world.until(lambda: len(room) >= many)


@ALL
async def test_garbage_bodies_are_none_a_reader_can_use(
    world: Any, rest: Any, venue: str
) -> None:
    good = (await rest.ask(venue)).body
    world.simulator.inflict("garbage", venue=venue, rest=True)
    for _ in range(5):
        spoiled = await rest.ask(venue)
        assert spoiled.status == 200
        assert spoiled.body != good
    world.simulator.relieve()
    assert (await rest.ask(venue)).body == good


async def test_faults_add_up_and_each_ends_alone(world: Any, rest: Any) -> None:
    world.simulator.inflict("server-error", venue="upbit", for_s=10)
    world.simulator.inflict("clock-skew", venue="upbit", ms=-60_000, for_s=20)
    world.simulator.inflict("rate-limited", venue="upbit", group="candles")
    both = await rest.ask("upbit")
    assert both.status == 503
    world.pass_s(10)
    skewed = await rest.ask("upbit")
    assert skewed.status == 200
    assert json.loads(skewed.body)[0]["timestamp"] == world.clock.ms - 60_000
    world.pass_s(10)
    held = [each.scenario.name for each in world.simulator.holding]
    assert held == ["rate-limited"]
