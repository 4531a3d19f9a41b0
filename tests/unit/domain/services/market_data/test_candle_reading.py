"""Candles: what is cached, how long, and how both parts become one series."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.memory.market_reader import MemoryMarketReader
from domain.model.candle import Candle
from domain.model.candle_series import CandleSeries
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.services.candle_reading import CandleLimits
from tests.unit.domain.services.market_data.conftest import World

REST, STREAM = Channel.REST, Channel.WEBSOCKET
UPBIT = Exchange.UPBIT
M1 = Interval.M1
BTC = "KRW-BTC"
MINUTE = 60_000


def asked(reader: MemoryMarketReader) -> list[int]:
    """Return how many candles a channel was asked for, question by question."""
    return [many for question, _, many in reader.asked if question == "candles"]


def closes(series: CandleSeries) -> list[int]:
    """Return the closing prices."""
    return [int(candle.close) for candle in series.candles]


def candle(world: World, at_ms: int, close: int) -> Candle:
    """Return a one-minute candle like those of the venue."""
    model = next(iter(world.rest._candles[BTC, M1].values()))
    return replace(model, opened_ms=at_ms, close=Decimal(close), closed=False)


async def settled(world: World) -> None:
    """Let the seconds pass in which the last closed candle may still change."""
    await world.clock.advance(3.0)


async def test_closed_candles_are_asked_for_once_a_minute(world: World) -> None:
    await settled(world)
    for _ in range(5):
        await world.data.candles(UPBIT, BTC, M1, 200)
        await world.clock.advance(5.0)
    assert asked(world.rest).count(200) == 1
    assert asked(world.rest).count(2) == 5


async def test_the_running_candle_is_never_older_than_a_second(world: World) -> None:
    await settled(world)
    await world.data.candles(UPBIT, BTC, M1, 200)
    now_ms = world.clock.now_ms() // MINUTE * MINUTE
    world.rest.set_candles([candle(world, now_ms, 1_005)])
    await world.clock.advance(0.9)
    assert closes(await world.data.candles(UPBIT, BTC, M1, 200))[-1] == 1_000
    await world.clock.advance(0.1)
    assert closes(await world.data.candles(UPBIT, BTC, M1, 200))[-1] == 1_005


async def test_just_after_its_end_a_closed_candle_may_still_change(
    world: World,
) -> None:
    await world.data.candles(UPBIT, BTC, M1, 200)
    last_ms = world.clock.now_ms() - MINUTE
    world.rest.set_candles([candle(world, last_ms, 1_009)])
    await world.clock.advance(1.5)
    assert closes(await world.data.candles(UPBIT, BTC, M1, 200))[-2] == 1_009


async def test_a_new_minute_is_asked_for_anew(world: World) -> None:
    await settled(world)
    await world.data.candles(UPBIT, BTC, M1, 200)
    opened_ms = world.clock.now_ms() // MINUTE * MINUTE + MINUTE
    world.rest.set_candles([candle(world, opened_ms, 1_111)])
    await world.clock.advance(60.0)
    found = await world.data.candles(UPBIT, BTC, M1, 200)
    assert closes(found)[-2:] == [1_000, 1_111]
    assert [c.closed for c in found.candles[-2:]] == [True, False]


async def test_askers_at_the_same_time_share_one_call(world: World) -> None:
    await settled(world)
    world.rest.latency_s = 0.5

    async def ask_twice() -> None:
        questions = (world.data.candles(UPBIT, BTC, M1, 300) for _ in range(2))
        await asyncio.gather(*questions)

    await world.after(0.5, ask_twice())
    assert sorted(asked(world.rest)) == [2, 300]


@pytest.mark.parametrize("before", [1, 30_000, MINUTE])
async def test_any_end_within_a_minute_is_the_same_question(
    world: World, before: int
) -> None:
    opened_ms = world.clock.now_ms() - 10 * MINUTE
    for end_ms in (opened_ms + before, opened_ms + MINUTE):
        found = await world.data.candles(UPBIT, BTC, M1, 5, end_ms)
        assert found.candles[-1].opened_ms == opened_ms
        assert found.channels == (REST,)
    assert asked(world.rest) == [5]
    assert asked(world.stream) == []


async def test_a_forced_stream_is_asked_for_closed_candles_too(world: World) -> None:
    world.stream.max_candles, world.stream.only_now = None, False
    end_ms = world.clock.now_ms() - 10 * MINUTE
    found = await world.data.candles(UPBIT, BTC, M1, 5, end_ms, STREAM)
    assert (found.channels, closes(found)) == ((STREAM,), [2_000] * 5)


@pytest.mark.parametrize(("draw", "close"), [(0.4, 1_000), (0.9, 2_000)])
async def test_a_stream_that_has_many_shares_them(
    world: World, draw: float, close: int
) -> None:
    world.data._candles._limits = CandleLimits(streamed=50)
    world.stream.max_candles, world.stream.only_now = None, False
    world.draws = [draw]
    found = await world.data.candles(UPBIT, BTC, M1, 50)
    assert closes(found) == [close] * 50
    assert len(found.channels) == 1


async def test_a_stream_that_has_less_than_was_thought_is_not_drawn_again(
    world: World,
) -> None:
    world.data._candles._limits = CandleLimits(streamed=50)
    world.draws = [0.9, 0.9, 0.9]
    first = await world.data.candles(UPBIT, BTC, M1, 5)
    assert first.channels == (REST,)
    await world.clock.advance(1.0)
    again = await world.data.candles(UPBIT, BTC, M1, 5)
    assert again.channels == (REST, STREAM)
    await world.data.candles(UPBIT, BTC, M1, 50)
    assert asked(world.stream) == [5, 1]


async def test_a_stream_without_any_candles_leaves_them_to_rest(world: World) -> None:
    world.stream.unsupported = {"candles"}
    world.draws = [0.9]
    for _ in range(2):
        found = await world.data.candles(UPBIT, BTC, M1, 1)
        assert found.channels == (REST,)


@pytest.mark.parametrize("count", [1, 5])
async def test_a_running_candle_that_is_still_good_is_not_waited_for(
    world: World, count: int
) -> None:
    world.stream.silent = True
    world.draws = [0.9, 0.9]
    await world.after(0.5, world.data.candles(UPBIT, BTC, M1, count))
    before = len(world.stream.asked)
    async with asyncio.timeout(5):
        found = await world.data.candles(UPBIT, BTC, M1, count)
    assert (found.channels, found.quality) == ((REST,), Quality.LIVE)
    assert len(world.stream.asked) == before


async def test_no_minute_is_lost_where_a_new_one_begins_meanwhile(world: World) -> None:
    opened_ms = world.clock.now_ms()
    world.rest.set_candles([candle(world, opened_ms + MINUTE, 1_222)])
    world.stream.set_candles([candle(world, opened_ms + MINUTE, 2_222)])
    found = await world.data.candles(UPBIT, BTC, M1, 5)
    assert closes(found) == [1_000, 1_000, 1_000, 1_000, 1_222]
    minutes = {c.opened_ms // MINUTE for c in found.candles}
    assert len(minutes) == max(minutes) - min(minutes) + 1


async def test_a_stream_that_still_tells_of_the_last_minute_adds_nothing(
    world: World,
) -> None:
    del world.stream._candles[BTC, M1][world.clock.now_ms()]
    found = await world.data.candles(UPBIT, BTC, M1, 5)
    assert closes(found) == [1_000] * 5
    assert found.candles[-1].opened_ms == world.clock.now_ms() - MINUTE
    assert all(c.closed for c in found.candles)
    assert found.quality is Quality.LIVE


async def test_the_venue_s_clock_decides_which_candle_runs(world: World) -> None:
    # Ours is ahead by five seconds: at the venue the minute before still runs.
    world.board.set_skew(UPBIT, 5_000)
    running_ms = world.clock.now_ms() - MINUTE
    for reader in (world.rest, world.stream):
        del reader._candles[BTC, M1][world.clock.now_ms()]
    found = await world.data.candles(UPBIT, BTC, M1, 5)
    assert found.candles[-1].opened_ms == running_ms
    assert [c.closed for c in found.candles[-2:]] == [True, False]


async def test_series_kept_for_bad_times_are_bounded(world: World) -> None:
    for count in range(1, 140):
        end_ms = world.clock.now_ms() - MINUTE
        await world.data.candles(UPBIT, BTC, M1, count, end_ms)
    assert len(world.data._candles._kept) == 128


async def test_every_cache_can_be_looked_at(world: World) -> None:
    names = [cache.name for cache in world.data.caches]
    assert names == ["order_books", "candles.closed", "candles.running"]
    await world.data.order_book(UPBIT, BTC, 5)
    await world.data.order_book(UPBIT, BTC, 5)
    assert world.data.caches[0].stats.hits == 1


async def test_a_fresh_book_of_the_other_channel_serves_who_leaves_the_choice(
    world: World,
) -> None:
    await world.data.order_book(UPBIT, BTC, 5, REST)
    found = await world.data.order_book(UPBIT, BTC, 3)
    assert (found.channel, len(found.value.asks)) == (REST, 3)
    assert len(world.stream.asked) == 0
    assert world.data.caches[0].stats.hits == 1


async def test_one_answer_of_rest_serves_every_depth(world: World) -> None:
    for depth in (1, 5, 30):
        found = await world.data.order_book(UPBIT, BTC, depth, REST)
        assert len(found.value.asks) == depth
    assert [many for _, _, many in world.rest.asked] == [30]
    await world.clock.advance(1.0)
    await world.data.order_book(UPBIT, BTC, 1, REST)
    assert len(world.rest.asked) == 2
