"""Bars from candles, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.model.bar import Bar, BarOrigin, Hole, HoleReason
from domain.model.candle import Candle
from domain.model.candle_premium import (
    CARRIED_MS,
    PremiumSpan,
    SpanBars,
    SpanCandles,
    bars_of,
)
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.snapshot import opens_ms

FRIDAY = date(2026, 10, 30)
START = opens_ms(FRIDAY)
MINUTE = Interval.M1.length_ms
RATES = RateCalendar([DailyRate(FRIDAY, Decimal(1300), "frankfurter")])
OFFICIAL, USDT, USDC = PremiumBasis


def candle(
    opened_ms: int,
    first: str,
    last: str | None = None,
    *,
    interval: Interval = Interval.M1,
    volume: str = "1",
    closed: bool = True,
) -> Candle:
    prices = Decimal(first), Decimal(last or first)
    return Candle(
        "MARKET",
        interval,
        opened_ms,
        prices[0],
        max(prices),
        min(prices),
        prices[1],
        Decimal(volume),
        Decimal(1),
        closed,
    )


def minutes(many: int, *, interval: Interval = Interval.M1) -> PremiumSpan:
    return PremiumSpan("BTC", interval, START, START + many * interval.length_ms)


def made(
    span: PremiumSpan,
    domestic: list[Candle],
    global_: list[Candle],
    stable: dict[PremiumBasis, list[Candle]] | None = None,
    rates: RateCalendar = RATES,
    reference: dict[int, Bar] | None = None,
) -> SpanBars:
    return bars_of(span, SpanCandles(domestic, global_, stable or {}), rates, reference)


def prices(bar: Bar, basis: PremiumBasis = OFFICIAL) -> list[str]:
    told = bar.bases[basis]
    return [str(p) for p in (told.open, told.high, told.low, told.close)]


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


# Minutes without trades


def test_a_leg_without_a_candle_keeps_its_last_close() -> None:
    krw = [candle(START, "130000", "143000")]
    usd = [candle(START, "100"), candle(START + MINUTE, "110", "100")]
    second = made(minutes(2), krw, usd).bars[1]
    assert prices(second) == ["0.000000", "10.000000", "0.000000", "10.000000"]
    assert second.bases[OFFICIAL].samples == 1
    assert second.domestic_close == 143000


def test_a_minute_without_any_trade_is_the_close_before() -> None:
    krw, usd = candle(START, "130000", "143000"), candle(START, "100")
    stable = {USDT: [candle(START, "1300"), candle(START + MINUTE, "1000")]}
    first, second = made(minutes(2), [krw], [usd], stable).bars
    assert prices(second) == ["10.000000"] * 4
    assert prices(second, USDT) == ["10.000000"] * 4
    assert second.bases[OFFICIAL].samples == second.bases[USDT].samples == 0
    assert second.bases[OFFICIAL].fx_rate == first.bases[OFFICIAL].fx_rate
    assert second.bases[USDT].fx_rate == 1300
    assert second.domestic_close == first.domestic_close


def test_a_candle_without_volume_is_no_trade() -> None:
    krw = candle(START, "130000", "143000")
    usd = [candle(START, "100"), candle(START + MINUTE, "100", volume="0")]
    second = made(minutes(2), [krw], usd).bars[1]
    assert second.bases[OFFICIAL].samples == 0
    assert prices(second) == ["10.000000"] * 4


def test_candles_before_the_span_are_carried_into_it() -> None:
    before = START - 30 * MINUTE
    krw = [candle(before, "130000", "143000"), candle(START + MINUTE, "130000")]
    usd = [candle(before - MINUTE, "90", "100")]
    rates = RateCalendar([DailyRate(date(2026, 10, 29), Decimal(1300), "a")])
    first, second = made(minutes(2), krw, usd, rates=rates).bars
    assert prices(first) == ["10.000000"] * 4
    assert first.bases[OFFICIAL].samples == 0
    assert second.bases[OFFICIAL].samples == 1
    assert second.bases[OFFICIAL].close == 0


def test_a_carried_first_minute_has_the_rates_of_its_last_trade() -> None:
    rates = RateCalendar(
        [
            DailyRate(date(2026, 10, 29), Decimal(1000), "a"),
            DailyRate(FRIDAY, Decimal(1300), "a"),
        ]
    )
    before = START - MINUTE
    stable = {USDT: [candle(START, "1250")], USDC: [candle(before, "1250")]}
    [bar] = made(
        minutes(1),
        [candle(before, "110000")],
        [candle(before, "100")],
        stable,
        rates=rates,
    ).bars
    assert bar.bases[OFFICIAL].fx_rate == 1000
    # Of the minute of the last trade nothing else is known here.
    assert set(bar.bases) == {OFFICIAL, USDC}


def test_nothing_is_carried_for_more_than_a_day() -> None:
    krw = [candle(START - CARRIED_MS, "130000")]
    usd = [candle(START, "100"), candle(START + MINUTE, "100")]
    found = made(minutes(2), krw, usd)
    assert [bar.opened_ms for bar in found.bars] == [START]
    [hole] = found.holes
    assert (hole.from_ms, hole.reason) == (
        START + MINUTE,
        HoleReason.NO_DOMESTIC_CANDLE,
    )


def test_before_the_first_candle_of_a_leg_there_is_a_hole() -> None:
    krw = [candle(START + n * MINUTE, "130000") for n in range(4)]
    usd = [candle(START + 2 * MINUTE, "100")]
    found = made(minutes(4), krw, usd)
    assert [bar.opened_ms for bar in found.bars] == [
        START + 2 * MINUTE,
        START + 3 * MINUTE,
    ]
    assert found.holes == (
        Hole(
            "BTC",
            Interval.M1,
            START,
            START + 2 * MINUTE,
            HoleReason.NO_GLOBAL_CANDLE,
        ),
    )


@pytest.mark.parametrize("interval", [Interval.H1, Interval.D1])
def test_longer_bars_need_both_candles(interval: Interval) -> None:
    length = interval.length_ms

    def at(number: int) -> Candle:
        return candle(START + number * length, "130000", interval=interval, volume="0")

    usd = [replace(at(n), open=Decimal(100), close=Decimal(100)) for n in (0, 2, 3)]
    found = made(minutes(5, interval=interval), [at(0), at(1), at(3)], usd)
    assert [(bar.opened_ms - START) // length for bar in found.bars] == [0, 3]
    assert all(bar.bases[OFFICIAL].minutes == 0 for bar in found.bars)
    assert all(bar.bases[OFFICIAL].samples == 1 for bar in found.bars)
    assert [((h.from_ms - START) // length, h.reason) for h in found.holes] == [
        (1, HoleReason.NO_GLOBAL_CANDLE),
        (2, HoleReason.NO_DOMESTIC_CANDLE),
        (4, HoleReason.NO_DOMESTIC_CANDLE),
    ]


def test_holes_of_one_reason_that_touch_are_one() -> None:
    found = made(minutes(60), [], [])
    assert found.holes == (
        Hole(
            "BTC",
            Interval.M1,
            START,
            START + 60 * MINUTE,
            HoleReason.NO_DOMESTIC_CANDLE,
        ),
    )


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
