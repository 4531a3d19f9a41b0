"""Exact decimals: what is accepted, how they are computed and how they are written.

Source: semantics.md "Numbers". Money never passes through a float.
"""

import re
from decimal import (
    ROUND_05UP,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

MAX_DIGITS = 60
MAX_EXPONENT = 30
PERCENT_PLACES = 6
INT32_MAX = 2_147_483_647

_SYNTAX = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# Longer text is refused before it is parsed: 60 digits, sign, point, exponent and
# generous leading or trailing zeros fit.
_MAX_TEXT = 160
_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
# Products of two accepted numbers span at most 10**180 .. 10**-120: 320 digits hold
# every sum, difference and product of the model exactly.
_EXACT = Context(prec=320, Emin=-9999, Emax=9999, traps=_TRAPS)
# 05UP keeps the digits beyond the precision "sticky", so the one later rounding to
# six places is correct (IBM General Decimal Arithmetic, "round-05up").
_QUOTIENT = Context(prec=64, rounding=ROUND_05UP, Emin=-9999, Emax=9999, traps=_TRAPS)
_WIDE_QUOTIENT = Context(
    prec=320, rounding=ROUND_05UP, Emin=-9999, Emax=9999, traps=_TRAPS
)
_ROUND = Context(
    prec=320, rounding=ROUND_HALF_EVEN, Emin=-9999, Emax=9999, traps=_TRAPS
)
_SIX_PLACES = Decimal(1).scaleb(-PERCENT_PLACES)
_HUNDRED = Decimal(100)


class MalformedNumber(ValueError):
    """Text that is not a decimal of at most 60 digits with an exponent within ±30."""


def parse_decimal(text: str) -> Decimal:
    """Read a decimal that came from outside.

    Raises:
        MalformedNumber: not `-?digits[.digits][e±digits]`, more than 60 digits, or an
            exponent beyond ±30.
    """
    if len(text) > _MAX_TEXT or _SYNTAX.fullmatch(text) is None:
        raise MalformedNumber("not a plain decimal number")
    try:
        value = Decimal(text)
    except InvalidOperation as exc:
        # An exponent of nineteen digits is more than the type itself can hold.
        raise MalformedNumber(f"an exponent beyond ±{MAX_EXPONENT}") from exc
    return checked(value)


def checked(value: Decimal) -> Decimal:
    """Return the value if it is within the limits of numbers from outside.

    Raises:
        MalformedNumber: not finite, more than 60 digits, or an exponent beyond ±30.
    """
    if not value.is_finite():
        raise MalformedNumber("not a finite number")
    _, digits, exponent = value.as_tuple()
    if len(digits) > MAX_DIGITS:
        raise MalformedNumber(f"more than {MAX_DIGITS} digits")
    if not -MAX_EXPONENT <= int(exponent) <= MAX_EXPONENT:
        raise MalformedNumber(f"an exponent beyond ±{MAX_EXPONENT}")
    return value


def canonical(value: Decimal) -> str:
    """Write a decimal in its one text: no exponent, no trailing zeros, zero is `0`."""
    if not value:
        return "0"
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact product."""
    return _EXACT.multiply(left, right)


def subtract(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact difference."""
    return _EXACT.subtract(left, right)


def mean_of_two(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact middle of two numbers, rounded half-even to six places."""
    middle = _EXACT.divide(_EXACT.add(left, right), Decimal(2))
    return middle.quantize(_SIX_PLACES, context=_ROUND)


def percent_change(value: Decimal, base: Decimal) -> Decimal:
    """Return `(value / base − 1) · 100` in percent, half-even to six places.

    Raises:
        decimal.DivisionByZero: the base is zero.
    """
    difference = _EXACT.multiply(_EXACT.subtract(value, base), _HUNDRED)
    quotient = _QUOTIENT.divide(difference, base)
    if quotient and quotient.adjusted() > 50:
        quotient = _WIDE_QUOTIENT.divide(difference, base)
    return quotient.quantize(_SIX_PLACES, context=_ROUND)


def rounded(value: Decimal) -> Decimal:
    """Return a computed number half-even to six places."""
    return value.quantize(_SIX_PLACES, context=_ROUND)


def ratio(value: Decimal, base: Decimal) -> Decimal:
    """Return `value / base`, half-even to six places.

    Raises:
        decimal.DivisionByZero: the base is zero.
    """
    quotient = _WIDE_QUOTIENT.divide(value, base)
    return quotient.quantize(_SIX_PLACES, context=_ROUND)


def per_coin(price: Decimal, multiplier: Decimal) -> Decimal:
    """Return the price of one coin where a market trades `multiplier` of them.

    The multiplier is a power of ten (1000SATS: 1000), so the quotient is exact.
    """
    return price if multiplier == 1 else _EXACT.divide(price, multiplier)


def saturate_int32(value: int) -> int:
    """Clamp a count or an age to what GraphQL's Int can carry, never below zero."""
    return 0 if value < 0 else min(value, INT32_MAX)
