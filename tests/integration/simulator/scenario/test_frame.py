"""Faults of frames: broken, late, doubled, and stamped by a wrong clock."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest

from adapters.simulator.garbage import KINDS

BOTH = pytest.mark.parametrize("venue", ["upbit", "binance"])
FRAMES = 40


def traded(world: Any, venue: str, many: int) -> None:
    """Trade at a price of its own each time, a tenth of a second apart."""
    base = 160_000_000 if venue == "upbit" else 120_000
    for number in range(many):
        world.pass_s(0.1)
        world.trade(venue, str(base + number * (1_000 if venue == "upbit" else 1)))


def price_of(body: bytes) -> str:
    row = json.loads(body)
    return str(row.get("tp", row.get("p")))


def stamp_of(body: bytes) -> int:
    row = json.loads(body)
    stamp = row.get("ttms", row.get("T"))
    assert isinstance(stamp, int)
    return stamp


@BOTH
@pytest.mark.parametrize("kind", KINDS)
async def test_garbage_comes_between_good_frames(
    world: Any, connect: Any, venue: str, kind: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("garbage", venue=venue, share=1.0, kinds=kind)
    traded(world, venue, FRAMES)
    frames = await client.until_answer()
    assert len(frames) == 2 * FRAMES
    good, bad = frames[::2], frames[1::2]
    assert len({price_of(each) for each in good}) == FRAMES
    assert all(one != other for one, other in zip(good, bad, strict=True))
    if kind == "negative":
        assert all(float(price_of(each)) < 0 for each in bad)
    if kind == "zero":
        assert all(float(price_of(each)) == 0 for each in bad)


@BOTH
async def test_the_same_seed_tells_the_same_story(
    world: Any, connect: Any, venue: str
) -> None:
    for name in ("garbage", "duplicates", "reordering"):
        world.simulator.inflict(name, venue=venue)
    one, other = await connect(venue), await connect(venue)
    world.simulator._networks[venue]._lines = 0
    again = await connect(venue)
    traded(world, venue, FRAMES)
    told = await one.until_answer()
    assert await again.until_answer() == told
    assert await other.until_answer() != told


@BOTH
async def test_older_frames_come_after_newer_ones_and_none_is_lost(
    world: Any, connect: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("reordering", venue=venue, share=0.5)
    traded(world, venue, FRAMES)
    stamps = [stamp_of(each) for each in await client.until_answer()]
    turns = [one > other for one, other in pairwise(stamps)]
    assert any(turns)
    world.simulator.relieve()
    world.simulator.step()
    stamps += [stamp_of(each) for each in await client.until_answer()]
    assert len(stamps) == len(set(stamps)) == FRAMES


@BOTH
async def test_a_held_frame_comes_at_the_end(
    world: Any, connect: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("reordering", venue=venue, share=1.0, for_s=5)
    world.trade(venue)
    assert await client.until_answer() == []
    world.pass_s(5)
    assert len(await client.until_answer()) == 1


@BOTH
async def test_duplicates_are_the_same_to_the_byte(
    world: Any, connect: Any, venue: str
) -> None:
    client = await connect(venue)
    world.simulator.inflict("duplicates", venue=venue, share=1.0, times=3)
    traded(world, venue, 5)
    frames = await client.until_answer()
    assert len(frames) == 15
    assert frames[::3] == frames[1::3] == frames[2::3]


@BOTH
@pytest.mark.parametrize("ms", [7_250, -3_600_000])
async def test_a_wrong_clock_stamps_frames_and_answers_and_the_date(
    world: Any, connect: Any, rest: Any, venue: str, ms: int
) -> None:
    client = await connect(venue)
    world.simulator.inflict("clock-skew", venue=venue, ms=ms)
    wrong_ms = world.clock.ms + ms
    world.trade(venue)
    (frame,) = await client.until_answer()
    assert stamp_of(frame) == wrong_ms
    path = (
        "/upbit/v1/ticker?markets=KRW-BTC"
        if venue == "upbit"
        else "/binance/api/v3/time"
    )
    answer = await rest.get(path)
    told = parsedate_to_datetime(answer.headers["Date"])
    assert told == datetime.fromtimestamp(wrong_ms // 1_000, UTC)
    row = json.loads(answer.body)
    if venue == "upbit":
        assert row[0]["timestamp"] == row[0]["trade_timestamp"] == wrong_ms
        spelled = row[0]["trade_date"] + row[0]["trade_time"]
        assert spelled == told.strftime("%Y%m%d%H%M%S")
    else:
        assert row == {"serverTime": wrong_ms}
    dialled = (await connect(venue)).socket._response.headers["Date"]
    assert parsedate_to_datetime(dialled) == told


async def test_candle_edges_stay_where_the_calendar_has_them(
    world: Any, rest: Any
) -> None:
    path = "/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=3"
    before = (await rest.get(path)).body
    world.simulator.inflict("clock-skew", venue="binance", ms=5_000)
    assert (await rest.get(path)).body == before
