"""What a venue answers to a one-off read, in its own units."""

from decimal import Decimal
from typing import Self

import strawberry

from api.scalar import UnixMs
from api.type.quote import Quote
from api.type.resolver import resolver
from api.type.vocabulary import Channel, Exchange, Interval, Quality, TradeSide
from domain.model import candle as candle_model
from domain.model import candle_series as series_model
from domain.model import market as market_model
from domain.model import order_book as book_model
from domain.model import trade as trade_model

_SERVED = "The channel that served it; CACHE: none answered, it is the last known one."
_QUALITY = "LIVE as the venue just told it; STALE where a stored value stands in."


def quality_of(channel: market_model.Channel) -> Quality:
    """Return how far an answer by this channel can be trusted."""
    return Quality.STALE if channel is market_model.Channel.CACHE else Quality.LIVE


@strawberry.type(
    description=(
        "A market's latest ticker. Unlike `Quote`, prices and volumes are per unit "
        "that the venue trades: `1000SATSUSDT` is for a thousand."
    )
)
class Ticker(Quote):
    """View of a domain `Quote` in the venue's units."""

    @resolver("Units traded in the last 24 hours.", name="baseVolume24h")
    def base_volume_24h(self) -> Decimal | None:
        """Units traded."""
        return self.value.base_volume_24h

    @resolver("When the message or answer that told it came.")
    def received_at(self) -> UnixMs:
        """Our stamp."""
        return UnixMs(self.value.received_ms)

    @resolver(_SERVED)
    def channel(self) -> Channel:
        """The way it came."""
        return Channel(self.value.channel)

    @resolver(_QUALITY)
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)


@strawberry.type(description="A price and what is offered there.")
class BookLevel:
    """View of the domain's `BookLevel`."""

    value: strawberry.Private[book_model.BookLevel]

    @resolver("The price, per unit of the market.")
    def price(self) -> Decimal:
        """The price."""
        return self.value.price

    @resolver("Units offered at this price.")
    def volume(self) -> Decimal:
        """What is offered."""
        return self.value.volume


@strawberry.type(description="What could be bought and sold at one moment.")
class OrderBook:
    """View of the domain's `OrderBook`."""

    value: strawberry.Private[book_model.OrderBook]
    venue: strawberry.Private[market_model.Exchange]
    served_by: strawberry.Private[market_model.Channel]

    @classmethod
    def from_domain(
        cls,
        value: book_model.OrderBook,
        venue: market_model.Exchange,
        served_by: market_model.Channel,
    ) -> Self:
        """Return the view."""
        return cls(value=value, venue=venue, served_by=served_by)

    @resolver("The venue.")
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange(self.venue)

    @resolver("The venue's own code: `KRW-BTC`, `BTCUSDT`.")
    def market(self) -> str:
        """The venue's code."""
        return self.value.market

    @resolver("When the venue stamped it; when it came, where the venue has no stamp.")
    def at(self) -> UnixMs:
        """The stamp."""
        return UnixMs(self.value.at_ms)

    @resolver("Who buys, the highest price first.")
    def bids(self) -> list[BookLevel]:
        """Who buys."""
        return [BookLevel(value=level) for level in self.value.bids]

    @resolver("Who sells, the lowest price first.")
    def asks(self) -> list[BookLevel]:
        """Who sells."""
        return [BookLevel(value=level) for level in self.value.asks]

    @resolver(_SERVED)
    def channel(self) -> Channel:
        """The way it came."""
        return Channel(self.served_by)

    @resolver(_QUALITY)
    def quality(self) -> Quality:
        """How far to trust it."""
        return quality_of(self.served_by)


@strawberry.type(description="What was traded in one interval.")
class Candle:
    """View of the domain's `Candle`."""

    value: strawberry.Private[candle_model.Candle]

    @resolver("When the interval began.")
    def opened_at(self) -> UnixMs:
        """When it began."""
        return UnixMs(self.value.opened_ms)

    @resolver("The first price.")
    def open(self) -> Decimal:
        """The first price."""
        return self.value.open

    @resolver("The highest price.")
    def high(self) -> Decimal:
        """The highest price."""
        return self.value.high

    @resolver("The lowest price.")
    def low(self) -> Decimal:
        """The lowest price."""
        return self.value.low

    @resolver("The last price.")
    def close(self) -> Decimal:
        """The last price."""
        return self.value.close

    @resolver("Units traded.")
    def base_volume(self) -> Decimal:
        """Units traded."""
        return self.value.base_volume

    @resolver("Turnover, in won or USDT.")
    def quote_volume(self) -> Decimal:
        """Turnover."""
        return self.value.quote_volume

    @resolver("False while the interval runs.")
    def closed(self) -> bool:
        """Whether it is over."""
        return self.value.closed


@strawberry.type(
    description=(
        "Candles of one market, the oldest first. An interval without a trade has "
        "none: nothing is invented."
    )
)
class CandleSeries:
    """View of the domain's `CandleSeries`."""

    value: strawberry.Private[series_model.CandleSeries]

    @classmethod
    def from_domain(cls, value: series_model.CandleSeries) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("The venue.")
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange(self.value.exchange)

    @resolver("The venue's own code: `KRW-BTC`, `BTCUSDT`.")
    def market(self) -> str:
        """The venue's code."""
        return self.value.market

    @resolver("How long each candle lasts.")
    def interval(self) -> Interval:
        """How long each lasts."""
        return Interval(self.value.interval)

    @resolver("The candles, the oldest first.")
    def candles(self) -> list[Candle]:
        """The candles."""
        return [Candle(value=candle) for candle in self.value.candles]

    @resolver("The channel that served the closed candles; CACHE: the last known ones.")
    def channel(self) -> Channel:
        """The way most of it came."""
        return Channel(self.value.channels[0])

    @resolver("All channels that served: the running candle may come another way.")
    def channels(self) -> list[Channel]:
        """Every way it came."""
        return [Channel(channel) for channel in self.value.channels]

    @resolver(
        "LIVE as the venue just told it; STALE where stored candles stand in, or where "
        "the running one could not be had and is left out."
    )
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)


@strawberry.type(description="One trade.")
class Trade:
    """View of the domain's `Trade`."""

    value: strawberry.Private[trade_model.Trade]

    @resolver("The venue's own number of it, unique within the market.")
    def id(self) -> str:
        """The venue's number."""
        return self.value.id

    @resolver("When the venue says it was made.")
    def at(self) -> UnixMs:
        """When it was made."""
        return UnixMs(self.value.at_ms)

    @resolver("The price, per unit of the market.")
    def price(self) -> Decimal:
        """The price."""
        return self.value.price

    @resolver("Units traded.")
    def volume(self) -> Decimal:
        """Units traded."""
        return self.value.volume

    @resolver("What the taker did.")
    def side(self) -> TradeSide:
        """What the taker did."""
        return TradeSide(self.value.side)


@strawberry.type(description="The last trades of one market, the oldest first.")
class TradeSeries:
    """View of domain `Trade`s."""

    values: strawberry.Private[tuple[trade_model.Trade, ...]]
    venue: strawberry.Private[market_model.Exchange]
    code: strawberry.Private[str]
    served_by: strawberry.Private[market_model.Channel]

    @classmethod
    def from_domain(
        cls,
        values: tuple[trade_model.Trade, ...],
        key: market_model.MarketKey,
        served_by: market_model.Channel,
    ) -> Self:
        """Return the view."""
        return cls(
            values=values, venue=key.exchange, code=key.market, served_by=served_by
        )

    @resolver("The venue.")
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange(self.venue)

    @resolver("The venue's own code: `KRW-BTC`, `BTCUSDT`.")
    def market(self) -> str:
        """The venue's code."""
        return self.code

    @resolver("The trades, the oldest first.")
    def trades(self) -> list[Trade]:
        """The trades."""
        return [Trade(value=trade) for trade in self.values]

    @resolver(_SERVED)
    def channel(self) -> Channel:
        """The way it came."""
        return Channel(self.served_by)

    @resolver(_QUALITY)
    def quality(self) -> Quality:
        """How far to trust it."""
        return quality_of(self.served_by)
