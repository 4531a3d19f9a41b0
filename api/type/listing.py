"""Where a coin is listed."""

from decimal import Decimal
from typing import Self

import strawberry

from api.scalar import UnixMs, unix_ms
from api.type.resolver import resolver
from api.type.vocabulary import Exchange, MarketWarning
from domain.model import coin as model


@strawberry.type(description="A coin's market on a venue, present or past.")
class Listing:
    """View of the domain's `Listing`."""

    value: strawberry.Private[model.Listing]

    @classmethod
    def from_domain(cls, value: model.Listing) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("The venue.")
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange(self.value.exchange)

    @resolver("The venue's own code: `KRW-BTC`, `1000SATSUSDT`.")
    def market(self) -> str:
        """The venue's code."""
        return self.value.market

    @resolver("The venue's own ticker, which may differ from the symbol.")
    def base_symbol(self) -> str:
        """The venue's ticker."""
        return self.value.base_symbol

    @resolver("The money it is priced in: `KRW`, `USDT`.")
    def quote(self) -> str:
        """The money."""
        return self.value.quote

    @resolver("Coins per unit traded: 1000 for 1000SATS. Quotes are per coin.")
    def multiplier(self) -> Decimal:
        """Coins per unit."""
        return self.value.multiplier

    @resolver("Whether orders match there now.")
    def tradable(self) -> bool:
        """Whether orders match."""
        return self.value.tradable

    @resolver("The venue's warnings about this market.")
    def warnings(self) -> list[MarketWarning]:
        """The venue's warnings."""
        return [MarketWarning(warning) for warning in self.value.warnings]

    @resolver("When it was listed; null where it stood there at our first look.")
    def since(self) -> UnixMs | None:
        """When it was listed."""
        return None if self.value.since is None else unix_ms(self.value.since)

    @resolver("When it was delisted; null while it is listed.")
    def until(self) -> UnixMs | None:
        """When it was delisted."""
        return None if self.value.until is None else unix_ms(self.value.until)
