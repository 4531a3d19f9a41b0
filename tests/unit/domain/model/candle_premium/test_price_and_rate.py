"""Bars from candles: prices, rates by date, disorder, and the guard."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.model.bar import Bar, BarOrigin, Hole, HoleReason
from domain.model.candle_premium import (
    PremiumSpan,
    SpanBars,
)
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from tests.unit.domain.model.candle_premium.conftest import (
    FRIDAY,
    MINUTE,
    OFFICIAL,
    RATES,
    START,
    USDC,
    USDT,
    candle,
    made,
    minutes,
    prices,
)


def test_open_is_over_open_and_close_over_close() -> None:
    krw = candle(START, "143000", "139100")
    usd = candle(START, "100", "107")
    [bar] = made(minutes(1), [krw], [usd]).bars
    assert prices(bar) == ["10.000000", "10.000000", "0.000000", "0.000000"]
    told = bar.bases[OFFICIAL]
    assert (told.samples, told.quality, told.minutes) == (1, Quality.LIVE, 1)
    assert (bar.domestic_close, bar.global_close) == (Decimal(139100), Decimal(107))
    assert (bar.origin, bar.symbol) == (BarOrigin.BACKFILLED, "BTC")
    assert bar.fx_source == "frankfurter"


def test_high_is_the_larger_where_a_premium_rose() -> None:
    krw, usd = candle(START, "130000", "143000"), candle(START, "100")
    [bar] = made(minutes(1), [krw], [usd]).bars
    assert prices(bar) == ["0.000000", "10.000000", "0.000000", "10.000000"]


def test_prices_are_per_coin() -> None:
    span = replace(minutes(1), global_units=Decimal(1000), domestic_units=Decimal(10))
    [bar] = made(span, [candle(START, "13000")], [candle(START, "1000")]).bars
    assert (bar.domestic_close, bar.global_close) == (Decimal(1300), Decimal(1))
    assert bar.bases[OFFICIAL].close == 0


def test_upbits_own_dollars_count_only_with_a_candle_of_that_opening() -> None:
    krw = [candle(START, "130000"), candle(START + MINUTE, "130000")]
    usd = [candle(START, "100"), candle(START + MINUTE, "100")]
    stable = {USDT: [candle(START + MINUTE, "1250", "1000")], USDC: []}
    first, second = made(minutes(2), krw, usd, stable).bars
    assert set(first.bases) == {OFFICIAL}
    assert set(second.bases) == {OFFICIAL, USDT}
    assert prices(second, USDT) == ["4.000000", "30.000000", "4.000000", "30.000000"]
    assert second.bases[USDT].fx_rate == 1000


@pytest.mark.parametrize("price", ["499.99", "3000.01"])
def test_a_mad_price_of_dollars_is_no_rate(price: str) -> None:
    stable = {USDT: [candle(START, "1300", price)]}
    [bar] = made(
        minutes(1), [candle(START, "130000")], [candle(START, "100")], stable
    ).bars
    assert set(bar.bases) == {OFFICIAL}


# Rates by date


def test_a_day_without_a_rate_uses_the_latest_before() -> None:
    sunday = START + 2 * Interval.D1.length_ms
    span = PremiumSpan("BTC", Interval.D1, sunday, sunday + Interval.D1.length_ms)
    krw = candle(sunday, "130000", interval=Interval.D1)
    usd = candle(sunday, "100", interval=Interval.D1)
    [bar] = made(span, [krw], [usd]).bars
    assert bar.bases[OFFICIAL].fx_rate == 1300
    assert bar.bases[OFFICIAL].quality is Quality.LIVE
    # 16:00 in Berlin, an hour ahead of UTC since the 25th of October.
    assert bar.fx_as_of_ms == START + 15 * 3_600_000


@pytest.mark.parametrize(("days", "quality"), [(5, Quality.LIVE), (6, Quality.STALE)])
def test_a_rate_of_more_than_120_hours_leaves_a_bar_stale(
    days: int, quality: Quality
) -> None:
    at = START + days * Interval.D1.length_ms
    span = PremiumSpan("BTC", Interval.M1, at, at + MINUTE)
    [bar] = made(span, [candle(at, "130000")], [candle(at, "100")]).bars
    assert bar.bases[OFFICIAL].quality is quality


def test_without_any_rate_there_is_a_hole_and_no_bar() -> None:
    found = made(
        minutes(1), [candle(START, "1")], [candle(START, "1")], rates=RateCalendar()
    )
    assert found.bars == ()
    assert found.holes == (
        Hole("BTC", Interval.M1, START, START + MINUTE, HoleReason.NO_RATE),
    )


def test_without_a_rate_other_bases_may_stand_beside_the_hole() -> None:
    found = made(
        minutes(1),
        [candle(START, "130000")],
        [candle(START, "100")],
        {USDT: [candle(START, "1300")]},
        rates=RateCalendar(),
    )
    [bar] = found.bars
    assert set(bar.bases) == {USDT}
    assert (bar.fx_source, bar.fx_as_of_ms) == (None, None)
    assert [hole.reason for hole in found.holes] == [HoleReason.NO_RATE]


def test_a_new_day_has_its_own_rate() -> None:
    rates = RateCalendar(
        [
            DailyRate(FRIDAY, Decimal(1300), "a"),
            DailyRate(date(2026, 10, 31), Decimal(1000), "a"),
        ]
    )
    last = START + Interval.D1.length_ms - MINUTE
    span = PremiumSpan("BTC", Interval.M1, last, last + 2 * MINUTE)
    both = [last, last + MINUTE]
    found = made(
        span,
        [candle(at, "130000") for at in both],
        [candle(at, "100") for at in both],
        rates=rates,
    )
    assert [bar.bases[OFFICIAL].fx_rate for bar in found.bars] == [1300, 1000]


# What the venues may get wrong


def test_candles_in_any_order_and_twice_make_the_same_bars_and_are_counted() -> None:
    krw = [candle(START + n * MINUTE, "130000") for n in range(3)]
    usd = [candle(START + n * MINUTE, "100") for n in range(3)]
    orderly = made(minutes(3), krw, usd)
    messy = made(minutes(3), [krw[2], krw[0], krw[0], krw[1]], usd)
    assert messy.bars == orderly.bars
    assert (orderly.irregular, messy.irregular) == (0, 2)


def test_from_a_candle_that_still_runs_on_nothing_is_said() -> None:
    krw = [candle(START, "130000"), candle(START + MINUTE, "130000", closed=False)]
    usd = [candle(START, "100")]
    found = made(minutes(5), krw, usd)
    assert [bar.opened_ms for bar in found.bars] == [START]
    assert found.holes == ()


def test_candles_outside_the_span_make_no_bars() -> None:
    outside = [START - 5 * MINUTE, START, START + MINUTE]
    found = made(
        minutes(1),
        [candle(at, "130000") for at in outside],
        [candle(at, "100") for at in outside],
    )
    assert [bar.opened_ms for bar in found.bars] == [START]


def test_a_span_within_a_bar_has_none() -> None:
    span = PremiumSpan("BTC", Interval.H1, START + 1, START + Interval.H1.length_ms)
    assert made(span, [], []) == SpanBars()


# The guard


def sure(close: str, basis: PremiumBasis = OFFICIAL) -> dict[int, Bar]:
    krw = Decimal(130000) * (1 + Decimal(close) / 100)
    stable = {} if basis is OFFICIAL else {basis: [candle(START, "1300")]}
    found = made(
        minutes(1),
        [candle(START, str(krw))],
        [candle(START, "100")],
        stable,
        RATES if basis is OFFICIAL else RateCalendar(),
    )
    return {bar.opened_ms: bar for bar in found.bars}


@pytest.mark.parametrize(("krw", "is_hole"), [("156000", False), ("156001", True)])
def test_a_bar_more_than_20_points_from_the_sure_one_is_a_hole(
    krw: str, is_hole: bool
) -> None:
    found = made(
        minutes(1), [candle(START, krw)], [candle(START, "100")], reference=sure("0")
    )
    assert bool(found.bars) is not is_hole
    reasons = [hole.reason for hole in found.holes]
    assert reasons == [HoleReason.IDENTITY_UNSURE] * is_hole


def test_without_a_sure_bar_of_that_opening_nothing_is_doubted() -> None:
    found = made(
        minutes(1), [candle(START, "999999")], [candle(START, "100")], reference={}
    )
    assert len(found.bars) == 1


def test_bars_without_a_basis_in_common_are_not_compared() -> None:
    found = made(
        minutes(1),
        [candle(START, "999999")],
        [candle(START, "100")],
        reference=sure("0", USDT),
    )
    assert len(found.bars) == 1


def test_a_doubted_minute_is_not_carried_on() -> None:
    krw, usd = [candle(START, "999999")], [candle(START, "100")]
    reference = sure("0")
    later = replace(reference[START], opened_ms=START + MINUTE)
    found = made(minutes(2), krw, usd, reference={**reference, START + MINUTE: later})
    assert found.bars == ()
    [hole] = found.holes
    assert hole.to_ms == START + 2 * MINUTE
