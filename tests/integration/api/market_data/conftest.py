"""The world of the API tests with both channels of both venues."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.memory.market_reader import MemoryMarketReader
from domain.model.candle import Candle
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import BookLevel, OrderBook
from domain.model.route import RoutePolicy
from domain.model.trade import Side, Trade
from domain.services.channel_race import Patience
from domain.services.channel_router import ChannelRouter
from domain.services.market_data_service import MarketDataService

MARKETS = {Exchange.UPBIT: "KRW-ETH", Exchange.BINANCE: "ETHUSDT"}
MINUTE = 60_000


def filled(reader: MemoryMarketReader, now_ms: int) -> MemoryMarketReader:
    """Give a channel one market with everything."""
    market, one = MARKETS[reader.exchange], Decimal(1)
    price = Decimal("1.50")
    reader.set_ticker(
        QuoteUpdate(
            market,
            price,
            now_ms - 40,
            bid=Decimal("1.4"),
            ask=Decimal("1.6"),
            base_volume_24h=Decimal("10.0"),
            quote_volume_24h=Decimal(15),
            open_24h=one,
        )
    )
    levels = [BookLevel(price + at, one) for at in range(30)]
    bids = [BookLevel(price / (at + 2), one) for at in range(30)]
    reader.set_order_book(OrderBook(market, now_ms, tuple(bids), tuple(levels)))
    reader.set_candles(
        Candle(
            market,
            interval,
            interval.opened_ms(now_ms) - at * interval.length_ms,
            *(one, price, one, price, one, price),
            closed=at > 0,
        )
        for interval in (Interval.M1, Interval.D1)
        for at in range(250)
    )
    reader.set_trades(
        market,
        [
            Trade(market, str(at), now_ms + at, price, one, Side.SELL)
            for at in range(150)
        ],
    )
    return reader


@pytest.fixture
async def venue(world: Any) -> AsyncIterator[dict[tuple[str, str], MemoryMarketReader]]:
    """Connect the world; return the channels by venue and name."""
    readers = {
        (exchange.value, channel.value): filled(
            MemoryMarketReader(exchange, channel, world.clock), world.clock.now_ms()
        )
        for exchange in Exchange
        for channel in (Channel.REST, Channel.WEBSOCKET)
    }
    for (_, channel), reader in readers.items():
        if channel == "WEBSOCKET":
            reader.max_candles, reader.only_now = 1, True
    router = ChannelRouter(
        readers.values(), world.clock, lambda: 0.0, RoutePolicy(), Patience()
    )
    listed = {*MARKETS.items(), (Exchange.BINANCE, "1000SATSUSDT")}
    data = MarketDataService(
        router,
        world.board.board,
        lambda key: (key.exchange, key.market) in listed,
        world.clock,
    )
    world.deps = replace(world.deps, market_data=data)
    yield readers
    await data.close()
