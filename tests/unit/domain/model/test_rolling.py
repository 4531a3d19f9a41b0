"""The price 24 hours ago, accurate to ten minutes."""

from decimal import Decimal

from domain.model.rolling import DAY_MS, STEP_MS, RollingPrices

T0 = 1_781_924_400_000  # a full ten minutes
NOON = T0 + DAY_MS


def day_of_closes() -> list[tuple[int, Decimal]]:
    """Return closes of ten minutes, 25 hours up to noon; the price is the step."""
    return [(T0 - 6 * STEP_MS + n * STEP_MS, Decimal(n + 1)) for n in range(150)]


def test_without_prices_there_is_no_base() -> None:
    assert RollingPrices().price_24h_ago(NOON) is None


def test_the_base_is_the_close_that_stood_24_hours_ago() -> None:
    prices = RollingPrices()
    prices.seed(day_of_closes())
    assert prices.price_24h_ago(NOON) == 7
    assert prices.price_24h_ago(NOON + STEP_MS - 1) == 7
    assert prices.price_24h_ago(NOON + STEP_MS) == 8


def test_prices_that_do_not_reach_back_24_hours_give_no_base() -> None:
    prices = RollingPrices()
    prices.sample(T0 + STEP_MS, Decimal(5))
    assert prices.price_24h_ago(T0 + 2 * STEP_MS) is None


def test_own_prices_continue_the_candles_and_the_last_of_ten_minutes_counts() -> None:
    prices = RollingPrices()
    for second, price in ((0, 1), (59, 2), (599, 3), (600, 4)):
        prices.sample(T0 + second * 1000, Decimal(price))
    assert prices.price_24h_ago(NOON + STEP_MS) == 3


def test_a_time_without_trades_keeps_the_close_before_it() -> None:
    prices = RollingPrices()
    prices.seed([(T0 - 5 * STEP_MS, Decimal(9)), (NOON - STEP_MS, Decimal(1))])
    assert prices.price_24h_ago(NOON) == 9


def test_candles_never_replace_prices_of_our_own() -> None:
    prices = RollingPrices()
    prices.sample(T0, Decimal(100))
    prices.seed(day_of_closes())
    assert prices.price_24h_ago(NOON + STEP_MS) == 100
    assert prices.price_24h_ago(NOON) == 7


def test_candles_in_any_order_are_sorted() -> None:
    prices = RollingPrices()
    prices.seed(reversed(day_of_closes()))
    assert prices.price_24h_ago(NOON) == 7


def test_prices_older_than_the_window_are_let_go() -> None:
    prices = RollingPrices()
    for step in range(400):
        prices.sample(T0 + step * STEP_MS, Decimal(step + 1))
        assert len(prices._ends) <= 147
    assert prices.price_24h_ago(T0 + 399 * STEP_MS) == 255
