"""The line every board shows first."""

from decimal import Decimal
from typing import Self

import strawberry

from api.moment import Moment
from api.type.fx import FxRate
from api.type.resolver import resolver
from domain.model import summary as model


@strawberry.type(
    description=(
        "The line every board shows first. It speaks of the whole board, whatever the "
        "filter, in percent on OFFICIAL_FX."
    )
)
class BoardSummary:
    """View of the domain's `BoardSummary`."""

    value: strawberry.Private[model.BoardSummary]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: model.BoardSummary, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("The premium of Bitcoin.")
    def btc_percent(self) -> Decimal | None:
        """The premium of Bitcoin."""
        return self.value.btc_percent

    @resolver("The median over LIVE premiums; null: there is none.")
    def median_percent(self) -> Decimal | None:
        """The median."""
        return self.value.median_percent

    @resolver("What a dollar of USDT costs in won above the official rate.")
    def tether_percent(self) -> Decimal | None:
        """The premium of USDT over the official rate."""
        return self.value.tether_percent

    @resolver("Coins that are LIVE.")
    def live(self) -> int:
        """Coins that are LIVE."""
        return self.value.live

    @resolver("Coins that are STALE.")
    def stale(self) -> int:
        """Coins that are STALE."""
        return self.value.stale

    @resolver("Coins that are UNAVAILABLE.")
    def unavailable(self) -> int:
        """Coins that are UNAVAILABLE."""
        return self.value.unavailable

    @resolver("The official rate in use; null where none is.")
    def fx_rate(self) -> FxRate | None:
        """The official rate in use."""
        rate = self.value.fx_rate
        return None if rate is None else FxRate.from_domain(rate, self.moment)
