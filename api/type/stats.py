"""Where a premium stands: statistics of a window, and a small picture of a day."""

from decimal import Decimal
from typing import Self

import strawberry

from api.scalar import UnixMs
from api.type.resolver import resolver
from api.type.vocabulary import StatsWindow
from domain.model import premium_stats as model
from domain.services import day_trail as trail


@strawberry.type(
    description=(
        "The closes of a coin's bars in a window, in percent, and where `value` stands "
        "among them. All numbers have six places."
    )
)
class PremiumStats:
    """View of the domain's `PremiumStats`."""

    figures: strawberry.Private[model.PremiumStats]

    @classmethod
    def from_domain(cls, value: model.PremiumStats) -> Self:
        """Return the view."""
        return cls(figures=value)

    @resolver("The window.")
    def window(self) -> StatsWindow:
        """The window."""
        return StatsWindow(self.figures.window)

    @resolver(
        "The first opening that counts.",
        name="from",
    )
    def from_(self) -> UnixMs:
        """Where the window begins."""
        return UnixMs(self.figures.from_ms)

    @resolver("Where the window ends: bars that opened before and have ended count.")
    def to(self) -> UnixMs:
        """Where the window ends."""
        return UnixMs(self.figures.to_ms)

    @resolver("How many closes there are.")
    def samples(self) -> int:
        """How many closes."""
        return self.figures.samples

    @resolver(
        "The premium that is compared: that of the moment the figures were made, at "
        "most 10 seconds ago for H24, 30 for D7 and D30, a minute for D90, 5 minutes "
        "for D365. Null where it was unknown."
    )
    def value(self) -> Decimal | None:
        """What is compared."""
        return self.figures.value

    @resolver(
        "The share of closes below `value` and half of those equal to it, in percent "
        "(mid-rank); null without a value or closes."
    )
    def percentile(self) -> Decimal | None:
        """The percentile."""
        return self.figures.percentile

    @resolver(
        "How many standard deviations `value` is above the mean; null without a value, "
        "and where nothing deviates."
    )
    def z_score(self) -> Decimal | None:
        """The z-score."""
        return self.figures.z_score

    @resolver("The mean; null without closes.")
    def mean(self) -> Decimal | None:
        """The mean."""
        return self.figures.mean

    @resolver("The standard deviation of the population; null without closes.")
    def stdev(self) -> Decimal | None:
        """The standard deviation."""
        return self.figures.stdev

    @resolver("The lowest close; null without closes.")
    def min(self) -> Decimal | None:
        """The lowest close."""
        return self.figures.min

    @resolver("The highest close; null without closes.")
    def max(self) -> Decimal | None:
        """The highest close."""
        return self.figures.max


@strawberry.type(description="A point of a small picture.")
class SparklinePoint:
    """View of the domain's `TrailPoint`."""

    point: strawberry.Private[trail.TrailPoint]

    @classmethod
    def from_domain(cls, value: trail.TrailPoint) -> Self:
        """Return the view."""
        return cls(point=value)

    @resolver("The end of the minute.")
    def at(self) -> UnixMs:
        """The end of the minute."""
        return UnixMs(self.point.at_ms)

    @resolver("The premium at that instant, in percent.")
    def percent(self) -> Decimal:
        """The premium."""
        return self.point.percent
