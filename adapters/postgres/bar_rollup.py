"""Hours and days derived from minutes, and the marks that say what is to be derived.

A row of `premium_rollup` is there only while it is right. Whoever writes a minute
deletes those of its hour and UTC day and marks the coin and day in `premium_due`, in
the same transaction. So a coin's hour with minutes has rows, or its day has a mark.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_column import COLUMNS, MERGED, has, minute_on
from adapters.postgres.bar_lock import take_day
from adapters.postgres.bar_span import clamped
from adapters.postgres.database import Database
from adapters.postgres.history_table import PremiumDueRow
from adapters.postgres.row import table_of
from adapters.postgres.upsert import Upsert
from domain.model.fx import PremiumBasis

# Coins of one day that are derived in one transaction: for so long, some hundreds of
# milliseconds, nobody else writes minutes of that day.
COINS_AT_ONCE = 50
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

BASES = ", ".join(f"'{basis}'" for basis in PremiumBasis)
# The minutes of an hour on one basis are read in order and merged at once: of all
# ways to say it the planner finds this one cheap at any size of the tables.
_HOUR = " UNION ALL ".join(
    f"""
    SELECT '{basis}' AS basis, {MERGED} FROM (
        SELECT m.opened_at AS place, {minute_on(basis)} FROM premium_minute AS m
        WHERE m.symbol = h.symbol
          AND m.opened_at >= h.hour AND m.opened_at < h.hour + interval '1 hour'
          AND m.opened_at >= :from_at AND m.opened_at < :to_at AND {has(basis)}
    ) AS part HAVING count(*) > 0
"""  # noqa: S608 - names of ours
    for basis in PremiumBasis
)
_HOURS = text(
    f"""
INSERT INTO premium_rollup (symbol, basis, interval, opened_at, {COLUMNS})
SELECT h.symbol, e.basis, 'H1', h.hour, {COLUMNS}
FROM (
    SELECT s.symbol, t.hour FROM unnest(CAST(:symbols AS text[])) AS s(symbol)
    CROSS JOIN generate_series(
        CAST(:from_at AS timestamptz), CAST(:to_at AS timestamptz) - interval '1 hour',
        interval '1 hour'
    ) AS t(hour)
    WHERE NOT EXISTS (
        SELECT FROM premium_rollup AS r
        WHERE r.symbol = s.symbol AND r.basis IN ({BASES})
          AND r.interval = 'H1' AND r.opened_at = t.hour
    )
) AS h
CROSS JOIN LATERAL ({_HOUR}) AS e
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours
)
_DAYS = text(
    f"""
INSERT INTO premium_rollup (symbol, basis, interval, opened_at, {COLUMNS})
SELECT part.symbol, part.basis, 'D1', CAST(:from_at AS timestamptz), {MERGED}
FROM (
    SELECT r.*, r.opened_at AS place FROM premium_rollup AS r
    WHERE r.symbol = ANY(CAST(:symbols AS text[])) AND r.basis IN ({BASES})
      AND r.interval = 'H1'
      AND r.opened_at >= :from_at AND r.opened_at < :to_at
) AS part
GROUP BY part.symbol, part.basis
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours
)
_INVALIDATE = text(
    f"""
DELETE FROM premium_rollup AS r
USING unnest(
    CAST(:symbols AS text[]), CAST(:intervals AS text[]),
    CAST(:openings AS timestamptz[])
) AS t(symbol, span, opened_at)
WHERE r.symbol = t.symbol AND r.basis IN ({BASES})
  AND r.interval = t.span AND r.opened_at = t.opened_at
"""  # noqa: S608 - names of ours
)
_CHOOSE = text(
    "SELECT day, symbol FROM premium_due WHERE due_at <= :before_at "
    "ORDER BY day, symbol LIMIT :limit"
)
_DONE = text(
    "DELETE FROM premium_due "
    "WHERE day = :day AND symbol = ANY(CAST(:symbols AS text[]))"
)
_POSTPONE = text(
    "UPDATE premium_due SET due_at = :due_at "
    "WHERE day = :day AND symbol = ANY(CAST(:symbols AS text[]))"
)
_MARK = Upsert(
    table_of(PremiumDueRow),
    ("symbol", "day", "due_at"),
    lambda stored, new: new["due_at"] < stored.c.due_at,
)


async def invalidate(
    connection: AsyncConnection, minutes: Iterable[tuple[str, datetime]]
) -> None:
    """Take back what was derived from minutes, and mark it: (symbol, opened in UTC).

    Within the transaction that wrote them, which shares the locks of their days.
    """
    hours = sorted({(symbol, hour_of(opened)) for symbol, opened in minutes})
    if not hours:
        return
    days = sorted({(symbol, begin_of(hour.date())) for symbol, hour in hours})
    rows = [(s, "H1", at) for s, at in hours] + [(s, "D1", at) for s, at in days]
    symbols, intervals, openings = map(list, zip(*rows, strict=True))
    await connection.execute(
        _INVALIDATE,
        {"symbols": symbols, "intervals": intervals, "openings": openings},
    )
    # Of a day's hours the first ends first; sorted, it must come last to count.
    marks = {(s, at.date()): at + HOUR for s, at in reversed(hours)}
    await _MARK.run(
        connection, [(symbol, day, due) for (symbol, day), due in sorted(marks.items())]
    )


class RollUp:
    """Derives what ended, from the oldest day on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self, before_ms: int, limit: int) -> int:
        """Derive at most `limit` coin-days; return how many were looked at.

        Raises:
            StoreUnavailable: the database cannot be reached; days done before stay.
        """
        before = clamped(before_ms)
        chosen = {"before_at": before, "limit": limit}
        async with self._database.transaction() as connection:
            due = (await connection.execute(_CHOOSE, chosen)).all()
        by_day: dict[date, list[str]] = {}
        for day, symbol in due:
            by_day.setdefault(day, []).append(symbol)
        for day, symbols in by_day.items():
            for start in range(0, len(symbols), COINS_AT_ONCE):
                part = symbols[start : start + COINS_AT_ONCE]
                async with self._database.transaction() as connection:
                    await _derive(connection, day, part, before)
        return len(due)


async def _derive(
    connection: AsyncConnection, day: date, symbols: Sequence[str], before: datetime
) -> None:
    await take_day(connection, day)
    begin = begin_of(day)
    cut = min(begin + DAY, hour_of(before))
    span: dict[str, Any] = {"symbols": symbols, "from_at": begin, "to_at": cut}
    await connection.execute(_HOURS, span)
    mark = {"day": day, "symbols": symbols}
    if cut < begin + DAY:
        await connection.execute(_POSTPONE, {**mark, "due_at": cut + HOUR})
        return
    await connection.execute(_DAYS, span)
    await connection.execute(_DONE, mark)


def hour_of(instant: datetime) -> datetime:
    """Return the beginning of the hour of an instant in UTC."""
    return instant.replace(minute=0, second=0, microsecond=0)


def begin_of(day: date) -> datetime:
    """Return 00:00 UTC of a day."""
    return datetime.combine(day, time(), UTC)
