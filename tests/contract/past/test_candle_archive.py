"""What every `CandleArchive` does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from domain.model.candle import Candle
from domain.model.error import StoreUnavailable
from domain.model.interval import Interval
from domain.model.market import Exchange

if TYPE_CHECKING:
    from tests.contract.past.conftest import Past

START = 1_767_225_600_000
DAY = Interval.D1.length_ms


def candle(
    day: int, market: str = "KRW-BTC", interval: Interval = Interval.D1
) -> Candle:
    return Candle(
        market,
        interval,
        START + day * interval.length_ms,
        Decimal("133000000"),
        Decimal("134000000.5"),
        Decimal("132000000"),
        Decimal("133500000"),
        Decimal("0.00048"),
        Decimal("95078733694.37920"),
    )


async def kept(past: Past, interval: Interval = Interval.D1) -> list[Candle]:
    found = await past.candles.load(
        Exchange.UPBIT, "KRW-BTC", interval, START, START + 400 * DAY
    )
    return list(found)


async def test_an_archive_is_empty_at_first(past: Past) -> None:
    assert await kept(past) == []


async def test_candles_come_back_in_order_digit_by_digit(past: Past) -> None:
    changed = await past.candles.save(Exchange.UPBIT, [candle(1), candle(0)])
    assert changed == 2
    found = await kept(past)
    assert found == [candle(0), candle(1)]
    assert str(found[0].quote_volume) == "95078733694.37920"


async def test_the_same_again_changes_nothing(past: Past) -> None:
    await past.candles.save(Exchange.UPBIT, [candle(0), candle(1)])
    assert await past.candles.save(Exchange.UPBIT, [candle(0), candle(1)]) == 0


async def test_a_candle_that_differs_takes_the_place(past: Past) -> None:
    await past.candles.save(Exchange.UPBIT, [candle(0), candle(1)])
    other = replace(candle(0), close=Decimal("133500001"))
    assert await past.candles.save(Exchange.UPBIT, [other, candle(1)]) == 1
    assert await kept(past) == [other, candle(1)]


async def test_a_candle_that_still_runs_is_left_out(past: Past) -> None:
    running = replace(candle(1), closed=False)
    assert await past.candles.save(Exchange.UPBIT, [candle(0), running]) == 1
    assert await kept(past) == [candle(0)]


async def test_nothing_to_save_changes_nothing(past: Past) -> None:
    assert await past.candles.save(Exchange.UPBIT, []) == 0


async def test_many_are_saved_at_once(past: Past) -> None:
    many = [candle(day) for day in range(1_200)]
    assert await past.candles.save(Exchange.UPBIT, many) == 1_200
    found = await past.candles.load(
        Exchange.UPBIT, "KRW-BTC", Interval.D1, START, START + 1_200 * DAY
    )
    assert list(found) == many


async def test_a_span_ends_before_its_end(past: Past) -> None:
    await past.candles.save(Exchange.UPBIT, [candle(day) for day in range(4)])
    found = await past.candles.load(
        Exchange.UPBIT, "KRW-BTC", Interval.D1, START + DAY, START + 3 * DAY
    )
    assert [each.opened_ms for each in found] == [START + DAY, START + 2 * DAY]


async def test_venues_markets_and_intervals_are_kept_apart(past: Past) -> None:
    await past.candles.save(Exchange.UPBIT, [candle(0), candle(0, "KRW-ETH")])
    await past.candles.save(Exchange.UPBIT, [candle(0, interval=Interval.M1)])
    await past.candles.save(Exchange.BINANCE, [candle(0)])
    assert await kept(past) == [candle(0)]
    assert await kept(past, Interval.M1) == [candle(0, interval=Interval.M1)]


async def test_a_stream_is_by_venue_market_and_time(past: Past) -> None:
    await past.candles.save(
        Exchange.UPBIT, [candle(day, "KRW-ETH") for day in range(2)]
    )
    await past.candles.save(Exchange.UPBIT, [candle(day) for day in range(3)])
    await past.candles.save(Exchange.UPBIT, [candle(0, interval=Interval.H1)])
    await past.candles.save(Exchange.BINANCE, [candle(0, "BTCUSDT")])
    found = [
        (exchange, each.market, (each.opened_ms - START) // DAY)
        async for exchange, each in past.candles.stream(
            Interval.D1, START, START + 2 * DAY
        )
    ]
    assert found == [
        (Exchange.BINANCE, "BTCUSDT", 0),
        (Exchange.UPBIT, "KRW-BTC", 0),
        (Exchange.UPBIT, "KRW-BTC", 1),
        (Exchange.UPBIT, "KRW-ETH", 0),
        (Exchange.UPBIT, "KRW-ETH", 1),
    ]


async def test_a_stream_goes_through_many_pages(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.candle_archive.STREAM_ROWS", 2)
    await past.candles.save(Exchange.UPBIT, [candle(day) for day in range(5)])
    found = [
        each
        async for _, each in past.candles.stream(Interval.D1, START, START + 9 * DAY)
    ]
    assert found == [candle(day) for day in range(5)]


async def test_an_archive_that_is_away_says_so(lost_past: Past) -> None:
    with pytest.raises(StoreUnavailable):
        await lost_past.candles.save(Exchange.UPBIT, [candle(0)])
    with pytest.raises(StoreUnavailable):
        await kept(lost_past)
    with pytest.raises(StoreUnavailable):
        async for _ in lost_past.candles.stream(Interval.D1, START, START + DAY):
            pass
