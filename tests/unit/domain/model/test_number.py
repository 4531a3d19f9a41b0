"""Numbers: what is accepted, how it is written, how it is rounded."""

from decimal import Decimal, DivisionByZero

import pytest

from domain.model.number import (
    INT32_MAX,
    MalformedNumber,
    canonical,
    checked,
    mean_of_two,
    multiply,
    parse_decimal,
    per_coin,
    percent_change,
    saturate_int32,
    subtract,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("-0.000", "0"),
        ("0E-8", "0"),
        ("1.50", "1.5"),
        ("1.0", "1"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1e30", "1" + "0" * 30),
        ("0.000480", "0.00048"),
        ("1.4E-7", "0.00000014"),
        ("-12.340", "-12.34"),
        ("95078733694.3792000000000000", "95078733694.3792"),
        ("103493000.0", "103493000"),
    ],
)
def test_a_decimal_is_written_plainly_without_trailing_zeros_and_zero_is_0(
    text: str, written: str
) -> None:
    assert canonical(parse_decimal(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1\n",
        "+1",
        ".5",
        "1.",
        "--1",
        "1,000",
        "1_000",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "inf",
        "0x10",
        "１２",
        "١٢",
        "1e",
        "e5",
        "1e5.0",
        "1e999999999",
        "1e-999999999",
        "0e999999999",
        "0E1000000000000000000",
        "1e-1000000000000000000",
        "1e31",
        "1e-31",
        "0." + "0" * 30 + "1",
        "1" * 61,
        "0.5" + "1" * 60,
        "0" * 161,
    ],
)
def test_what_is_not_a_decimal_of_60_digits_within_e30_is_malformed(text: str) -> None:
    with pytest.raises(MalformedNumber):
        parse_decimal(text)


@pytest.mark.parametrize(
    "text", ["1" * 60, "-" + "9" * 60, "1e30", "1e-30", "9" * 30 + "." + "9" * 30]
)
def test_the_limits_themselves_are_accepted(text: str) -> None:
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (Decimal("NaN"), "finite"),
        (Decimal("sNaN"), "finite"),
        (Decimal("-Infinity"), "finite"),
        (Decimal("1" * 61), "60 digits"),
        (Decimal("1e31"), "±30"),
        (Decimal("1e-31"), "±30"),
    ],
)
def test_a_decoded_decimal_beyond_the_limits_is_malformed_and_told_why(
    value: Decimal, problem: str
) -> None:
    with pytest.raises(MalformedNumber, match=problem):
        checked(value)


def test_the_premium_of_the_contract_example_is_zero_and_the_other_rounds_to_six() -> (
    None
):
    fair = multiply(Decimal(40000), Decimal(1300))
    assert canonical(percent_change(Decimal(52_000_000), fair)) == "0"
    assert canonical(percent_change(Decimal(51_000_000), fair)) == "-1.923077"


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("1.00000000500000000000000000000000000000000000000000000000000", "0"),
        ("1.00000000500000000000000000000000000000000000000000000000001", "0.000001"),
        ("1.00000001500000000000000000000000000000000000000000000000000", "0.000002"),
        ("1.00000001499999999999999999999999999999999999999999999999999", "0.000001"),
        ("0.99999999500000000000000000000000000000000000000000000000000", "0"),
    ],
)
def test_percent_is_rounded_half_even_to_six_places_and_only_once(
    value: str, rounded: str
) -> None:
    assert canonical(percent_change(Decimal(value), Decimal(1))) == rounded


def test_a_change_from_zero_is_a_division_by_zero() -> None:
    with pytest.raises(DivisionByZero):
        percent_change(Decimal(1), Decimal(0))


def test_a_change_too_large_for_the_usual_digits_is_still_exact() -> None:
    found = percent_change(Decimal("1e30"), Decimal("3e-30"))
    assert canonical(found) == "3" * 59 + "233.333333"


def test_products_and_differences_of_long_numbers_are_exact() -> None:
    long = Decimal("9" * 60)
    assert int(multiply(long, long)) == (10**60 - 1) ** 2
    assert canonical(subtract(Decimal("1e30"), Decimal("1e-30"))) == (
        "9" * 30 + "." + "9" * 30
    )


def test_the_middle_of_two_numbers_is_rounded_half_even_to_six_places() -> None:
    assert canonical(mean_of_two(Decimal("0.000001"), Decimal("0.000002"))) == (
        "0.000002"
    )
    assert canonical(mean_of_two(Decimal("0.000002"), Decimal("0.000003"))) == (
        "0.000002"
    )


def test_a_price_of_a_thousand_coins_is_told_per_coin() -> None:
    assert per_coin(Decimal("0.00018"), Decimal(1000)) == Decimal("0.00000018")
    assert per_coin(Decimal("7.1"), Decimal(1)) == Decimal("7.1")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (-1, 0),
        (0, 0),
        (INT32_MAX, INT32_MAX),
        (INT32_MAX + 1, INT32_MAX),
        (10**20, INT32_MAX),
    ],
)
def test_an_int_saturates_at_32_bits_and_is_never_negative(
    value: int, kept: int
) -> None:
    assert saturate_int32(value) == kept
