"""Rates, and the premium on each basis."""

from decimal import Decimal
from typing import Self

import strawberry

from api.moment import Moment
from api.scalar import UnixMs
from api.type.resolver import resolver
from api.type.vocabulary import PremiumBasis, Quality, Reason
from domain.model import fx as model
from domain.model import premium as premium_model


@strawberry.type(description="What one unit of `base` costs in `quote`.")
class FxRate:
    """View of the domain's `FxRate`."""

    value: strawberry.Private[model.FxRate]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: model.FxRate, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("What is priced: `USD`, `USDT` or `USDC`.")
    def base(self) -> str:
        """What is priced."""
        return self.value.base

    @resolver("What it is priced in: `KRW`.")
    def quote(self) -> str:
        """What it is priced in."""
        return self.value.quote

    @resolver("Won for one unit of `base`.")
    def rate(self) -> Decimal:
        """The rate."""
        return self.value.rate

    @resolver("Who says so: `dunamu`, `frankfurter`, `open_er_api`, `upbit`.")
    def source(self) -> str:
        """Who says so."""
        return self.value.source

    @resolver("The instant the rate speaks of.")
    def as_of(self) -> UnixMs:
        """The instant it speaks of."""
        return UnixMs(self.value.as_of_ms)

    @resolver(
        "Milliseconds since `asOf` at the moment of sending, never below 0.",
        moving=True,
    )
    def age_ms(self) -> int:
        """The age of the rate."""
        return self.value.age_ms(self.moment.now_ms)

    @resolver("LIVE while its source answers and `asOf` is at most 120 h old.")
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)


@strawberry.type(description="The premium on one basis.")
class BasisPremium:
    """View of the domain's `BasisPremium`."""

    value: strawberry.Private[premium_model.BasisPremium]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: premium_model.BasisPremium, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("How dollars became won.")
    def basis(self) -> PremiumBasis:
        """The basis."""
        return PremiumBasis(self.value.basis)

    @resolver("The premium in percent, six places; null where UNAVAILABLE.")
    def percent(self) -> Decimal | None:
        """The premium in percent."""
        return self.value.percent

    @resolver("The premium in won per coin, exact; null where UNAVAILABLE.")
    def absolute_krw(self) -> Decimal | None:
        """The premium in won."""
        return self.value.absolute_krw

    @resolver("The rate it was computed with; null where none is.")
    def fx(self) -> FxRate | None:
        """The rate."""
        fx = self.value.fx
        return None if fx is None else FxRate.from_domain(fx, self.moment)

    @resolver("How far these numbers can be trusted.")
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)

    @resolver("Why they are null or not live; null where LIVE.")
    def reason(self) -> Reason | None:
        """Why not live."""
        reason = self.value.reason
        return None if reason is None else Reason(reason)
