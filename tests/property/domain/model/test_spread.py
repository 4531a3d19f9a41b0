"""Mean and deviation against rational arithmetic."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.model.spread import Spread

HALF = Fraction(1, 2) / 10**6
numbers = st.lists(st.decimals(-(10**6), 10**6, places=6), min_size=1, max_size=50)


def spread_of(values: list[Decimal]) -> tuple[Spread, Fraction, Fraction]:
    exact = [Fraction(value) for value in values]
    total = sum(exact, Fraction())
    squares = sum((value * value for value in exact), Fraction())
    mean = total / len(exact)
    variance = squares / len(exact) - mean * mean
    scaled = Decimal(int(total * 10**6)).scaleb(-6)
    squared = Decimal(int(squares * 10**12)).scaleb(-12)
    return Spread(len(values), scaled, squared), mean, variance


@given(values=numbers)
def test_the_mean_is_the_nearest_of_six_places(values: list[Decimal]) -> None:
    spread, mean, _ = spread_of(values)
    assert spread.mean is not None
    assert abs(Fraction(spread.mean) - mean) <= HALF


@given(values=numbers)
def test_the_deviation_is_the_nearest_of_six_places(values: list[Decimal]) -> None:
    spread, _, variance = spread_of(values)
    assert spread.stdev is not None
    stdev = Fraction(spread.stdev)
    assert max(stdev - HALF, Fraction(0)) ** 2 <= variance <= (stdev + HALF) ** 2


@given(value=st.decimals(-(10**6), 10**6, places=6), samples=st.integers(1, 9))
def test_equal_numbers_do_not_deviate(value: Decimal, samples: int) -> None:
    spread, _, _ = spread_of([value] * samples)
    assert (spread.mean, spread.stdev) == (value, 0)


def test_nothing_has_no_mean() -> None:
    nothing = Spread(0, Decimal(0), Decimal(0))
    assert (nothing.mean, nothing.stdev) == (None, None)
