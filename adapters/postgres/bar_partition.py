"""The months of minutes: made before they are needed, dropped as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_lock import take_room
from adapters.postgres.bar_span import clamped
from adapters.postgres.database import Database
from adapters.postgres.history_table import PARTITION

PARENT = "premium_minute"
# Months that one span may need: a century. Past it: ValueError, nothing is made.
MAX_MONTHS = 1_200
# How long the queue of readers may stand still for a month to be dropped. Past it the
# month stays, until the next time.
DROP_PATIENCE_MS = 500
_LOCK_NOT_AVAILABLE = "55P03"

_CHILDREN = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = CAST(:parent AS regclass)"
).bindparams(parent=PARENT)
_IS_DUE = text(
    "SELECT EXISTS (SELECT FROM premium_due WHERE day >= :first AND day < :beyond)"
)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A UTC month, counted from January of year 0."""

    number: int

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """Return the month of an instant in UTC."""
        return cls(at.year * 12 + at.month - 1)

    @property
    def year(self) -> int:
        """Its year."""
        return self.number // 12

    @property
    def table(self) -> str:
        """What its partition is called."""
        return f"{PARENT}_{self.year}_{self.number % 12 + 1:02}"

    @property
    def begin(self) -> datetime:
        """Its first instant."""
        return datetime(self.year, self.number % 12 + 1, 1, tzinfo=UTC)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month(self.number + 1)


class PartitionRoom:
    """Makes and drops the partitions of `premium_minute`; safe in several processes.

    Months found once are remembered, so that a write need not look.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[Month] = set()

    async def make(self, from_ms: int, to_ms: int) -> None:
        """Make the months that a span needs; instants beyond calendars are cut off.

        Raises:
            StoreUnavailable: the database cannot be reached.
            ValueError: the span is longer than a century.
        """
        first, last = Month.of(clamped(from_ms)), Month.of(clamped(to_ms - 1))
        if last.number - first.number >= MAX_MONTHS:
            raise ValueError(f"{first.table} to {last.table} is over {MAX_MONTHS}")
        await self.ensure(map(Month, range(first.number, last.number + 1)))

    async def ensure(self, months: Iterable[Month]) -> None:
        """Make the months that are not there, each in a transaction of its own.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        for month in sorted(set(months) - self._known):
            async with self._database.transaction() as connection:
                await take_room(connection)
                if month not in await months_of(connection):
                    await _make(connection, month)
            self._known.add(month)

    def forget(self) -> None:
        """Look again next time: another process may have dropped a month."""
        self._known.clear()

    async def drop(self, before_ms: int) -> int:
        """Drop the months that ended before an instant; return how many.

        One of which something is still to be derived stays, and one that is in use.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        before = Month.of(clamped(before_ms))
        async with self._database.transaction() as connection:
            old = [month for month in await months_of(connection) if month < before]
        dropped = 0
        for month in old:
            async with self._database.transaction() as connection:
                await take_room(connection)
                dropped += await _drop(connection, month)
            self._known.discard(month)
        return dropped


async def months_of(connection: AsyncConnection) -> list[Month]:
    """Return the months that have a partition, in order."""
    names = (await connection.execute(_CHILDREN)).scalars()
    matches = filter(None, map(PARTITION.fullmatch, names))
    return sorted(Month(int(match[1]) * 12 + int(match[2]) - 1) for match in matches)


async def _make(connection: AsyncConnection, month: Month) -> None:
    # CREATE … PARTITION OF would lock readers out; attaching does not.
    await connection.execute(
        text(f"CREATE TABLE {month.table} (LIKE {PARENT} INCLUDING ALL)")
    )
    bounds = f"FROM ('{month.begin}') TO ('{month.next.begin}')"
    await connection.execute(
        text(f"ALTER TABLE {PARENT} ATTACH PARTITION {month.table} FOR VALUES {bounds}")
    )


async def _drop(connection: AsyncConnection, month: Month) -> bool:
    # Another server may have been faster.
    if month not in await months_of(connection) or not await _locked(connection, month):
        return False
    span = {"first": month.begin.date(), "beyond": month.next.begin.date()}
    if (await connection.execute(_IS_DUE, span)).scalar_one():
        return False
    await connection.execute(
        text(f"ALTER TABLE {PARENT} DETACH PARTITION {month.table}")
    )
    await connection.execute(text(f"DROP TABLE {month.table}"))
    return True


async def _locked(connection: AsyncConnection, month: Month) -> bool:
    """Have the month alone, so that no minute comes after it was looked at."""
    await connection.execute(text(f"SET LOCAL lock_timeout = {DROP_PATIENCE_MS}"))
    lock = f"LOCK TABLE ONLY {PARENT}, {month.table} IN ACCESS EXCLUSIVE MODE"
    try:
        async with connection.begin_nested():
            await connection.execute(text(lock))
    except DBAPIError as exc:
        if getattr(exc.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            return False
        raise
    return True
