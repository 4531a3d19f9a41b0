"""One-off reads of the venues' market data: part of what can be asked."""

from typing import Annotated

import strawberry
from strawberry import UNSET, Info

from api.argument import count_of, forced, instant
from api.context import ApiContext
from api.scalar import UnixMs
from api.type.market_data import CandleSeries, OrderBook, Ticker, TradeSeries
from api.type.resolver import resolver
from api.type.vocabulary import ChannelChoice, Exchange, Interval
from domain.model import interval as interval_model
from domain.model import market as model
from domain.services.market_data_service import (
    MAX_CANDLES,
    MAX_DEPTH,
    MAX_MARKETS,
    MAX_TRADES,
)

DEFAULT_DEPTH = 15
DEFAULT_COUNT = 100

ContextInfo = Info[ApiContext, None]
Venue = Annotated[Exchange, strawberry.argument(description="The venue.")]
Market = Annotated[
    str,
    strawberry.argument(
        description="The venue's own code, in any case: `KRW-BTC`, `BTCUSDT`."
    ),
]
Markets = Annotated[
    list[str],
    strawberry.argument(
        description=f"Codes of 0 to {MAX_MARKETS} markets, as the venue writes them."
    ),
]
Depth = Annotated[
    int | None, strawberry.argument(description=f"Levels a side, 1 to {MAX_DEPTH}.")
]
Length = Annotated[
    Interval, strawberry.argument(description="How long each candle lasts.")
]
CandleCount = Annotated[
    int | None,
    strawberry.argument(
        description=f"The last so many candles, 1 to {MAX_CANDLES}, where there are."
    ),
]
TradeCount = Annotated[
    int | None,
    strawberry.argument(
        description=f"The last so many trades, 1 to {MAX_TRADES}, where there are."
    ),
]
Before = Annotated[
    UnixMs | None,
    strawberry.argument(
        description="Only candles that began before; null: now, with the running one."
    ),
]
Choice = Annotated[
    ChannelChoice,
    strawberry.argument(
        description=(
            "AUTO takes the channel that suits best and falls back to the other one; "
            "a channel by name is honoured, with an error if it is down."
        )
    ),
]


@strawberry.type
class MarketQuery:
    """The fields of the query root that read a venue."""

    @resolver(
        "The latest tickers, in the order asked, each market once; one of which no "
        "price is known is left out."
    )
    async def tickers(
        self,
        info: ContextInfo,
        exchange: Venue,
        markets: Markets,
        channel: Choice = ChannelChoice.AUTO,
    ) -> list[Ticker]:
        """Read tickers."""
        data, venue = info.context.market_data(), model.Exchange(exchange.name)
        found = await data.tickers(venue, markets, forced(channel))
        moment = info.context.moment()
        return [Ticker.from_domain(quote, moment) for quote in found]

    @resolver("The order book of one market.")
    async def order_book(
        self,
        info: ContextInfo,
        exchange: Venue,
        market: Market,
        depth: Depth = DEFAULT_DEPTH,
        channel: Choice = ChannelChoice.AUTO,
    ) -> OrderBook:
        """Read an order book."""
        data, venue = info.context.market_data(), model.Exchange(exchange.name)
        levels = count_of(depth, DEFAULT_DEPTH)
        found = await data.order_book(venue, market, levels, forced(channel))
        return OrderBook.from_domain(found.value, venue, found.channel)

    @resolver("The last candles of one market, the running one among them.")
    async def candles(
        self,
        info: ContextInfo,
        exchange: Venue,
        market: Market,
        interval: Length = Interval.M1,
        first: CandleCount = DEFAULT_COUNT,
        before: Before = UNSET,
        channel: Choice = ChannelChoice.AUTO,
    ) -> CandleSeries:
        """Read candles."""
        data, venue = info.context.market_data(), model.Exchange(exchange.name)
        length, end_ms = interval_model.Interval(interval.name), instant(before)
        count, choice = count_of(first, DEFAULT_COUNT), forced(channel)
        found = await data.candles(venue, market, length, count, end_ms, choice)
        return CandleSeries.from_domain(found)

    @resolver("The last trades of one market.")
    async def trades(
        self,
        info: ContextInfo,
        exchange: Venue,
        market: Market,
        first: TradeCount = DEFAULT_COUNT,
        channel: Choice = ChannelChoice.AUTO,
    ) -> TradeSeries:
        """Read trades."""
        data, venue = info.context.market_data(), model.Exchange(exchange.name)
        key = model.MarketKey(venue, market.upper())
        count = count_of(first, DEFAULT_COUNT)
        found = await data.trades(venue, market, count, forced(channel))
        return TradeSeries.from_domain(found.value, key, found.channel)
