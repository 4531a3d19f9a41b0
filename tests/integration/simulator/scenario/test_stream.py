"""Faults of sockets, as a client meets them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

Connect = Callable[[str], Awaitable[Any]]
ENDS = (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
BOTH = pytest.mark.parametrize("venue", ["upbit", "binance"])
PATHS = {"upbit": "/upbit/websocket/v1", "binance": "/binance/ws"}


@BOTH
async def test_silence_says_nothing_and_lets_everything_else_live(
    world: Any, connect: Connect, rest: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("silence", venue=venue, for_s=30)
    world.trade(venue, "160000000" if venue == "upbit" else "120000")
    await client.ask()
    await client.socket.ping(b"are you there")
    answered = await rest.ask(venue)
    assert answered.status == 200
    world.pass_s(29.9)
    world.pass_s(0.1)
    world.trade(venue, "170000000" if venue == "upbit" else "121000")
    row = await client.row()
    assert row.get("tp", row.get("p")) in (170_000_000, "121000.00000000")
    assert world.simulator.holding == ()


@BOTH
async def test_a_silent_venue_blames_nobody_for_missing_pongs(
    world: Any, connect: Connect, venue: str
) -> None:
    await connect(venue)
    world.simulator.inflict("silence", venue=venue)
    for _ in range(100):
        world.pass_s(1)
    assert world.simulator.violations.count == 0
    assert world.simulator.connections(venue) == 1


@BOTH
async def test_heartbeat_only_answers_pings_and_carries_no_data(
    world: Any, connect: Connect, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("heartbeat-only", venue=venue)
    world.trade(venue)
    assert await client.until_answer() == []
    await client.socket.ping(b"here")
    pong = await client.socket.receive(timeout=5)
    assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"here")
    world.pass_s(20)
    beat = await client.socket.receive(timeout=5)
    assert beat.type is (
        aiohttp.WSMsgType.BINARY if venue == "upbit" else aiohttp.WSMsgType.PING
    )
    world.simulator.relieve("heartbeat-only")
    world.trade(venue)
    assert len(await client.until_answer()) == 1


@BOTH
async def test_a_cut_ends_connections_once(
    world: Any, connect: Connect, rest: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("cut", venue=venue)
    assert (await client.end()).type in ENDS
    assert world.simulator.holding == ()
    assert (await rest.ask(venue)).status == 200
    await connect(venue)


@BOTH
async def test_a_cut_that_lasts_leaves_the_venue_out_of_reach(
    world: Any, connect: Connect, rest: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("cut", venue=venue, for_s=60)
    assert (await client.end()).type in ENDS
    with pytest.raises(aiohttp.ClientError):
        await rest.ask(venue)
    with pytest.raises(aiohttp.ClientError):
        await connect(venue)
    world.pass_s(60)
    assert (await rest.ask(venue)).status == 200
    await connect(venue)


@BOTH
@pytest.mark.parametrize("code", [1000, 1013, 0])
async def test_accepted_sockets_are_closed_at_once(
    world: Any, connect: Connect, http: aiohttp.ClientSession, venue: str, code: int
) -> None:
    client = await connect(venue)
    world.simulator.inflict("accept-then-close", venue=venue, code=code)
    await _ended_with(client.socket, code)
    url = world.simulator.socket_url + PATHS[venue]
    for _ in range(3):
        async with http.ws_connect(url) as socket:
            await _ended_with(socket, code)
    assert world.simulator.connections(venue) == 0
    world.simulator.relieve()
    await connect(venue)


async def _ended_with(socket: aiohttp.ClientWebSocketResponse, code: int) -> None:
    last = await socket.receive(timeout=5)
    if code:
        assert (last.type, last.data) == (aiohttp.WSMsgType.CLOSE, code)
    else:
        assert last.type in ENDS


@BOTH
async def test_half_open_sockets_neither_hear_nor_speak_and_are_reset_at_the_end(
    world: Any, connect: Connect, http: aiohttp.ClientSession, venue: str
) -> None:
    client = await connect(venue)
    heard = world.simulator.traffic.of[venue].messages
    world.simulator.inflict("half-open", venue=venue, for_s=300)
    await client.ask()
    world.trade(venue)
    http._retry_connection = False  # else it dials a second time by itself
    url = world.simulator.socket_url + PATHS[venue]
    dialling = asyncio.ensure_future(http.ws_connect(url))
    reading = asyncio.ensure_future(client.socket.receive())
    await world.until(lambda: world.simulator.traffic.of[venue].handshakes == 2)
    for _ in range(150):
        world.pass_s(1)
    assert not reading.done()
    assert not dialling.done()
    assert world.simulator.traffic.of[venue].messages == heard
    world.pass_s(150)
    assert (await asyncio.wait_for(reading, 5)).type in ENDS
    with pytest.raises(aiohttp.ClientError):
        await asyncio.wait_for(dialling, 5)
    assert world.simulator.violations.count == 0
    await connect(venue)


@BOTH
async def test_a_dead_stream_refuses_handshakes_while_rest_lives(
    world: Any, connect: Connect, rest: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("stream-dead", venue=venue)
    assert (await client.end()).type in ENDS
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await connect(venue)
    assert caught.value.status == 503
    assert (await rest.ask(venue)).status == 200
    world.simulator.relieve("stream-dead")
    await connect(venue)


async def test_the_24_hour_cut_comes_with_a_close_frame(
    world: Any, connect: Connect
) -> None:
    client = await connect("binance")
    world.simulator.inflict("24-hour-cut")
    last = await client.end()
    assert (last.type, last.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert last.extra == "24 hours"
    await connect("binance")


async def test_a_shutdown_is_announced_and_cuts_who_stayed(
    world: Any, connect: Connect
) -> None:
    client = await connect("binance")
    world.simulator.inflict("server-shutdown", after_s=10)
    told = json.loads(await client.raw())
    assert told == {"e": "serverShutdown", "E": world.clock.ms}
    renewed = await connect("binance")
    world.pass_s(9.9)
    world.trade("binance")
    assert len(await client.until_answer()) == 1
    world.pass_s(0.1)
    assert (await client.end()).type in ENDS
    world.trade("binance")
    assert len(await renewed.until_answer()) == 2
    assert world.simulator.holding == ()


async def test_a_shutdown_called_off_cuts_nobody(world: Any, connect: Connect) -> None:
    client = await connect("binance")
    world.simulator.inflict("server-shutdown", after_s=10)
    world.simulator.relieve("server-shutdown")
    world.pass_s(11)
    assert len(await client.until_answer()) == 1
