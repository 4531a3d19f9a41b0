"""Kept minutes against the bars that the venues' candles give now. Pure.

A minute made from candles must come out the same again: closes of both legs, the rate
of a stablecoin basis, and the percent at the rate it has. The official rate may have
been dated later (the day's own rate comes in its afternoon) or come from a file: that
is counted, not a fault. A live minute closes with what was known at a tick, its candle
with the last trade: their distance is measured, and a fault beyond the tolerance.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Final

from domain.model.bar import Bar, BarOrigin, BasisBar, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.market import Quality
from domain.model.number import canonical, percent_change
from domain.model.premium import compute

# Percent points by which a leg's live close may differ from its candle's: prices move
# by this within a tick only in a crash.
LIVE_TOLERANCE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Fault:
    """A kept number that the venues' record contradicts; `what` says how."""

    symbol: str
    opened_ms: int
    what: str


@dataclass(slots=True)
class MinuteRecheck:
    """What came of comparing minutes; `distances` are of live ones, percent points.

    `unproven` minutes have no candles to be compared with, or stood on a stale leg;
    `rates` have another official rate than the calendar has now.
    """

    backfilled: int = 0
    live: int = 0
    live_equal: int = 0
    unproven: int = 0
    rates: int = 0
    distances: list[Decimal] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def median_distance(self) -> Decimal:
        """The middle distance of live minutes, percent points; 0 without any."""
        return median(self.distances) if self.distances else Decimal(0)

    @property
    def max_distance(self) -> Decimal:
        """The largest distance of a live minute, percent points; 0 without any."""
        return max(self.distances, default=Decimal(0))

    def add(self, other: "MinuteRecheck") -> None:
        """Take the results of other minutes in."""
        self.backfilled += other.backfilled
        self.live += other.live
        self.live_equal += other.live_equal
        self.unproven += other.unproven
        self.rates += other.rates
        self.distances += other.distances
        self.faults += other.faults


def recheck_minutes(
    kept: Iterable[PremiumBar], made: Sequence[Bar], tolerance: Decimal = LIVE_TOLERANCE
) -> MinuteRecheck:
    """Compare the kept minutes of one coin, on any bases, with those made now."""
    result = MinuteRecheck()
    now = {bar.opened_ms: bar for bar in made}
    for opened_ms, bases in sorted(_by_opening(kept).items()):
        bar = now.get(opened_ms)
        first = next(iter(bases.values()))
        if first.origin is BarOrigin.BACKFILLED:
            _recheck_backfilled(result, bases, bar)
        elif bar is None or all(b.quality is not Quality.LIVE for b in bases.values()):
            result.unproven += 1
        else:
            _recheck_live(result, first, bar, tolerance)
    return result


def _by_opening(
    kept: Iterable[PremiumBar],
) -> Mapping[int, Mapping[PremiumBasis, PremiumBar]]:
    found: dict[int, dict[PremiumBasis, PremiumBar]] = {}
    for bar in kept:
        found.setdefault(bar.opened_ms, {})[bar.basis] = bar
    return found


def _recheck_live(
    result: MinuteRecheck, kept: PremiumBar, made: Bar, tolerance: Decimal
) -> None:
    distance = max(
        abs(percent_change(kept.domestic_close, made.domestic_close)),
        abs(percent_change(kept.global_close, made.global_close)),
    )
    result.live += 1
    result.live_equal += _legs(kept) == _legs(made)
    result.distances.append(distance)
    if distance > tolerance:
        what = f"live closes {_closes(kept)}, candles {_closes(made)}"
        result.faults.append(Fault(kept.symbol, kept.opened_ms, what))


def _recheck_backfilled(
    result: MinuteRecheck, bases: Mapping[PremiumBasis, PremiumBar], made: Bar | None
) -> None:
    first = next(iter(bases.values()))
    if made is None:
        fault = Fault(first.symbol, first.opened_ms, "kept, but not in the candles now")
        result.faults.append(fault)
        return
    result.backfilled += 1
    what = list(_differences(bases, made))
    official = PremiumBasis.OFFICIAL_FX
    if official in bases and official in made.bases:
        result.rates += bases[official].fx_rate != made.bases[official].fx_rate
    if what:
        fault = Fault(first.symbol, first.opened_ms, "; ".join(what))
        result.faults.append(fault)


def _differences(bases: Mapping[PremiumBasis, PremiumBar], made: Bar) -> Iterator[str]:
    first = next(iter(bases.values()))
    if _legs(first) != _legs(made):
        yield f"closes {_closes(first)}, candles {_closes(made)}"
        return
    for basis, kept in bases.items():
        told = made.bases.get(basis)
        if told is not None:
            yield from _of_basis(kept, told)
        elif kept.samples:
            yield f"{basis} kept, but without a rate now"


def _of_basis(kept: PremiumBar, made: BasisBar) -> Iterator[str]:
    is_official = kept.basis is PremiumBasis.OFFICIAL_FX
    if kept.fx_rate != made.fx_rate and not is_official:
        told = f"{canonical(kept.fx_rate)}, candles {canonical(made.fx_rate)}"
        yield f"{kept.basis} rate {told}"
        return
    percent = compute(kept.domestic_close, kept.global_close, kept.fx_rate).percent
    if kept.close != percent:
        yield f"{kept.basis} {canonical(kept.close)} %, by its closes and rate " + (
            f"{canonical(percent)} %"
        )


def _closes(bar: PremiumBar | Bar) -> str:
    return f"{canonical(bar.domestic_close)}/{canonical(bar.global_close)}"


def _legs(bar: PremiumBar | Bar) -> tuple[Decimal, Decimal]:
    return bar.domestic_close, bar.global_close
