from decimal import Decimal

import pytest

from adapters.upbit.answer import CandleRow
from adapters.upbit.candle import BadCandle, closes, day_open
from domain.ports.market_source import PricePoint

DAY = 20_000  # 2024-10-04
MIDNIGHT_MS = DAY * 86_400_000
MINUTE_MS = 60_000


def candle(start: str, price: object, before: object = None) -> CandleRow:
    return CandleRow("KRW-BTC", start, 7, 9, 5, price, prev_closing_price=before)


def never(row: CandleRow, exc: BadCandle) -> None:
    raise AssertionError(f"{row} was refused: {exc}")


def test_the_days_own_candle_tells_the_price_before_it() -> None:
    assert day_open([candle("2024-10-04T00:00:00", 8, before=6)], DAY) == 6


def test_without_the_price_before_its_open_is_taken() -> None:
    assert day_open([candle("2024-10-04T00:00:00", 8)], DAY) == 7


def test_a_day_without_trades_opens_at_the_last_close() -> None:
    assert day_open([candle("2024-10-01T00:00:00", 8, before=6)], DAY) == 8


def test_a_market_without_candles_has_no_open() -> None:
    assert day_open([], DAY) is None


@pytest.mark.parametrize(
    "row",
    [
        candle("yesterday", 8),
        candle("2024-10-04T00:00:00", 8, before="NaN"),
        candle("2024-10-01T00:00:00", 0),
    ],
)
def test_a_day_candle_without_a_time_or_a_price_is_bad(row: CandleRow) -> None:
    with pytest.raises(BadCandle):
        day_open([row], DAY)


def test_closes_ascend_whatever_the_order_once_per_instant_with_gaps() -> None:
    rows = [
        candle("2024-10-04T00:40:00", 4),
        candle("2024-10-04T00:10:00", 2),
        candle("2024-10-04T00:00:00", Decimal("1.50")),
        candle("2024-10-04T00:10:00", 3),
        candle("2024-10-04T09:20:00+09:00", 5),
    ]
    assert closes(rows, 10, MIDNIGHT_MS * 2, never) == (
        PricePoint(MIDNIGHT_MS + 10 * MINUTE_MS, Decimal("1.50")),
        PricePoint(MIDNIGHT_MS + 20 * MINUTE_MS, Decimal(3)),
        PricePoint(MIDNIGHT_MS + 30 * MINUTE_MS, Decimal(5)),
        PricePoint(MIDNIGHT_MS + 50 * MINUTE_MS, Decimal(4)),
    )


def test_the_candle_that_is_still_forming_has_no_close() -> None:
    rows = [candle("2024-10-04T00:00:00", 1), candle("2024-10-04T00:10:00", 2)]
    now_ms = MIDNIGHT_MS + 20 * MINUTE_MS - 1
    (point,) = closes(rows, 10, now_ms, never)
    assert point.price == 1


def test_a_bad_candle_costs_itself_only() -> None:
    bad = []
    rows = [
        candle("whenever", 1),
        candle("2024-10-04T00:00:00", "1_0"),
        candle("2024-10-04T00:10:00", 2),
    ]
    points = closes(rows, 10, MIDNIGHT_MS * 2, lambda row, exc: bad.append(row))
    assert [point.price for point in points] == [2]
    assert bad == rows[:2]
