"""Premium bars made from the candles of both legs. Pure.

Source: semantics.md "Bars and snapshots"; docs/adr/0008. Open over open and close over
close, high and low are the larger and the smaller of the two, one rate per UTC day.
Only minutes are carried where a leg was not traded: a longer bar needs both candles. A
candle without volume (Binance makes them) is none that was traded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

from domain.model.bar import Bar, BarOrigin, BasisBar, Hole, HoleReason
from domain.model.candle import Candle
from domain.model.coin import ONE
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import (
    HOUR_MS,
    LIVE_AS_OF_MS,
    MAX_INSTANT_MS,
    MAX_USD_KRW,
    MIN_USD_KRW,
    PremiumBasis,
)
from domain.model.guard import ENTER_POINTS
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.number import per_coin
from domain.model.premium import compute
from domain.model.snapshot import opens_ms, utc_day

# A leg's last close stands for it in minutes without a trade, so long after its candle.
CARRIED_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class PremiumSpan:
    """One coin's bars: `from_ms` ≤ opened < `to_ms`.

    `domestic_units` and `global_units` are the coins that a price of each leg is for.
    """

    symbol: str
    interval: Interval
    from_ms: int
    to_ms: int
    domestic_units: Decimal = ONE
    global_units: Decimal = ONE

    def openings(self) -> range:
        """Return every opening of the span, ascending."""
        length_ms = self.interval.length_ms
        first_ms = self.interval.opened_ms(self.from_ms - 1) + length_ms
        return range(first_ms, self.to_ms, length_ms)


@dataclass(frozen=True, slots=True)
class SpanCandles:
    """What was traded, of the span's interval, in any order.

    The legs may begin with a candle before the span: minutes are carried from it.
    `stable` are the won candles of USDT and USDC, in won per dollar.
    """

    domestic: Sequence[Candle]
    global_: Sequence[Candle]
    stable: Mapping[PremiumBasis, Sequence[Candle]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpanBars:
    """Bars and holes of a span, ascending; `irregular` candles were put right."""

    bars: tuple[Bar, ...] = ()
    holes: tuple[Hole, ...] = ()
    irregular: int = 0


def bars_of(
    span: PremiumSpan,
    candles: SpanCandles,
    rates: RateCalendar,
    reference: Mapping[int, Bar] | None = None,
) -> SpanBars:
    """Return the bars of a span and where there can be none.

    Every opening is in a bar or a hole; one without an official rate is in both where
    another basis has a number. `reference` are bars of a coin beyond doubt, by opening:
    a bar more than 20 points away from its close is a hole. From a candle that is not
    closed on nothing is said.
    """
    making = _Making(span, candles, rates, reference or {})
    bars, reasons = [], []
    for opened_ms in making.openings():
        bar, reason = making.bar(opened_ms)
        if bar is not None:
            bars.append(bar)
        if reason is not None:
            reasons.append((opened_ms, reason))
    return SpanBars(tuple(bars), tuple(_holes(span, reasons)), making.irregular)


@dataclass(frozen=True, slots=True)
class _Prices:
    """A leg within a bar, per coin; not `traded`: its last close stands for it."""

    open: Decimal
    close: Decimal
    traded: bool
    opened_ms: int


@dataclass(frozen=True, slots=True)
class _BarRate:
    """Won per dollar on one basis at a bar's open and close."""

    basis: PremiumBasis
    open: Decimal
    close: Decimal
    quality: Quality


class _Leg:
    """One side's candles, walked along in time."""

    def __init__(
        self, candles: Mapping[int, Candle], units: Decimal, span: PremiumSpan
    ) -> None:
        self._candles = candles
        self._units = units
        self._carried_ms = CARRIED_MS if span.interval is Interval.M1 else 0
        before = [opened_ms for opened_ms in candles if opened_ms < span.from_ms]
        self._last = candles[max(before)] if before else None

    def at(self, opened_ms: int) -> _Prices | None:
        """Return the prices in the bar of an opening; asked in ascending order."""
        candle = self._candles.get(opened_ms)
        if candle is not None:
            self._last = candle
            opened, closed = (self._per_coin(p) for p in (candle.open, candle.close))
            traded = not self._carried_ms or candle.base_volume > 0
            return _Prices(opened, closed, traded, opened_ms)
        last = self._last
        if last is None or opened_ms - last.opened_ms > self._carried_ms:
            return None
        close = self._per_coin(last.close)
        return _Prices(close, close, False, last.opened_ms)

    def _per_coin(self, price: Decimal) -> Decimal:
        return per_coin(price, self._units)


class _Making:
    def __init__(
        self,
        span: PremiumSpan,
        candles: SpanCandles,
        rates: RateCalendar,
        reference: Mapping[int, Bar],
    ) -> None:
        self.irregular = 0
        self._span = span
        self._rates = rates
        self._reference = reference
        domestic, global_ = self._once(candles.domestic), self._once(candles.global_)
        self._running_ms = min(_running(domestic), _running(global_), span.to_ms)
        self._domestic = _Leg(domestic, span.domestic_units, span)
        self._global = _Leg(global_, span.global_units, span)
        self._stable = {
            basis: self._once(told) for basis, told in candles.stable.items()
        }
        self._minutes = 1 if span.interval is Interval.M1 else 0
        self._before: Bar | None = None

    def openings(self) -> Iterator[int]:
        return (at for at in self._span.openings() if at < self._running_ms)

    def bar(self, opened_ms: int) -> tuple[Bar | None, HoleReason | None]:
        """Return the bar of an opening, and why something of it is missing."""
        krw, usdt = self._domestic.at(opened_ms), self._global.at(opened_ms)
        before, self._before = self._before, None
        if krw is None:
            return None, HoleReason.NO_DOMESTIC_CANDLE
        if usdt is None:
            return None, HoleReason.NO_GLOBAL_CANDLE
        if krw.traded or usdt.traded or before is None:
            bar = self._made(opened_ms, krw, usdt)
        else:
            bar = _carried(before, opened_ms)
        if not bar.bases:
            return None, HoleReason.NO_RATE
        if self._is_unsure(bar):
            return None, HoleReason.IDENTITY_UNSURE
        self._before = bar
        official = PremiumBasis.OFFICIAL_FX in bar.bases
        return bar, None if official else HoleReason.NO_RATE

    def _made(self, opened_ms: int, krw: _Prices, usdt: _Prices) -> Bar:
        traded = krw.traded or usdt.traded
        # Where nothing was traded, the last trade's minute had these prices.
        at_ms = opened_ms if traded else max(krw.opened_ms, usdt.opened_ms)
        official = self._rates.on(utc_day(at_ms))
        bases = {
            rate.basis: self._basis_bar(krw, usdt, rate)
            for rate in self._rates_at(opened_ms, at_ms, official)
        }
        return Bar(
            symbol=self._span.symbol,
            interval=self._span.interval,
            opened_ms=opened_ms,
            domestic_close=krw.close,
            global_close=usdt.close,
            bases=bases,
            origin=BarOrigin.BACKFILLED,
            fx_source=None if official is None else official.source,
            fx_as_of_ms=None if official is None else official.as_of_ms,
        )

    def _rates_at(
        self, opened_ms: int, at_ms: int, official: DailyRate | None
    ) -> Iterator[_BarRate]:
        """Yield the rates of the bases there are, in the order of their vocabulary."""
        for basis in PremiumBasis:
            candle = self._stable.get(basis, {}).get(at_ms)
            if basis is PremiumBasis.OFFICIAL_FX:
                if official is not None:
                    quality = _quality(official, utc_day(opened_ms))
                    yield _BarRate(basis, official.rate, official.rate, quality)
            elif candle is not None and _is_sane(candle):
                yield _BarRate(basis, candle.open, candle.close, Quality.LIVE)

    def _basis_bar(self, krw: _Prices, usdt: _Prices, rate: _BarRate) -> BasisBar:
        start = compute(krw.open, usdt.open, rate.open).percent
        end = compute(krw.close, usdt.close, rate.close).percent
        if not (krw.traded or usdt.traded):
            start = end  # Nothing was traded, so only the close is known.
        return BasisBar(
            open=start,
            high=max(start, end),
            low=min(start, end),
            close=end,
            fx_rate=rate.close,
            samples=1 if krw.traded or usdt.traded else 0,
            quality=rate.quality,
            minutes=self._minutes,
        )

    def _is_unsure(self, bar: Bar) -> bool:
        sure = self._reference.get(bar.opened_ms)
        if sure is None:
            return False
        both = (basis for basis in bar.bases if basis in sure.bases)
        basis = next(both, None)
        if basis is None:
            return False
        return abs(bar.bases[basis].close - sure.bases[basis].close) > ENTER_POINTS

    def _once(self, candles: Sequence[Candle]) -> Mapping[int, Candle]:
        """Return candles by opening, the last told of each, and count the disorder."""
        self.irregular += sum(
            after.opened_ms <= each.opened_ms for each, after in pairwise(candles)
        )
        return {candle.opened_ms: candle for candle in candles}


def _carried(before: Bar, opened_ms: int) -> Bar:
    """Return a minute in which nothing was traded: all prices are the close before."""
    bases = {
        basis: replace(
            told, open=told.close, high=told.close, low=told.close, samples=0
        )
        for basis, told in before.bases.items()
    }
    return replace(before, opened_ms=opened_ms, bases=bases)


def _running(candles: Mapping[int, Candle]) -> int:
    """Return the opening of the first candle that is not closed."""
    running = (each.opened_ms for each in candles.values() if not each.closed)
    return min(running, default=MAX_INSTANT_MS)


def _quality(rate: DailyRate, day: date) -> Quality:
    """Return what a rate is worth on a day: an old one leaves a premium STALE."""
    is_old = opens_ms(day) - opens_ms(rate.day) > LIVE_AS_OF_MS
    return Quality.STALE if is_old else Quality.LIVE


def _is_sane(candle: Candle) -> bool:
    return all(
        MIN_USD_KRW <= price <= MAX_USD_KRW for price in (candle.open, candle.close)
    )


def _holes(
    span: PremiumSpan, reasons: Iterable[tuple[int, HoleReason]]
) -> Iterator[Hole]:
    """Yield one hole per run of openings with the same reason."""
    length_ms = span.interval.length_ms
    hole: Hole | None = None
    for opened_ms, reason in reasons:
        ends_ms = opened_ms + length_ms
        if hole is not None and (hole.to_ms, hole.reason) == (opened_ms, reason):
            hole = replace(hole, to_ms=ends_ms)
            continue
        if hole is not None:
            yield hole
        hole = Hole(span.symbol, span.interval, opened_ms, ends_ms, reason)
    if hole is not None:
        yield hole
