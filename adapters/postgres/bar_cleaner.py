"""Larger bars that are too old, deleted coin by coin."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_partition import months_of
from adapters.postgres.bar_rollup import BASES, begin_of
from adapters.postgres.bar_span import clamped
from adapters.postgres.database import Database
from domain.model.interval import Interval

# Coins of one transaction; the next one waits for nobody.
COINS_AT_ONCE = 20

# From each symbol to the next by the index, never over the rows between.
_COINS = """
WITH RECURSIVE coin AS (
    (SELECT symbol FROM {table} ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT r.symbol FROM {table} AS r
            WHERE r.symbol > coin.symbol ORDER BY r.symbol LIMIT 1)
    FROM coin WHERE coin.symbol IS NOT NULL
)
SELECT symbol FROM coin WHERE symbol IS NOT NULL
"""
_COINS_OF = [
    text(_COINS.format(table=table)) for table in ("premium_bar", "premium_rollup")
]
_MADE = text(
    "DELETE FROM premium_bar AS b USING unnest("
    "CAST(:intervals AS text[]), CAST(:bounds AS timestamptz[])) AS t(span, last_at) "
    "WHERE b.symbol = ANY(CAST(:symbols AS text[])) AND b.interval = t.span "
    "AND b.opened_at <= t.last_at"
)
# What is derived from minutes that are still there would be derived again: it stays.
_DERIVED = text(
    f"""
DELETE FROM premium_rollup AS r
WHERE r.symbol = ANY(CAST(:symbols AS text[]))
  AND r.basis IN ({BASES}) AND r.interval IN ('H1', 'D1')
  AND r.opened_at < :day_at
  AND NOT EXISTS (
      SELECT FROM unnest(CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[]))
          AS month(begin_at, end_at)
      WHERE r.opened_at >= month.begin_at AND r.opened_at < month.end_at
  )
"""  # noqa: S608 - names of ours
)


async def drop_bars(database: Database, before_ms: int) -> int:
    """Drop bars made from candles that ended before an instant, and return how many.

    So do hours and days, by whole days, whose minutes were dropped.

    Raises:
        StoreUnavailable: the database cannot be reached; what is gone is gone.
    """
    async with database.transaction() as connection:
        found: set[str] = set()
        for statement in _COINS_OF:
            found.update((await connection.execute(statement)).scalars())
    symbols = sorted(found)
    dropped = 0
    for start in range(0, len(symbols), COINS_AT_ONCE):
        part = symbols[start : start + COINS_AT_ONCE]
        async with database.transaction() as connection:
            dropped += await _drop(connection, part, before_ms)
    return dropped


async def _drop(
    connection: AsyncConnection, symbols: Sequence[str], before_ms: int
) -> int:
    before = clamped(before_ms)
    # Before 1970 nothing opened, so nothing is lost by the clamp at its beginning.
    bounds = {
        str(interval): before - timedelta(milliseconds=interval.length_ms)
        for interval in Interval
    }
    made = await connection.execute(
        _MADE,
        {
            "symbols": symbols,
            "intervals": list(bounds),
            "bounds": list(bounds.values()),
        },
    )
    months = await months_of(connection)
    derived = await connection.execute(
        _DERIVED,
        {
            "symbols": symbols,
            "day_at": begin_of(before.date()),
            "begins": [month.begin for month in months],
            "ends": [month.next.begin for month in months],
        },
    )
    return made.rowcount + derived.rowcount
