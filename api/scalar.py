"""The contract's own scalars: exact decimals, instants and days.

Source: semantics.md "Numbers"; RFC 3339 for instants. Output of a wrong type is our
fault and raises `TypeError`; input that is not meant raises `GraphQLError`.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NewType, TypeVar

import strawberry
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from domain.model.number import (
    MAX_DIGITS,
    MAX_EXPONENT,
    MalformedNumber,
    canonical,
    checked,
    parse_decimal,
)

T = TypeVar("T")
UnixMs = NewType("UnixMs", int)
"""An instant in Unix milliseconds; `DateTime` on the wire."""

DAYS_KEPT = 1_024
"""Texts of days that are kept; the least recently used one goes."""

_DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WANTED_DECIMAL = (
    f'must be a plain decimal number as a string, such as "1.5", of at most '
    f"{MAX_DIGITS} digits and with an exponent within ±{MAX_EXPONENT}"
)
_WANTED_INSTANT = (
    "must be an ISO-8601 instant with an offset, such as "
    '"2026-01-01T00:00:00Z", in the years 1 to 9999 of UTC; naive and date-only input '
    "is refused"
)
_WANTED_DAY = 'must be a calendar day, such as "2026-01-31"'


def write_decimal(value: object) -> str:
    """Return the canonical text of a decimal."""
    if not isinstance(value, Decimal):
        raise TypeError(f"not a Decimal: {type(value).__name__}")
    return canonical(value)


def read_decimal(value: object) -> Decimal:
    """Return the decimal in a string or integer; a float has lost digits."""
    try:
        if isinstance(value, str):
            return parse_decimal(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return checked(Decimal(value))
    except MalformedNumber as exc:
        raise GraphQLError(_WANTED_DECIMAL) from exc
    raise GraphQLError(_WANTED_DECIMAL)


def instant_text(at_ms: int) -> str:
    """Return an instant as ISO-8601 in UTC with milliseconds."""
    day, ms = divmod(at_ms, _DAY_MS)
    minute, ms = divmod(ms, 60_000)
    return (
        f"{_day_text(day)}T{minute // 60:02}:{minute % 60:02}"
        f":{ms // 1000:02}.{ms % 1000:03}Z"
    )


@lru_cache(DAYS_KEPT)
def _day_text(day: int) -> str:
    """Return a day, counted from 1970-01-01; many instants share one."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def write_instant(value: object) -> str:
    """Return the text of an instant in Unix milliseconds."""
    if not isinstance(value, int):
        raise TypeError(f"not Unix milliseconds: {type(value).__name__}")
    return instant_text(value)


def read_instant(value: object) -> UnixMs:
    """Return an instant in Unix milliseconds, fractions of one cut off.

    It is one that can be written again: in the years 1 to 9999 of UTC, not only there.
    """
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        raise GraphQLError(_WANTED_INSTANT)
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
        return UnixMs((moment - _EPOCH) // _MILLISECOND)
    except (ValueError, OverflowError) as exc:
        raise GraphQLError(_WANTED_INSTANT) from exc


def write_day(value: object) -> str:
    """Return the text of a calendar day."""
    if type(value) is not date:
        raise TypeError(f"not a date: {type(value).__name__}")
    return value.isoformat()


def read_day(value: object) -> date:
    """Return a calendar day."""
    if not isinstance(value, str) or _DAY.fullmatch(value) is None:
        raise GraphQLError(_WANTED_DAY)
    try:
        return date.fromisoformat(value)
    except ValueError as exc:
        raise GraphQLError(_WANTED_DAY) from exc


def unix_ms(moment: datetime) -> UnixMs:
    """Return an aware datetime in Unix milliseconds."""
    return UnixMs((moment - _EPOCH) // _MILLISECOND)


def optional_ms(at_ms: int | None) -> UnixMs | None:
    """Return an instant that may be unknown."""
    return None if at_ms is None else UnixMs(at_ms)


def _literal(read: Callable[[object], T], *kinds: type[ValueNode]) -> Callable[..., T]:
    """Return the reader of literals; its errors know their place in the document."""

    def read_literal(node: ValueNode, _variables: object = None) -> T:
        # Numbers are texts here: nothing is lost, and no digits are too many.
        value = getattr(node, "value", None) if isinstance(node, kinds) else None
        try:
            return read(value)
        except GraphQLError as exc:
            raise GraphQLError(exc.message, node) from exc

    return read_literal


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            "Exact decimal as a plain string in canonical form: no exponent, no "
            'trailing zeros, zero is "0": "1.5", "95078733694.3792". Input: a string '
            f"or an integer of at most {MAX_DIGITS} digits."
        ),
        # Our own page: no public specification has decimals as canonical text.
        specified_by_url="/docs/reference#Decimal",
        serialize=write_decimal,
        parse_value=read_decimal,
        parse_literal=_literal(read_decimal, StringValueNode, IntValueNode),
    ),
    UnixMs: strawberry.scalar(
        name="DateTime",
        description=(
            "ISO-8601 instant with an offset; naive and date-only input is refused. "
            "Output is in UTC with milliseconds."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=write_instant,
        parse_value=read_instant,
        parse_literal=_literal(read_instant, StringValueNode),
    ),
    date: strawberry.scalar(
        name="Date",
        description=("Calendar day, ISO-8601. Daily snapshots are days in Asia/Seoul."),
        specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
        serialize=write_day,
        parse_value=read_day,
        parse_literal=_literal(read_day, StringValueNode),
    ),
}
