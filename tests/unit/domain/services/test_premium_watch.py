"""Subscriptions: a snapshot, then merged changes at the subscriber's pace."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import TypeVar

import pytest

from domain.model.error import UnknownCoin
from domain.model.premium_query import PremiumFilter
from domain.services.premium_watch import PremiumWatch
from tests.unit.domain.services.conftest import World

LIMIT_S = 5.0
T = TypeVar("T")


@pytest.fixture
async def live(world: World) -> AsyncIterator[World]:
    """The world live, with its board ticking."""
    world.go_live()
    world.board.tick()
    task = asyncio.create_task(world.board.run())
    await world.clock.settle()
    yield world
    task.cancel()


async def _next(world: World, events: AsyncIterator[T]) -> T:
    return await asyncio.wait_for(anext(events), LIMIT_S)


async def test_the_first_event_is_the_whole_board(live: World) -> None:
    watch = PremiumWatch(live.board, live.clock)
    first = await _next(live, watch.premiums(PremiumFilter(), 500))
    assert first.snapshot is True
    assert [p.symbol for p in first.premiums] == ["BTC", "ETH"]
    assert first.removed == ()
    assert first.seq == live.board.board.seq


async def test_an_empty_board_is_a_snapshot_too(world: World) -> None:
    watch = PremiumWatch(world.board, world.clock)
    first = await _next(world, watch.premiums(PremiumFilter(), 100))
    assert (first.snapshot, list(first.premiums)) == (True, [])
    assert first.at_ms == world.clock.now_ms()


async def test_later_events_hold_only_what_changed(live: World) -> None:
    events = PremiumWatch(live.board, live.clock).premiums(PremiumFilter(), 100)
    await _next(live, events)
    await live.clock.advance(1)
    live.trade("KRW-ETH", "53000000")
    await live.clock.settle()
    event = await _next(live, events)
    assert event.snapshot is False
    assert [p.symbol for p in event.premiums] == ["ETH"]


async def test_a_throttled_subscriber_gets_merged_changes_at_its_pace(
    live: World,
) -> None:
    events = PremiumWatch(live.board, live.clock).premiums(PremiumFilter(), 1000)
    await _next(live, events)
    following = asyncio.create_task(anext(events))
    for step in range(9):
        live.trade("KRW-BTC", str(52000000 + step))
        live.trade("KRW-ETH", str(52000000 + step))
        await live.clock.advance(0.1)
    assert not following.done()
    await live.clock.advance(0.11)
    event = await asyncio.wait_for(following, LIMIT_S)
    assert {p.symbol: p.domestic and p.domestic.price for p in event.premiums} == {
        "BTC": Decimal(52000008),
        "ETH": Decimal(52000008),
    }


async def test_who_comes_between_two_ticks_still_gets_each_tick_at_once(
    live: World,
) -> None:
    live.trade("KRW-BTC", "52000001")
    await live.clock.advance(0.15)
    live.trade("KRW-BTC", "52000002")
    await live.clock.advance(0.05)
    events = PremiumWatch(live.board, live.clock).premiums(PremiumFilter(), 100)
    await _next(live, events)
    for step in range(3, 6):
        following = asyncio.create_task(anext(events))
        live.trade("KRW-BTC", str(52000000 + step))
        await live.clock.advance(0.101)
        assert following.done()
        tick = live.board.last_tick
        assert tick is not None
        assert following.result().at_ms == tick.at_ms


async def test_the_first_change_after_a_quiet_interval_goes_out_at_once(
    live: World,
) -> None:
    events = PremiumWatch(live.board, live.clock).premiums(PremiumFilter(), 1000)
    await _next(live, events)
    following = asyncio.create_task(anext(events))
    await live.clock.advance(1.5)
    at_s = live.clock.monotonic()
    live.trade("KRW-BTC", "52000001")
    await live.clock.settle()
    assert following.done()
    assert live.clock.monotonic() == at_s
    assert [p.symbol for p in following.result().premiums] == ["BTC"]


async def test_changes_that_do_not_match_the_filter_make_no_event(live: World) -> None:
    wanted = PremiumFilter.of(symbols=["eth"])
    events = PremiumWatch(live.board, live.clock).premiums(wanted, 100)
    first = await _next(live, events)
    assert [p.symbol for p in first.premiums] == ["ETH"]
    following = asyncio.create_task(anext(events))
    await live.clock.advance(1)
    live.trade("KRW-BTC", "53000000")
    await live.clock.advance(1)
    assert not following.done()
    live.board.set_coins([live.coins[0]])
    await live.clock.advance(1)
    event = await asyncio.wait_for(following, LIMIT_S)
    assert (list(event.premiums), list(event.removed)) == ([], ["ETH"])


async def test_one_coin_is_told_now_and_after_each_of_its_changes(live: World) -> None:
    events = PremiumWatch(live.board, live.clock).premium("btc", 100)
    first = await _next(live, events)
    assert first.symbol == "BTC"
    following = asyncio.create_task(anext(events))
    await live.clock.advance(1)
    live.trade("KRW-ETH", "53000000")
    await live.clock.advance(1)
    assert not following.done()
    live.trade("KRW-BTC", "53000000")
    await live.clock.settle()
    assert (await asyncio.wait_for(following, LIMIT_S)).seq == first.seq + 1


async def test_one_coin_s_stream_ends_when_it_leaves_the_board(live: World) -> None:
    events = PremiumWatch(live.board, live.clock).premium("BTC", 100)
    await _next(live, events)
    following = asyncio.create_task(anext(events))
    await live.clock.advance(1)
    live.board.set_coins([live.coins[1]])
    await live.clock.advance(1)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(following, LIMIT_S)


async def test_an_unknown_coin_is_an_error(live: World) -> None:
    events = PremiumWatch(live.board, live.clock).premium("nope", 100)
    with pytest.raises(UnknownCoin) as caught:
        await _next(live, events)
    assert caught.value.symbol == "NOPE"
