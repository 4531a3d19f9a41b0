import pytest

from adapters.simulator.price_tick import (
    UNIT,
    UPBIT_TICK,
    FixedTick,
    binance_lot,
    binance_tick,
    units,
)


@pytest.mark.parametrize(
    ("price", "step"),
    [
        ("165000000", "1000"),
        ("1000000", "1000"),
        ("999500", "500"),
        ("100000", "100"),
        ("50000", "50"),
        ("10000", "10"),
        ("5000", "5"),
        ("4999", "1"),
        ("100", "1"),
        ("99.9", "0.1"),
        ("1.23", "0.01"),
        ("0.123", "0.001"),
        ("0.000482", "0.000001"),
        ("0.0000661", "0.0000001"),
        ("0.00000123", "0.00000001"),
    ],
)
def test_won_steps_grow_with_the_price(price: str, step: str) -> None:
    assert UPBIT_TICK["KRW"].step(units(price)) == units(step)


@pytest.mark.parametrize(
    ("price", "step"), [("118000", "0.01"), ("2.86", "0.001"), ("0.0005", "0.00000001")]
)
def test_tether_steps_grow_with_the_price(price: str, step: str) -> None:
    assert UPBIT_TICK["USDT"].step(units(price)) == units(step)


@pytest.mark.parametrize(
    ("price", "step"),
    [("118000", "0.01"), ("21.4", "0.001"), ("0.00000036", "0.00000001")],
)
def test_a_binance_market_has_one_step_by_its_price(price: str, step: str) -> None:
    assert binance_tick(units(price)) == units(step)
    assert FixedTick(units(step)).step(1.0) == units(step)


@pytest.mark.parametrize(("price", "lot"), [("118000", "0.000001"), ("0.2", "1")])
def test_a_quantity_step_is_worth_at_most_one_dollar(price: str, lot: str) -> None:
    assert binance_lot(units(price)) == units(lot)


@pytest.mark.parametrize("text", ["", "abc", "0", "-1", "1e-9", "NaN", "Infinity"])
def test_what_is_no_positive_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        units(text)


def test_a_unit_is_ten_to_the_minus_eight() -> None:
    assert units("0.00000001") == 1
    assert units("1") == UNIT
