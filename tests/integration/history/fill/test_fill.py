"""Bars of past years, made over the wire and kept: by the fewest requests possible."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from domain.model.bar import BarOrigin, PremiumBar
from domain.model.coin import Listing
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Exchange
from domain.model.page import Direction
from domain.model.snapshot import opens_ms, utc_day
from domain.ports.bar_history import BarQuery
from domain.services.bar_maker import BarTask

if TYPE_CHECKING:
    from tests.integration.history.fill.conftest import Filling

YEAR = date(2024, 1, 1)
DAYS = 365


def task_of(symbol: str, interval: Interval, first: date, openings: int) -> BarTask:
    """Return a curated pair's task from 00:00 UTC of a day."""
    from_ms = opens_ms(first)
    one = Decimal(1)
    upbit, binance = f"KRW-{symbol}", f"{symbol}USDT"
    return BarTask(
        symbol,
        Listing(Exchange.UPBIT, upbit, symbol, "KRW", one, curated=True),
        Listing(Exchange.BINANCE, binance, symbol, "USDT", one, curated=True),
        interval,
        from_ms,
        from_ms + openings * interval.length_ms,
    )


async def test_a_year_of_days_of_one_coin_takes_twelve_requests(
    filling: Filling,
) -> None:
    task = task_of("ETH", Interval.D1, YEAR, DAYS)
    with filling.requests() as sent:
        filled = await filling.filler.fill(task)
    # Two pages of the coin, of USDT and of USDC; one page; five spans of rates.
    assert sent == {"upbit": 6, "binance": 1, "fx": 5}
    assert (filled.bars, filled.written, filled.holes) == (DAYS, DAYS, 0)
    assert filled.candles == 4 * DAYS


async def test_another_coin_of_the_year_takes_three(filling: Filling) -> None:
    await filling.filler.fill(task_of("ETH", Interval.D1, YEAR, DAYS))
    with filling.requests() as sent:
        filled = await filling.filler.fill(task_of("XRP", Interval.D1, YEAR, DAYS))
    assert sent == {"upbit": 2, "binance": 1, "fx": 0}
    assert filled.written == DAYS


@pytest.mark.parametrize(
    ("interval", "many", "upbit", "binance", "fx"),
    [
        (Interval.D1, 200, 1, 1, 3),
        (Interval.H1, 1_000, 5, 1, 1),
        (Interval.H1, 1_001, 6, 2, 1),
        (Interval.M1, 1_000, 5, 1, 1),
    ],
)
async def test_a_span_takes_its_pages_and_no_more(
    filling: Filling, interval: Interval, many: int, upbit: int, binance: int, fx: int
) -> None:
    task = task_of("BTC", interval, YEAR, many)
    with filling.requests() as sent:
        filled = await filling.filler.fill(task)
    assert sent == {"upbit": 3 * upbit, "binance": binance, "fx": fx}
    assert filled.written == filled.bars == many


async def test_the_same_again_changes_nothing(filling: Filling) -> None:
    task = task_of("ETH", Interval.D1, YEAR, 30)
    await filling.filler.fill(task)
    again = await filling.filler.fill(task)
    assert (again.written, again.bars) == (0, 30)


async def test_every_bar_is_what_its_archived_candles_say(filling: Filling) -> None:
    task = task_of("ETH", Interval.D1, YEAR, 30)
    await filling.filler.fill(task)
    span = (Interval.D1, task.from_ms, task.to_ms)
    krw = await filling.candles.load(Exchange.UPBIT, "KRW-ETH", *span)
    usd = await filling.candles.load(Exchange.BINANCE, "ETHUSDT", *span)
    tether = await filling.candles.load(Exchange.UPBIT, "KRW-USDT", *span)
    assert len(krw) == len(usd) == len(tether) == 30
    rates = await filling.rates.calendar(YEAR, date(2024, 1, 30))
    made = await filling.bars.settled("ETH", *span)
    assert made == {candle.opened_ms for candle in krw}
    official = {candle.opened_ms: rates.on(utc_day(candle.opened_ms)) for candle in krw}
    for basis in (PremiumBasis.OFFICIAL_FX, PremiumBasis.KRW_USDT):
        kept = await _bars(filling, task.symbol, basis, task.from_ms, task.to_ms)
        for bar, left, right, dollar in zip(kept, krw, usd, tether, strict=True):
            rate = official[bar.opened_ms]
            assert rate is not None
            won = rate.rate if basis is PremiumBasis.OFFICIAL_FX else dollar.close
            exact = Fraction(left.close) / (Fraction(right.close) * Fraction(won)) - 1
            assert bar.close == Decimal(round(exact * 10**8)).scaleb(-6)
            assert bar.origin is BarOrigin.BACKFILLED
            assert bar.fx_rate == won


async def _bars(
    filling: Filling, symbol: str, basis: PremiumBasis, from_ms: int, to_ms: int
) -> list[PremiumBar]:
    query = BarQuery(
        symbol, basis, Interval.D1, from_ms, to_ms, Direction.ASC, limit=1_000
    )
    return list(await filling.history.bars(query))


async def test_a_weekend_has_the_rate_of_friday(filling: Filling) -> None:
    calendar = await filling.rates.calendar(date(2024, 1, 6), date(2024, 1, 7))
    found = calendar.on(date(2024, 1, 7))
    assert found is not None
    assert found.day == date(2024, 1, 5)


async def test_minutes_without_trades_are_carried_and_none_is_missing(
    filling: Filling,
) -> None:
    # The least busy of the simulated pairs: most of its minutes have no trade.
    task = task_of("THETA", Interval.M1, YEAR, 600)
    with filling.requests() as sent:
        filled = await filling.filler.fill(task)
    assert (filled.bars, filled.holes) == (600, 0)
    # Three pages each of the coin's leg (holes make them fewer), USDT and USDC.
    assert sent["upbit"] <= 9 + 1
    query = BarQuery(
        task.symbol,
        PremiumBasis.OFFICIAL_FX,
        Interval.M1,
        task.from_ms,
        task.to_ms,
        Direction.ASC,
        limit=1_000,
    )
    kept = await filling.history.bars(query)
    assert len(kept) == 600
    carried = [bar for bar in kept if bar.samples == 0]
    assert 0 < len(carried) < 600
    assert all(bar.open == bar.high == bar.low == bar.close for bar in carried)
    for before, bar in pairwise(kept):
        assert bar.samples == 1 or bar.close == before.close
