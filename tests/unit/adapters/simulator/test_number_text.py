import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.simulator.number_text import fixed, price, scaled, short, stamp

VALUES = st.integers(min_value=-(10**26), max_value=10**26)


@given(VALUES)
def test_every_spelling_is_json_and_exact(value: int) -> None:
    texts = [fixed(value), short(value), scaled(value, 8), price(abs(value))]
    exact = Decimal(value).scaleb(-8)
    read = [json.loads(text, parse_float=Decimal) for text in texts]
    assert read == [exact, exact, exact, abs(exact)]


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_long_numbers_keep_sixteen_decimals(value: int) -> None:
    text = scaled(value, 16)
    assert str(Decimal(text)) == text
    assert Decimal(text).as_tuple().exponent == -16


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0E-8"),
        (5, "5E-8"),
        (50, "5.0E-7"),
        (99, "9.9E-7"),
        (100, "0.00000100"),
        (15820100000000000, "158201000.00000000"),
    ],
)
def test_stream_prices_are_spelled_like_the_recorded_ones(
    value: int, text: str
) -> None:
    assert price(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10349300000000000, "103493000.0"),
        (48200, "0.000482"),
        (-136000 * 10**8, "-136000.0"),
        (-5, "-0.00000005"),
    ],
)
def test_rest_numbers_have_the_decimals_they_need(value: int, text: str) -> None:
    assert short(value) == text


def test_a_value_since_midnight_has_26_digits() -> None:
    assert scaled(950787336943792 * 10**12, 16) == "95078733694.3792000000000000"


def test_negative_units_keep_their_sign() -> None:
    assert fixed(-9499999800) == "-94.99999800"


def test_instants_are_spelled_in_utc() -> None:
    when = stamp(1_795_154_400)
    assert (when.date, when.time) == ("2026-11-20", "06:00:00")
    assert (when.compact_date, when.compact_time) == ("20261120", "060000")
