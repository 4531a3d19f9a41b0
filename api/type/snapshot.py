"""Daily snapshots, and pages of them."""

from datetime import date as calendar_day
from decimal import Decimal
from typing import Self

import strawberry

from api.scalar import UnixMs, optional_ms
from api.type.page_info import PageInfo
from api.type.resolver import resolver
from domain.model import page as page_model
from domain.model import snapshot as model


@strawberry.type(
    description=(
        "One coin at the end of one day in Seoul: the last trades before 24:00 there "
        "(15:00 UTC). Null is what was not known, never 0."
    )
)
class DailySnapshot:
    """View of the domain's `DailySnapshot`."""

    value: strawberry.Private[model.DailySnapshot]

    @classmethod
    def from_domain(cls, value: model.DailySnapshot) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("The day that has ended.")
    def date(self) -> calendar_day:
        """The day."""
        return self.value.day

    @resolver("The coin's canonical symbol: `BTC`.")
    def symbol(self) -> str:
        """The coin's symbol."""
        return self.value.symbol

    @resolver("Upbit, won per coin.")
    def domestic_price(self) -> Decimal | None:
        """The side in won."""
        return self.value.prices.domestic_price

    @resolver("Binance, USDT per coin; null where it has no market there.")
    def global_price(self) -> Decimal | None:
        """The side in dollars."""
        return self.value.prices.global_price

    @resolver("The official rate, won per dollar, that was valid then.")
    def fx_rate(self) -> Decimal | None:
        """The rate."""
        return self.value.prices.fx_rate

    @resolver("Who said so: `dunamu`, `frankfurter` and the like; null without a rate.")
    def fx_source(self) -> str | None:
        """Who said so."""
        return self.value.prices.fx_source

    @resolver(
        "The premium of these prices at this rate, six places; null also where both "
        "sides may be different assets."
    )
    def percent(self) -> Decimal | None:
        """The premium."""
        return self.value.prices.percent

    @resolver("The instant it speaks of, also where it was made later.")
    def taken_at(self) -> UnixMs:
        """The instant it speaks of."""
        return UnixMs(self.value.taken_at_ms)

    @resolver("When the venues' own record was compared last; null: not yet.")
    def verified_at(self) -> UnixMs | None:
        """When it was compared."""
        return optional_ms(self.value.verified_ms)

    @resolver("1 at first; each amendment by evidence of its own instant adds 1.")
    def revision(self) -> int:
        """How often it was amended."""
        return self.value.revision


@strawberry.type(description="A snapshot's place in a page.")
class DailySnapshotEdge:
    """View of an `Edge` of a domain `Page` of snapshots."""

    value: strawberry.Private[page_model.Edge[model.DailySnapshot]]

    @classmethod
    def from_domain(cls, value: page_model.Edge[model.DailySnapshot]) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("Its place among what was asked for.")
    def cursor(self) -> str:
        """Its place."""
        return self.value.cursor

    @resolver("The snapshot.")
    def node(self) -> DailySnapshot:
        """The snapshot."""
        return DailySnapshot.from_domain(self.value.row)


@strawberry.type(description="A page of snapshots.")
class DailySnapshotConnection:
    """View of a domain `Page` of snapshots."""

    value: strawberry.Private[page_model.Page[model.DailySnapshot]]

    @classmethod
    def from_domain(cls, value: page_model.Page[model.DailySnapshot]) -> Self:
        """Return the view."""
        return cls(value=value)

    @resolver("The snapshots of this page.")
    def edges(self) -> list[DailySnapshotEdge]:
        """The rows."""
        return [DailySnapshotEdge.from_domain(edge) for edge in self.value.edges]

    @resolver("What lies around this page.")
    def page_info(self) -> PageInfo:
        """What lies around."""
        return PageInfo.from_domain(self.value)
