"""Column types and checks that keep what cannot be meant out of the database."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import TIMESTAMP, CheckConstraint, Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# The last millisecond of year 9999: Python's calendar ends there.
MAX_INSTANT_MS = 253_402_300_799_999


class NaiveInstant(ValueError):
    """A datetime without an offset: nobody knows which moment it means."""


class Instant(TypeDecorator[datetime]):
    """`timestamptz`; a naive datetime is refused on its way in.

    asyncpg takes a naive one as local time without a word.
    """

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Return the value as it is.

        Raises:
            NaiveInstant: it has no offset.
        """
        if value is not None and value.utcoffset() is None:
            raise NaiveInstant(f"{value!r} has no offset")
        return value

    def process_result_value(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Return the instant in UTC."""
        return None if value is None else value.astimezone(UTC)


def instant_of(unix_ms: int) -> datetime:
    """Return the instant of Unix milliseconds, 0..MAX_INSTANT_MS, exactly."""
    return EPOCH + unix_ms * MILLISECOND


def unix_ms_of(instant: datetime) -> int:
    """Return the Unix milliseconds of an instant, fractions cut off."""
    return (instant - EPOCH) // MILLISECOND


def is_storable(*instants_ms: int | None) -> bool:
    """Whether all the Unix milliseconds are within a calendar that we can read back."""
    return all(ms is None or 0 <= ms <= MAX_INSTANT_MS for ms in instants_ms)


def text_of(text: str) -> str:
    """Return the text without NUL and lone surrogates, which Postgres cannot hold."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "ignore").decode().replace("\x00", "")


def finite(column: str) -> CheckConstraint:
    """Return a check that a NUMERIC is neither NaN nor infinite.

    In Postgres NaN equals itself and is above every number, so both bounds are needed.
    """
    return CheckConstraint(
        f"{column} > '-Infinity' AND {column} < 'Infinity'", name=f"{column}_finite"
    )


def positive(column: str) -> CheckConstraint:
    """Return a check that a NUMERIC is a finite number above zero."""
    return CheckConstraint(
        f"{column} > 0 AND {column} < 'Infinity'", name=f"{column}_positive"
    )
