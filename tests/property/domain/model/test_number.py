"""Arithmetic against `fractions`, with the longest and the meanest digits."""

import re
from decimal import Decimal
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from domain.model.number import (
    MAX_DIGITS,
    MAX_EXPONENT,
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
from domain.model.premium import compute

SYNTAX = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
CANONICAL = re.compile(r"0|-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")


@st.composite
def accepted(draw: st.DrawFn, *, positive: bool = False) -> Decimal:
    """Draw a number within the limits of numbers from outside."""
    digits = draw(st.integers(1, MAX_DIGITS))
    lowest = 1 if positive else -(10**digits) + 1
    coefficient = draw(st.integers(lowest, 10**digits - 1))
    exponent = draw(st.integers(-MAX_EXPONENT, MAX_EXPONENT))
    return Decimal(f"{coefficient}e{exponent}")


prices = accepted(positive=True)


def six_places(exact: Fraction) -> str:
    """Return the canonical text of a fraction rounded half-even to six places."""
    return canonical(Decimal(f"{round(exact * 10**6)}e-6"))


def percent(value: Decimal, base: Decimal) -> Fraction:
    """Return the exact change in percent."""
    return (Fraction(value) / Fraction(base) - 1) * 100


# A tie by all of the first 64 digits: only what comes after them decides.
LONG_TIE = (
    Decimal("1000000005" + "0" * 49),
    Decimal(f"1{'0' * 58}1e-30"),
    Decimal(f"{'9' * 59}e-30"),
)


@given(prices, prices, prices)
@example(*LONG_TIE)
def test_a_premium_is_the_exact_fraction_rounded_half_even_to_six_places(
    krw: Decimal, usdt: Decimal, fx: Decimal
) -> None:
    found = compute(krw, usdt, fx)
    fair = Fraction(usdt) * Fraction(fx)
    exact = (Fraction(krw) / fair - 1) * 100
    assert canonical(found.percent) == six_places(exact)
    assert Fraction(found.absolute_krw) == Fraction(krw) - fair


@given(
    base=st.integers(1, 10**20),
    halves=st.integers(-(10**8) + 1, 10**18).map(lambda n: 2 * n + 1),
    nudge=st.sampled_from(["0", "1e-30", "-1e-30", "1e-10", "-1e-10"]),
)
@example(base=3, halves=1, nudge="0")
@example(base=10**20, halves=-1, nudge="-1e-30")
def test_ties_go_to_the_even_digit_and_a_hair_decides_everything_else(
    base: int, halves: int, nudge: str
) -> None:
    """The change is an odd number of half millionths of a percent, give or take."""
    tie = Fraction(base) * (1 + Fraction(halves, 2 * 10**8))
    value = subtract(
        multiply(Decimal(tie.numerator), Decimal(2 * 10**8 // tie.denominator)),
        multiply(Decimal(nudge), Decimal(2 * 10**8)),
    )
    scaled = multiply(Decimal(base), Decimal(2 * 10**8))
    assert canonical(percent_change(value, scaled)) == six_places(
        percent(value, scaled)
    )


@given(accepted(), prices)
def test_a_change_is_exact_for_every_pair_of_accepted_numbers(
    value: Decimal, base: Decimal
) -> None:
    assert canonical(percent_change(value, base)) == six_places(percent(value, base))


@given(accepted(), accepted())
def test_products_and_differences_are_exact(left: Decimal, right: Decimal) -> None:
    assert Fraction(multiply(left, right)) == Fraction(left) * Fraction(right)
    assert Fraction(subtract(left, right)) == Fraction(left) - Fraction(right)


@given(accepted(), accepted())
def test_the_middle_is_the_exact_one_rounded(left: Decimal, right: Decimal) -> None:
    exact = (Fraction(left) + Fraction(right)) / 2
    assert canonical(mean_of_two(left, right)) == six_places(exact)


@given(prices, st.integers(0, 9))
def test_a_price_per_coin_is_the_exact_quotient(price: Decimal, zeros: int) -> None:
    found = per_coin(price, Decimal(10**zeros))
    assert Fraction(found) * 10**zeros == Fraction(price)


@given(accepted())
def test_canonical_text_is_plain_reads_back_and_is_the_same_for_equal_numbers(
    value: Decimal,
) -> None:
    text = canonical(value)
    assert CANONICAL.fullmatch(text)
    assert Decimal(text) == value
    assert canonical(Decimal(text)) == text
    longer = text + ("00" if "." in text else ".00")
    assert canonical(Decimal(longer)) == text


@given(accepted())
def test_every_number_within_the_limits_is_accepted_in_its_own_words(
    value: Decimal,
) -> None:
    assert checked(value) == value
    assert parse_decimal(str(value).replace("+", "")) == value


@given(
    st.one_of(
        st.text(max_size=20),
        st.text("0123456789.eE+-_ ", max_size=70),
        st.from_regex(SYNTAX, fullmatch=True).map(lambda text: text[:200]),
        st.decimals().map(str),
    )
)
@example("0E1000000000000000000")
def test_what_is_accepted_is_finite_plain_and_within_the_limits(text: str) -> None:
    try:
        value = parse_decimal(text)
    except MalformedNumber:
        return
    assert SYNTAX.fullmatch(text)
    _, digits, exponent = value.as_tuple()
    assert len(digits) <= MAX_DIGITS
    assert abs(int(exponent)) <= MAX_EXPONENT
    assert value == Decimal(text)


@given(st.integers())
def test_an_int_of_the_contract_always_fits(value: int) -> None:
    assert 0 <= saturate_int32(value) <= 2**31 - 1
    assert saturate_int32(saturate_int32(value)) == saturate_int32(value)
