"""Candles of a Friday, and the bars that are made of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain.model.bar import Bar
from domain.model.candle import Candle
from domain.model.candle_premium import (
    PremiumSpan,
    SpanBars,
    SpanCandles,
    bars_of,
)
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
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
