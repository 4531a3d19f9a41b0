"""One side of a premium."""

from decimal import Decimal
from typing import Self

import strawberry

from api.moment import Moment
from api.scalar import UnixMs
from api.type.resolver import resolver
from api.type.vocabulary import Channel, Exchange, Quality
from domain.model import quote as model

_SINCE_MIDNIGHT = (
    "Change in percent since 00:00 UTC (09:00 in Seoul), the window Upbit shows; "
    "computed alike for both venues. Null until known."
)
_ROLLING = (
    "Change in percent over the last 24 hours, the window Binance shows; computed "
    "alike for both venues. Null until known."
)


@strawberry.type(
    description=(
        "One side of a premium, with where it came from and how old it is. Prices are "
        "per one coin, volumes in coins, also where the market trades 1,000 at once."
    )
)
class Quote:
    """View of the domain's `Quote`."""

    value: strawberry.Private[model.Quote]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: model.Quote, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("The venue.")
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange(self.value.exchange)

    @resolver("The venue's own code: `KRW-BTC`, `BTCUSDT`.")
    def market(self) -> str:
        """The venue's code."""
        return self.value.market

    @resolver("The last trade: won on Upbit, USDT on Binance.")
    def price(self) -> Decimal:
        """The last trade."""
        return self.value.price

    @resolver("The best bid; null where unknown.")
    def bid(self) -> Decimal | None:
        """The best bid."""
        return self.value.bid

    @resolver("The best ask; null where unknown.")
    def ask(self) -> Decimal | None:
        """The best ask."""
        return self.value.ask

    @resolver(
        "Coins traded in the last 24 hours.",
        name="baseVolume24h",
    )
    def base_volume_24h(self) -> Decimal | None:
        """Coins traded."""
        return self.value.base_volume_24h

    @resolver(
        "Turnover of the last 24 hours, in won or USDT.",
        name="quoteVolume24h",
    )
    def quote_volume_24h(self) -> Decimal | None:
        """Turnover."""
        return self.value.quote_volume_24h

    @resolver(_SINCE_MIDNIGHT)
    def change_percent_since_utc_midnight(self) -> Decimal | None:
        """Change since 00:00 UTC."""
        return self.value.change_percent_since_utc_midnight

    @resolver(_ROLLING, name="changePercentRolling24h")
    def change_percent_rolling_24h(self) -> Decimal | None:
        """Change over 24 hours."""
        return self.value.change_percent_rolling_24h

    @resolver("When the venue stamped the price.")
    def exchange_time(self) -> UnixMs:
        """The venue's stamp."""
        return UnixMs(self.value.exchange_ms)

    @resolver(
        "When the last message or answer that carried this market came.", moving=True
    )
    def received_at(self) -> UnixMs:
        """Our stamp."""
        return UnixMs(self.moment.board.received_ms(self.value))

    @resolver(
        "Milliseconds since `exchangeTime` at the moment of sending, corrected by "
        "the clocks' difference; 0..2147483647. It tells how old the price is and "
        "decides nothing: a quiet market on a live feed is LIVE.",
        moving=True,
    )
    def age_ms(self) -> int:
        """The age of the price."""
        return self.moment.board.age_ms(self.value, self.moment.now_ms)

    @resolver("The way the price reached us.")
    def channel(self) -> Channel:
        """The way it came."""
        return Channel(self.value.channel)

    @resolver("LIVE while the feed is up and carries this market.")
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)
