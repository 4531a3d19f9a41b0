"""What every `MarketSource` does."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from domain.model.error import UpstreamUnavailable
from domain.model.market import Channel, Exchange
from domain.model.quote import DAY_MS

if TYPE_CHECKING:
    from tests.contract.venue.conftest import Venue

NOBODY = "KRW-NOBODY-LISTS-THIS"


async def test_it_knows_its_venue(venue: Venue, exchange: Exchange) -> None:
    assert venue.source.exchange is exchange


async def test_every_market_is_listed_once_with_its_ticker(
    venue: Venue, exchange: Exchange
) -> None:
    markets = await venue.source.markets()
    listed = {market.market: market for market in markets}
    assert len(listed) == len(markets)
    assert {market.exchange for market in markets} == {exchange}
    assert listed[venue.btc].base_symbol == "BTC"
    assert {market.quote for market in markets} == {venue.quote}
    assert listed[venue.btc].tradable


async def test_the_domestic_venue_has_names(venue: Venue, exchange: Exchange) -> None:
    names = [(m.korean_name, m.english_name) for m in await venue.source.markets()]
    if exchange is Exchange.UPBIT:
        assert all(korean and english for korean, english in names)


async def test_quotes_are_a_seed_by_rest_of_what_was_asked_for(
    venue: Venue, exchange: Exchange
) -> None:
    earliest_ms, earliest_s = venue.clock.now_ms(), venue.clock.monotonic()
    batch = await venue.source.quotes([venue.btc, venue.other])
    assert (batch.exchange, batch.channel) == (exchange, Channel.REST)
    assert sorted(u.market for u in batch.updates) == sorted([venue.btc, venue.other])
    assert all(u.price is not None and u.price > 0 for u in batch.updates)
    assert earliest_ms <= batch.received_ms <= venue.clock.now_ms()
    assert earliest_s <= batch.received_s <= venue.clock.monotonic()


async def test_a_market_that_nobody_lists_costs_only_itself(venue: Venue) -> None:
    batch = await venue.source.quotes([NOBODY, venue.btc])
    assert [update.market for update in batch.updates] == [venue.btc]


async def test_of_no_market_there_is_no_quote(venue: Venue) -> None:
    assert (await venue.source.quotes([])).updates == ()


async def test_the_utc_open_of_today_is_a_price(venue: Venue) -> None:
    today = venue.clock.now_ms() // DAY_MS
    price = await venue.source.utc_open(venue.btc, today)
    assert price is not None
    assert price > 0


async def test_a_day_without_trades_has_no_open(venue: Venue) -> None:
    assert await venue.source.utc_open(venue.btc, 1) is None


async def test_price_points_ascend_and_lie_in_the_past(venue: Venue) -> None:
    points = await venue.source.price_points(venue.btc)
    now_ms = venue.clock.now_ms()
    assert all(point.price > 0 for point in points)
    assert all(point.before_ms <= now_ms for point in points)
    assert all(a.before_ms < b.before_ms for a, b in pairwise(points))


async def test_a_venue_that_fails_is_unavailable_and_comes_back(venue: Venue) -> None:
    venue.fail()
    today = venue.clock.now_ms() // DAY_MS
    for question in (
        venue.source.markets(),
        venue.source.quotes([venue.btc]),
        venue.source.utc_open(venue.btc, today),
    ):
        with pytest.raises(UpstreamUnavailable):
            await question
    venue.mend()
    assert await venue.source.markets()
