import pytest

from adapters.binance.answer import KlineRow
from adapters.binance.candle import BadCandle, day_open

DAY_MS = 20_000 * 86_400_000


def test_the_days_candle_tells_its_open() -> None:
    assert day_open([KlineRow(DAY_MS, "7.5", "9", "5", "8")], DAY_MS) == 7.5


def test_a_market_listed_later_has_no_open_that_day() -> None:
    later = KlineRow(DAY_MS + 86_400_000, "7", "9", "5", "8")
    assert day_open([later], DAY_MS) is None
    assert day_open([], DAY_MS) is None


@pytest.mark.parametrize("price", ["NaN", "0", None])
def test_a_candle_without_a_price_is_bad(price: object) -> None:
    with pytest.raises(BadCandle):
        day_open([KlineRow(DAY_MS, price, "9", "5", "8")], DAY_MS)
