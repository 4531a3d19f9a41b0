"""What every `MarketStream` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp
from domain.model.market import Channel, Exchange

if TYPE_CHECKING:
    from tests.contract.venue.conftest import Venue

A_FEW_BATCHES = 20


def is_up(event: FeedEvent) -> bool:
    return isinstance(event, FeedUp)


def is_down(event: FeedEvent) -> bool:
    return isinstance(event, FeedDown)


def prices_of(market: str) -> Callable[[FeedEvent], bool]:
    def told(event: FeedEvent) -> bool:
        return isinstance(event, FeedBatch) and any(
            update.market == market and update.price is not None
            for update in event.updates
        )

    return told


async def test_it_knows_its_venue(venue: Venue, exchange: Exchange) -> None:
    assert venue.stream.exchange is exchange
    venue.stream.watch([venue.btc])
    async with venue.listening() as listener:
        await listener.until(prices_of(venue.btc))
    assert {event.exchange for event in listener.events} == {exchange}
    assert {event.channel for event in listener.events} == {Channel.WEBSOCKET}


async def test_nothing_is_told_before_a_market_is_watched(venue: Venue) -> None:
    async with venue.listening() as listener:
        for _ in range(A_FEW_BATCHES):
            await asyncio.sleep(0)  # a turn for a batch
        assert listener.events == []
        venue.stream.watch([venue.btc])
        await listener.until(prices_of(venue.btc))


async def test_a_session_begins_before_its_data(venue: Venue) -> None:
    venue.stream.watch([venue.btc])
    async with venue.listening() as listener:
        await listener.until(prices_of(venue.btc))
    first, *rest = listener.events
    assert isinstance(first, FeedUp)
    assert not first.renewed
    batches = [event for event in rest if isinstance(event, FeedBatch)]
    assert all(not batch.seed for batch in batches)
    assert all(batch.received_s >= first.at_s for batch in batches)


async def test_only_watched_markets_are_told_of(venue: Venue) -> None:
    venue.stream.watch([venue.btc])
    async with venue.listening() as listener:
        heard = 0
        for _ in range(A_FEW_BATCHES):
            heard = await listener.until(prices_of(venue.btc), after=heard)
    told = {
        update.market
        for event in listener.events
        if isinstance(event, FeedBatch)
        for update in event.updates
    }
    assert told == {venue.btc}


async def test_markets_may_be_added_and_left_while_it_runs(venue: Venue) -> None:
    venue.stream.watch([venue.btc])
    async with venue.listening() as listener:
        await listener.until(prices_of(venue.btc))
        venue.stream.watch([venue.btc, venue.other])
        await listener.until(prices_of(venue.other))
        venue.stream.watch([venue.other])
        changed = len(listener.events)
        await listener.until(prices_of(venue.other), after=changed)
        assert not any(map(prices_of(venue.btc), listener.events[changed:]))
    assert sum(map(is_up, listener.events)) == 1


async def test_a_cut_is_told_and_another_session_follows(venue: Venue) -> None:
    venue.stream.watch([venue.btc])
    async with venue.listening() as listener:
        heard = await listener.until(prices_of(venue.btc))
        venue.cut()
        down = await listener.until(is_down, after=heard)
        venue.mend()
        up = await listener.until(is_up, after=down)
        await listener.until(prices_of(venue.btc), after=up)
    ended, began = listener.events[down - 1], listener.events[up - 1]
    assert isinstance(ended, FeedDown)
    assert ended.reason
    assert isinstance(began, FeedUp)
    assert not began.renewed
    assert began.at_s >= ended.at_s


async def test_stopping_tells_the_end_and_then_nothing(venue: Venue) -> None:
    venue.stream.watch([venue.btc])
    async with venue.listening() as listener:
        await listener.until(prices_of(venue.btc))
    assert isinstance(listener.events[-1], FeedDown)
    told = len(listener.events)
    for _ in range(A_FEW_BATCHES):
        await asyncio.sleep(0)  # a turn for a batch
    assert len(listener.events) == told


async def test_it_may_run_again(venue: Venue) -> None:
    venue.stream.watch([venue.btc])
    for _ in range(2):
        async with venue.listening() as listener:
            await listener.until(prices_of(venue.btc))
        assert sum(map(is_up, listener.events)) == 1
        assert sum(map(is_down, listener.events)) == 1
