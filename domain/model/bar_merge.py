"""Larger bars from smaller ones, on one basis.

Source: semantics.md "Bars and snapshots" and docs/adr/0008: the first open, the last
close with its prices and rate, the highest high, the lowest low, samples and minutes
summed, the worst quality, BACKFILLED where any part is. Merging is associative: days
made of hours equal days made of minutes.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from domain.model.bar import Bar, BarOrigin, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

MINUTE_MS = Interval.M1.length_ms
# Bars that are made of smaller bars which may themselves be made from candles.
PART_OF = {Interval.H4: Interval.H1, Interval.W1: Interval.D1}
_RANK = {Quality.LIVE: 0, Quality.STALE: 1, Quality.UNAVAILABLE: 2}


def on_basis(bar: Bar, basis: PremiumBasis) -> PremiumBar | None:
    """Return a bar as it is on one basis, None where it has no number on it."""
    numbers = bar.bases.get(basis)
    if numbers is None:
        return None
    return PremiumBar(
        symbol=bar.symbol,
        basis=basis,
        interval=bar.interval,
        opened_ms=bar.opened_ms,
        open=numbers.open,
        high=numbers.high,
        low=numbers.low,
        close=numbers.close,
        domestic_close=bar.domestic_close,
        global_close=bar.global_close,
        fx_rate=numbers.fx_rate,
        samples=numbers.samples,
        quality=numbers.quality,
        origin=bar.origin,
        minutes=1 if bar.interval is Interval.M1 else 0,
    )


def merge(parts: Sequence[PremiumBar], interval: Interval) -> PremiumBar:
    """Return the one bar that holds all parts: one at least, ascending, of one coin."""
    first, last = parts[0], parts[-1]
    backfilled = any(part.origin is BarOrigin.BACKFILLED for part in parts)
    return PremiumBar(
        symbol=last.symbol,
        basis=last.basis,
        interval=interval,
        opened_ms=interval.opened_ms(first.opened_ms),
        open=first.open,
        high=max([part.high for part in parts]),
        low=min([part.low for part in parts]),
        close=last.close,
        domestic_close=last.domestic_close,
        global_close=last.global_close,
        fx_rate=last.fx_rate,
        samples=sum([part.samples for part in parts]),
        quality=max([part.quality for part in parts], key=_RANK.__getitem__),
        origin=BarOrigin.BACKFILLED if backfilled else BarOrigin.LIVE,
        minutes=sum([part.minutes for part in parts]),
    )


def merged(parts: Iterable[PremiumBar], interval: Interval) -> list[PremiumBar]:
    """Return the bars of an interval that hold the parts; order is kept.

    Parts of one coin, ascending or descending, each no longer than the interval.
    """
    found = []
    for _, group in groupby(parts, lambda part: interval.opened_ms(part.opened_ms)):
        held = list(group)
        if held[0].opened_ms > held[-1].opened_ms:
            held.reverse()
        found.append(merge(held, interval))
    return found


def is_whole(bar: PremiumBar) -> bool:
    """Whether minutes cover the bar fully."""
    return bar.minutes * MINUTE_MS == bar.interval.length_ms


def chosen(derived: PremiumBar | None, made: PremiumBar | None) -> PremiumBar | None:
    """Return what counts of a bar derived from minutes and one made from candles."""
    if made is None or (derived is not None and is_whole(derived)):
        return derived
    return made
