"""What a number must be, by fractions and by nothing of the product."""

from fractions import Fraction

Number = str | int | Fraction


def decimal_text(value: Fraction) -> str:
    """Return the canonical text of a fraction that is a finite decimal."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
        assert places < 400, "not a finite decimal"
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
    text = whole + ("." + part if part else "")
    return f"-{text}" if value < 0 else text


def change(value: Number, base: Number) -> str:
    """Return `(value / base - 1) * 100`, half-even to six places, canonical."""
    exact = (Fraction(value) / Fraction(base) - 1) * 100
    return decimal_text(Fraction(round(exact * 10**6), 10**6))


def percent(krw: Number, usdt: Number, fx: Number) -> str:
    """Return the premium in percent; prices are per coin."""
    return change(krw, Fraction(usdt) * Fraction(fx))


def absolute(krw: Number, usdt: Number, fx: Number) -> str:
    """Return the premium in won, exact."""
    return decimal_text(Fraction(krw) - Fraction(usdt) * Fraction(fx))


def text(value: Number) -> str:
    """Return the canonical text of a number."""
    return decimal_text(Fraction(value))
