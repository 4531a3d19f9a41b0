"""What all rate sources have in common: JSON without floats, and their times. Pure.

Source: semantics.md "Numbers" and "Rates".
"""

from decimal import Decimal
from typing import TypeVar

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from adapters.resilience.error import UndecodableAnswer
from domain.model.number import MalformedNumber, checked, parse_decimal

# A Decimal, an int, quoted text or None, judged by `rate`.
Number = object
# Stamps are milliseconds; from 2**53 on a JSON reader may have rounded them.
STAMP_END_MS = 2**53

Body = TypeVar("Body", bound=Struct)


def decoder(kind: type[Body]) -> Decoder[Body]:
    """Return a decoder that makes Decimals of JSON numbers from their own digits."""
    return Decoder(kind, float_hook=Decimal)


def decode(reader: Decoder[Body], body: bytes, upstream: str) -> Body:
    """Read an answer.

    Raises:
        UndecodableAnswer: not what the source is documented to say.
    """
    try:
        return reader.decode(body)
    except (ValueError, ArithmeticError, RecursionError) as exc:
        detail = str(exc) if isinstance(exc, DecodeError) else type(exc).__name__
        raise UndecodableAnswer(upstream, detail) from exc


def rate(value: Number, upstream: str) -> Decimal:
    """Return won per dollar; whether it is sane is the core's business.

    Raises:
        UndecodableAnswer: not a positive number within the limits.
    """
    try:
        found = _exact(value)
    except MalformedNumber as exc:
        raise UndecodableAnswer(upstream, f"the rate is {exc}") from exc
    if found <= 0:
        raise UndecodableAnswer(upstream, "the rate is not positive")
    return found


def instant(unix_ms: int, upstream: str) -> int:
    """Return an instant in Unix ms if it can be one.

    Raises:
        UndecodableAnswer: not within 1..2**53-1.
    """
    if 0 < unix_ms < STAMP_END_MS:
        return unix_ms
    raise UndecodableAnswer(upstream, "an instant outside 1..2**53-1 ms")


def _exact(value: Number) -> Decimal:
    if isinstance(value, str):
        return parse_decimal(value)
    if isinstance(value, Decimal):
        return checked(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return checked(Decimal(value))
    raise MalformedNumber("not a number")
