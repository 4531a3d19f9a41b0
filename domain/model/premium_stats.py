"""Where a premium stands among the closes of a window.

Percentile: the share of closes below the value and half of those equal to it, in
percent (mid-rank; R. J. Hyndman, Y. Fan, "Sample Quantiles in Statistical Packages",
The American Statistician 50, 1996, definition 5, inverted). z-score: distance from the
mean in standard deviations of the population. All are rounded half-even to six places.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.model.interval import Interval
from domain.model.number import ratio, rounded, subtract

_DAY_MS = 86_400_000


class StatsWindow(StrEnum):
    """How far back: closes of minutes for H24, of hours for the longer ones."""

    H24 = "H24"
    D7 = "D7"
    D30 = "D30"
    D90 = "D90"
    D365 = "D365"

    @property
    def length_ms(self) -> int:
        """The length in milliseconds."""
        return _DAYS[self] * _DAY_MS

    @property
    def interval(self) -> Interval:
        """The bars whose closes are taken."""
        return Interval.M1 if self is StatsWindow.H24 else Interval.H1

    def span(self, now_ms: int) -> tuple[int, int]:
        """Return which openings are taken, `from` ≤ opened < `to`: bars that ended.

        None is before 1970.
        """
        to_ms = max(self.interval.opened_ms(now_ms), 0)
        return max(to_ms - self.length_ms, 0), to_ms


_DAYS = {
    StatsWindow.H24: 1,
    StatsWindow.D7: 7,
    StatsWindow.D30: 30,
    StatsWindow.D90: 90,
    StatsWindow.D365: 365,
}


@dataclass(frozen=True, slots=True)
class PremiumStats:
    """The closes of a window in percent, and where `value` stands among them.

    `percentile` is 0..100. Both it and `z_score` are None without a value or closes,
    `z_score` also where all closes are equal.
    """

    window: StatsWindow
    from_ms: int
    to_ms: int
    samples: int
    mean: Decimal | None
    stdev: Decimal | None
    min: Decimal | None
    max: Decimal | None
    value: Decimal | None
    percentile: Decimal | None
    z_score: Decimal | None


def percentile_of(below: int, equal: int, samples: int) -> Decimal | None:
    """Return the mid-rank percentile; None without samples."""
    if not samples:
        return None
    return ratio(Decimal(100 * below + 50 * equal), Decimal(samples))


def z_score_of(
    value: Decimal, mean: Decimal | None, stdev: Decimal | None
) -> Decimal | None:
    """Return the z-score; None where nothing deviates."""
    if mean is None or not stdev:
        return None
    return ratio(subtract(value, mean), stdev)


def rounded_or_none(value: Decimal | None) -> Decimal | None:
    """Return a computed number half-even to six places, where there is one."""
    return None if value is None else rounded(value)
