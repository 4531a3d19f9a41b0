"""Minutes of the future, written while a clock was ahead: dropped day by day."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_gap import coins
from adapters.postgres.bar_lock import take_day
from adapters.postgres.bar_rollup import DAY, begin_of, invalidate
from adapters.postgres.bar_span import MAX_OPENED_MS, clamped, clamped_opening
from adapters.postgres.database import Database
from domain.model.interval import Interval

# Coins of one day in one transaction: for so long, some hundreds of milliseconds at
# most, nobody else writes minutes of that day.
COINS_AT_ONCE = 50

# Coin by coin, by the index: of what is not of the future nothing is read.
_DAYS = text(
    """
SELECT future.day, s.symbol FROM unnest(CAST(:symbols AS text[])) AS s(symbol)
CROSS JOIN LATERAL (
    SELECT DISTINCT CAST(m.opened_at AT TIME ZONE 'UTC' AS date) AS day
    FROM premium_minute AS m
    WHERE m.symbol = s.symbol AND m.opened_at >= CAST(:from_at AS timestamptz)
) AS future
ORDER BY future.day, s.symbol
"""
)
_DROP = text(
    """
WITH gone AS (
    DELETE FROM premium_minute AS m
    WHERE m.symbol = ANY(CAST(:symbols AS text[]))
      AND m.opened_at >= CAST(:from_at AS timestamptz)
      AND m.opened_at < CAST(:to_at AS timestamptz)
    RETURNING m.symbol, m.opened_at
)
SELECT symbol, date_trunc('hour', opened_at, 'UTC') AS hour_at, count(*) AS minutes
FROM gone GROUP BY 1, 2
"""
)


async def drop_future(database: Database, after_ms: int) -> int:
    """Drop minutes that opened after an instant, and return how many.

    What was derived from them goes with them, in the same transaction.

    Raises:
        StoreUnavailable: the database cannot be reached; what is gone is gone.
    """
    from_at = clamped_opening(after_ms + 1, Interval.M1)
    async with database.transaction() as connection:
        symbols = await coins(connection, (from_at, clamped(MAX_OPENED_MS)))
        asked = {"symbols": symbols, "from_at": from_at}
        found = [(day, name) for day, name in await connection.execute(_DAYS, asked)]
    dropped = 0
    for day, part in _parts(found):
        async with database.transaction() as connection:
            dropped += await _drop(connection, day, part, from_at)
    return dropped


async def _drop(
    connection: AsyncConnection, day: date, symbols: Sequence[str], from_at: datetime
) -> int:
    # Alone, as a derivation: who has the lock of the day waits for no row of it.
    await take_day(connection, day)
    begin = begin_of(day)
    span = {
        "symbols": symbols,
        "from_at": max(from_at, begin),
        "to_at": begin + DAY,
    }
    gone = (await connection.execute(_DROP, span)).all()
    await invalidate(connection, ((symbol, hour) for symbol, hour, _ in gone))
    return sum(minutes for _, _, minutes in gone)


def _parts(found: Sequence[tuple[date, str]]) -> Iterator[tuple[date, list[str]]]:
    """Split coins by day, and so that each part has few enough of them."""
    by_day: dict[date, list[str]] = {}
    for day, symbol in found:
        by_day.setdefault(day, []).append(symbol)
    for day, symbols in by_day.items():
        for start in range(0, len(symbols), COINS_AT_ONCE):
            yield day, symbols[start : start + COINS_AT_ONCE]
