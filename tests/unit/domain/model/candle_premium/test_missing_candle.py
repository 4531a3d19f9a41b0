"""Bars from candles where some are missing: carried minutes and holes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.model.bar import Hole, HoleReason
from domain.model.candle import Candle
from domain.model.candle_premium import (
    CARRIED_MS,
)
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.interval import Interval
from tests.unit.domain.model.candle_premium.conftest import (
    FRIDAY,
    MINUTE,
    OFFICIAL,
    START,
    USDC,
    USDT,
    candle,
    made,
    minutes,
    prices,
)


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
