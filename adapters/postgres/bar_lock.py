"""Locks of the bars' tables that last for one transaction, across all servers.

Writers of minutes share the lock of each UTC day they write, whoever derives its hours
has it alone: no derivation misses a minute that was on its way.
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Any numbers will do as long as they never change.
_DAYS, _ROOM, _HOLES = 0x6B69_6D01, 0x6B69_6D02, 0x6B69_6D03
# Days so far apart have one lock: a batch over years takes no more locks than these.
DAY_LOCKS = 64

_SHARE = text(
    "SELECT pg_advisory_xact_lock_shared(:kind, day) "
    "FROM unnest(CAST(:days AS int[])) AS day"
).bindparams(kind=_DAYS)
_TAKE = text("SELECT pg_advisory_xact_lock(:kind, :number)")


async def share_days(connection: AsyncConnection, days: Iterable[date]) -> None:
    """Share the locks of days with other writers."""
    numbers = sorted({_number(day) for day in days})
    await connection.execute(_SHARE, {"days": numbers})


async def take_day(connection: AsyncConnection, day: date) -> None:
    """Have the lock of a day alone."""
    await connection.execute(_TAKE, {"kind": _DAYS, "number": _number(day)})


async def take_room(connection: AsyncConnection) -> None:
    """Be the only one who makes or drops partitions."""
    await connection.execute(_TAKE, {"kind": _ROOM, "number": 0})


async def take_holes(connection: AsyncConnection) -> None:
    """Be the only one who changes holes."""
    await connection.execute(_TAKE, {"kind": _HOLES, "number": 0})


def _number(day: date) -> int:
    return day.toordinal() % DAY_LOCKS
