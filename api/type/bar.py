"""Premium bars, and pages of them."""

from decimal import Decimal
from typing import Self

import strawberry

from api.scalar import UnixMs
from api.type.page_info import PageInfo
from api.type.resolver import resolver
from api.type.vocabulary import BarOrigin, Interval, Quality
from domain.model import bar as model
from domain.model import page as page_model


@strawberry.type(
    description=(
        "How a coin's premium moved in one interval, in percent on the basis that was "
        "asked for."
    )
)
class PremiumBar:
    """View of the domain's `PremiumBar`."""

    value: strawberry.Private[model.PremiumBar]

    @classmethod
    def from_domain(cls, value: model.PremiumBar) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("When it opened; it ends where the next one opens.")
    def opened_at(self) -> UnixMs:
        """When it opened."""
        return UnixMs(self.value.opened_ms)

    @resolver("How long it is.")
    def interval(self) -> Interval:
        """How long it is."""
        return Interval(self.value.interval)

    @resolver("The first premium.")
    def open(self) -> Decimal:
        """The first premium."""
        return self.value.open

    @resolver("The highest; of a bar made from candles, that of open and close.")
    def high(self) -> Decimal:
        """The highest premium."""
        return self.value.high

    @resolver("The lowest; of a bar made from candles, that of open and close.")
    def low(self) -> Decimal:
        """The lowest premium."""
        return self.value.low

    @resolver("The last premium: of the closes of both sides at `fxRate`.")
    def close(self) -> Decimal:
        """The last premium."""
        return self.value.close

    @resolver("Won per coin at the close.")
    def domestic_close(self) -> Decimal:
        """The side in won."""
        return self.value.domestic_close

    @resolver("Dollars per coin at the close.")
    def global_close(self) -> Decimal:
        """The side in dollars."""
        return self.value.global_close

    @resolver("Won per dollar at the close, on the basis that was asked for.")
    def fx_rate(self) -> Decimal:
        """The rate."""
        return self.value.fx_rate

    @resolver("Versions it is made of; 0: nothing moved, the close before was carried.")
    def samples(self) -> int:
        """Versions it is made of."""
        return self.value.samples

    @resolver("The worst in the interval.")
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)

    @resolver("Where it comes from; BACKFILLED where any part of it is.")
    def origin(self) -> BarOrigin:
        """Where it comes from."""
        return BarOrigin(self.value.origin)

    @resolver(
        "Minutes it is made of: fewer than its interval has where some are missing or "
        "still to come. 0: made from the venues' candles of this interval."
    )
    def minutes(self) -> int:
        """Minutes it is made of."""
        return self.value.minutes


@strawberry.type(description="A bar's place in a page.")
class PremiumBarEdge:
    """View of an `Edge` of a domain `Page` of bars."""

    value: strawberry.Private[page_model.Edge[model.PremiumBar]]

    @classmethod
    def from_domain(cls, value: page_model.Edge[model.PremiumBar]) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("Its place among what was asked for.")
    def cursor(self) -> str:
        """Its place."""
        return self.value.cursor

    @resolver("The bar.")
    def node(self) -> PremiumBar:
        """The bar."""
        return PremiumBar.from_domain(self.value.row)


@strawberry.type(description="A page of bars.")
class PremiumBarConnection:
    """View of a domain `Page` of bars."""

    value: strawberry.Private[page_model.Page[model.PremiumBar]]

    @classmethod
    def from_domain(cls, value: page_model.Page[model.PremiumBar]) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("The bars of this page, in the direction asked for.")
    def edges(self) -> list[PremiumBarEdge]:
        """The rows."""
        return [PremiumBarEdge.from_domain(edge) for edge in self.value.edges]

    @resolver("What lies around this page.")
    def page_info(self) -> PageInfo:
        """What lies around."""
        return PageInfo.from_domain(self.value)
