"""Premium bars: how a coin's premium moved in one interval.

Source: semantics.md "Bars and snapshots". Percents have six places; `opened_ms` is
Unix time (UTC) and a bar ends where the next one opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality


class BarOrigin(StrEnum):
    """Where a bar comes from."""

    LIVE = "LIVE"
    BACKFILLED = "BACKFILLED"


@dataclass(frozen=True, slots=True)
class BasisBar:
    """The premium on one basis within a bar: percents, and won per dollar at its close.

    `samples` counts the versions with a number; 0: the previous close was carried.
    `quality` is the worst of the interval. `minutes` counts the minutes it is made of,
    0 where it was made from the venues' candles of the bar's own interval.
    """

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    fx_rate: Decimal
    samples: int
    quality: Quality
    minutes: int = 1


@dataclass(frozen=True, slots=True)
class Bar:
    """One coin and interval on every basis that had a number.

    `domestic_close` is won per coin, `global_close` dollars per coin, both > 0.
    `fx_source` and `fx_as_of_ms` tell of the official rate at the close; None where
    OFFICIAL_FX has no number.
    """

    symbol: str
    interval: Interval
    opened_ms: int
    domestic_close: Decimal
    global_close: Decimal
    bases: Mapping[PremiumBasis, BasisBar]
    origin: BarOrigin
    fx_source: str | None = None
    fx_as_of_ms: int | None = None

    @property
    def ends_ms(self) -> int:
        """Where the next one opens, Unix ms."""
        return self.opened_ms + self.interval.length_ms


@dataclass(frozen=True, slots=True)
class PremiumBar:
    """A bar on one basis, as it is asked for."""

    symbol: str
    basis: PremiumBasis
    interval: Interval
    opened_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    domestic_close: Decimal
    global_close: Decimal
    fx_rate: Decimal
    samples: int
    quality: Quality
    origin: BarOrigin
    minutes: int


class HoleReason(StrEnum):
    """Why a bar cannot be made from the venues' own record."""

    NO_DOMESTIC_CANDLE = "NO_DOMESTIC_CANDLE"
    NO_GLOBAL_CANDLE = "NO_GLOBAL_CANDLE"
    NO_RATE = "NO_RATE"
    NO_GLOBAL_MARKET = "NO_GLOBAL_MARKET"
    IDENTITY_UNSURE = "IDENTITY_UNSURE"


@dataclass(frozen=True, slots=True)
class Hole:
    """Bars that are impossible: openings `from_ms` ≤ opened < `to_ms`, and why."""

    symbol: str
    interval: Interval
    from_ms: int
    to_ms: int
    reason: HoleReason


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes that were not recorded: openings `from_ms` ≤ opened < `to_ms`."""

    symbol: str
    from_ms: int
    to_ms: int

    @property
    def minutes(self) -> int:
        """How many minutes are missing."""
        return (self.to_ms - self.from_ms) // Interval.M1.length_ms
