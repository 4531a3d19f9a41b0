"""Bars from candles against plain fractions, whatever the candles are."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.model.bar import Bar
from domain.model.candle import Candle
from domain.model.candle_premium import CARRIED_MS, PremiumSpan, SpanCandles, bars_of
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.snapshot import opens_ms

DAY = date(2026, 10, 30)
# Eight minutes around midnight, so that rates of two days are in play.
START = opens_ms(DAY) - 4 * Interval.M1.length_ms
MANY = 8
UNITS = st.sampled_from([Decimal(1), Decimal(1000)])
PRICES = st.decimals("0.00000001", "999999999", places=8)
STABLE = st.decimals(500, 3000, places=1)
RATES = st.lists(
    st.builds(
        DailyRate,
        st.integers(-3, 1).map(lambda n: DAY + timedelta(days=n)),
        st.decimals(500, 3000, places=4),
        st.just("x"),
    ),
    max_size=3,
)


def candles(
    prices: st.SearchStrategy[Decimal], interval: Interval
) -> st.SearchStrategy[list[Candle]]:
    def made(opened: int, first: Decimal, last: Decimal, volume: int) -> Candle:
        return Candle(
            "M",
            interval,
            opened,
            first,
            max(first, last),
            min(first, last),
            last,
            Decimal(volume),
            Decimal(volume),
        )

    numbers = st.integers(-2, MANY - 1)
    return st.lists(
        st.builds(
            made,
            numbers.map(lambda n: START + n * interval.length_ms),
            prices,
            prices,
            st.integers(1, 2),
        ),
        max_size=MANY + 2,
    )


@st.composite
def spans(draw: st.DrawFn, interval: Interval) -> tuple[PremiumSpan, SpanCandles]:
    span = PremiumSpan(
        "BTC",
        interval,
        START,
        START + MANY * interval.length_ms,
        draw(UNITS),
        draw(UNITS),
    )
    domestic, global_ = (draw(candles(PRICES, interval)) for _ in range(2))
    stable = {PremiumBasis.KRW_USDT: draw(candles(STABLE, interval))}
    return span, SpanCandles(domestic, global_, stable)


def percent(krw: Fraction, usd: Fraction, rate: Decimal) -> Decimal:
    exact = (krw / (usd * Fraction(rate)) - 1) * 100
    return Decimal(round(exact * 10**6)).scaleb(-6)


def last_of(told: list[Candle], at_ms: int) -> dict[int, Candle]:
    return {each.opened_ms: each for each in told if each.opened_ms <= at_ms}


def same(bar: Bar, basis: PremiumBasis, opened: Decimal, closed: Decimal) -> None:
    told = bar.bases[basis]
    assert (told.open, told.close) == (opened, closed)
    assert (told.high, told.low) == (max(opened, closed), min(opened, closed))


@settings(deadline=None)
@given(spans(Interval.H1), RATES)
def test_hours_equal_fractions(
    drawn: tuple[PremiumSpan, SpanCandles], rates: list[DailyRate]
) -> None:
    span, told = drawn
    calendar = RateCalendar(rates)
    found = {bar.opened_ms: bar for bar in bars_of(span, told, calendar).bars}
    for at in span.openings():
        krw, usd = (
            last_of(list(side), at).get(at) for side in (told.domestic, told.global_)
        )
        rate = calendar.on(DAY - timedelta(days=at < opens_ms(DAY)))
        if krw is None or usd is None or (rate is None and not _has_usdt(told, at)):
            assert at not in found
            continue
        ends = [
            (
                Fraction(getattr(krw, end)) / Fraction(span.domestic_units),
                Fraction(getattr(usd, end)) / Fraction(span.global_units),
            )
            for end in ("open", "close")
        ]
        bar = found[at]
        assert (PremiumBasis.OFFICIAL_FX in bar.bases) is (rate is not None)
        if rate is not None:
            opened, closed = (percent(*end, rate.rate) for end in ends)
            same(bar, PremiumBasis.OFFICIAL_FX, opened, closed)
        if _has_usdt(told, at):
            usdt = last_of(list(told.stable[PremiumBasis.KRW_USDT]), at)[at]
            opened, closed = percent(*ends[0], usdt.open), percent(*ends[1], usdt.close)
            same(bar, PremiumBasis.KRW_USDT, opened, closed)


def _has_usdt(told: SpanCandles, at: int) -> bool:
    return at in last_of(list(told.stable[PremiumBasis.KRW_USDT]), at)


@settings(deadline=None)
@given(spans(Interval.M1), RATES)
def test_every_minute_is_a_bar_or_a_hole_and_none_is_invented(
    drawn: tuple[PremiumSpan, SpanCandles], rates: list[DailyRate]
) -> None:
    span, told = drawn
    found = bars_of(span, told, RateCalendar(rates))
    bars = {bar.opened_ms: bar for bar in found.bars}
    holes = [
        at for hole in found.holes for at in range(hole.from_ms, hole.to_ms, 60_000)
    ]
    assert len(holes) == len(set(holes))
    assert set(bars) | set(holes) == set(span.openings())
    both = set(bars) & set(holes)
    assert all(PremiumBasis.OFFICIAL_FX not in bars[at].bases for at in both)
    for at, bar in bars.items():
        assert bar.bases
        for side, close, units in (
            (told.domestic, bar.domestic_close, span.domestic_units),
            (told.global_, bar.global_close, span.global_units),
        ):
            known = last_of(list(side), at)
            last = known[max(known)]
            assert at - last.opened_ms <= CARRIED_MS
            assert close * units == last.close
        if any(basis.samples == 0 for basis in bar.bases.values()):
            _is_flat(bar, bars.get(at - 60_000))


def _is_flat(bar: Bar, before: Bar | None) -> None:
    for basis, told in bar.bases.items():
        assert told.samples == 0
        assert told.open == told.high == told.low == told.close
        if before is not None:
            assert told.close == before.bases[basis].close


@settings(deadline=None)
@given(spans(Interval.M1), RATES)
def test_the_order_of_candles_does_not_matter(
    drawn: tuple[PremiumSpan, SpanCandles], rates: list[DailyRate]
) -> None:
    span, told = drawn
    domestic, global_ = (
        list({c.opened_ms: c for c in side}.values())
        for side in (told.domestic, told.global_)
    )
    calendar, at = RateCalendar(rates), attrgetter("opened_ms")
    orderly = SpanCandles(
        sorted(domestic, key=at), sorted(global_, key=at), told.stable
    )
    messy = SpanCandles(domestic[::-1], global_[::-1], told.stable)
    left, right = (bars_of(span, each, calendar) for each in (orderly, messy))
    assert (left.bars, left.holes) == (right.bars, right.holes)
