"""What is kept and what is missing: openings with rates, gaps, day counts, coins."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_partition import Month
from adapters.postgres.column import unix_ms_of
from domain.model.bar import Gap
from domain.model.interval import Interval
from domain.ports.bar_store import DayCount

# Every coin with minutes in months: from each symbol to the next by the index, never
# over the minutes between.
_COINS = """
WITH RECURSIVE coin AS (
    (SELECT symbol FROM premium_minute {within} ORDER BY symbol LIMIT 1)
    UNION ALL
    SELECT (SELECT m.symbol FROM premium_minute AS m
            {within} {joint} m.symbol > coin.symbol ORDER BY m.symbol LIMIT 1)
    FROM coin WHERE coin.symbol IS NOT NULL
)
"""
_WITHIN = (
    "WHERE opened_at >= CAST(:month_at AS timestamptz) "
    "AND opened_at < CAST(:next_month_at AS timestamptz)"
)
_COINS_EVER = _COINS.format(within="", joint="WHERE")
_COINS_OF_MONTHS = _COINS.format(within=_WITHIN, joint="AND")

_NAMES = "SELECT symbol FROM coin WHERE symbol IS NOT NULL"

_ALL_COINS = text(_COINS_EVER + _NAMES)
_SOME_COINS = text(_COINS_OF_MONTHS + _NAMES)
_LAST_OF_MONTH = text(
    f"""
{_COINS_OF_MONTHS}
SELECT max(last.opened_at) FROM coin CROSS JOIN LATERAL (
    SELECT m.opened_at FROM premium_minute AS m
    WHERE m.symbol = coin.symbol
      AND m.opened_at >= :month_at AND m.opened_at < :next_month_at
    ORDER BY m.opened_at DESC LIMIT 1
) AS last
"""  # noqa: S608 - names of ours
)
_GAPS = text(
    """
SELECT s.symbol, gap.from_at, gap.to_at
FROM unnest(CAST(:symbols AS text[])) AS s(symbol)
CROSS JOIN LATERAL (
    SELECT kept.opened_at + interval '1 minute' AS from_at,
           lead(kept.opened_at, 1, CAST(:to_at AS timestamptz))
               OVER (ORDER BY kept.opened_at) AS to_at
    FROM (
        SELECT CAST(:from_at AS timestamptz) - interval '1 minute' AS opened_at
        WHERE (
            SELECT e.opened_at FROM premium_minute AS e
            WHERE e.symbol = s.symbol AND e.opened_at < :from_at
            ORDER BY e.opened_at DESC LIMIT 1
        ) IS NOT NULL
        UNION ALL
        SELECT m.opened_at FROM premium_minute AS m
        WHERE m.symbol = s.symbol
          AND m.opened_at >= :from_at AND m.opened_at < :to_at
    ) AS kept
) AS gap
WHERE gap.to_at > gap.from_at
ORDER BY s.symbol COLLATE "C", gap.from_at
"""
)
_COUNTS = text(
    """
SELECT s.symbol, c.* FROM unnest(CAST(:symbols AS text[])) AS s(symbol)
CROSS JOIN LATERAL (
    SELECT CAST(m.opened_at AT TIME ZONE 'UTC' AS date) AS day,
           count(*) FILTER (WHERE m.origin = 'LIVE') AS live,
           count(*) FILTER (WHERE m.origin <> 'LIVE') AS backfilled,
           count(*) FILTER (WHERE m.official_fx_quality <> 'LIVE'
               OR m.krw_usdt_quality <> 'LIVE' OR m.krw_usdc_quality <> 'LIVE'
           ) AS stale,
           min(m.opened_at) AS first_at, max(m.opened_at) AS last_at
    FROM premium_minute AS m
    WHERE m.symbol = s.symbol AND m.opened_at >= :from_at AND m.opened_at < :to_at
    GROUP BY 1
) AS c
"""
)
_KEPT_MINUTES = text(
    "SELECT opened_at, official_fx_fx_rate FROM premium_minute "
    "WHERE symbol = :symbol "
    "AND opened_at >= :from_at AND opened_at < :to_at "
    "AND official_fx_close IS NOT NULL"
)
_KEPT_BARS = text(
    "SELECT b.opened_at, b.official_fx_fx_rate FROM premium_bar AS b "
    "WHERE b.symbol = :symbol AND b.interval = :interval "
    "AND b.opened_at >= :from_at AND b.opened_at < :to_at "
    "AND b.official_fx_close IS NOT NULL"
)


async def coins(
    connection: AsyncConnection, span: tuple[datetime, datetime] | None = None
) -> Sequence[str]:
    """Return the coins with minutes in the months of a span; None: ever."""
    if span is None:
        return sorted((await connection.execute(_ALL_COINS)).scalars())
    months = {
        "month_at": Month.of(span[0]).begin,
        "next_month_at": Month.of(span[1]).next.begin,
    }
    return sorted((await connection.execute(_SOME_COINS, months)).scalars())


async def last_minute_of(connection: AsyncConnection, month: Month) -> datetime | None:
    """Return the opening of the newest minute of a month, None without one."""
    span = {"month_at": month.begin, "next_month_at": month.next.begin}
    last: datetime | None = (
        await connection.execute(_LAST_OF_MONTH, span)
    ).scalar_one()
    return last


async def gaps_of(
    connection: AsyncConnection,
    symbols: Sequence[str],
    from_at: datetime,
    to_at: datetime,
) -> list[Gap]:
    """Return the minutes that are not kept, by coin and time; ends at full minutes."""
    span = {"symbols": symbols, "from_at": from_at, "to_at": to_at}
    rows = await connection.execute(_GAPS, span)
    return [
        Gap(symbol, unix_ms_of(begin), unix_ms_of(end)) for symbol, begin, end in rows
    ]


async def counts_of(
    connection: AsyncConnection,
    symbols: Sequence[str],
    from_at: datetime,
    to_at: datetime,
) -> list[DayCount]:
    """Return the minutes kept per coin and UTC day, `impossible` still 0."""
    span = {"symbols": symbols, "from_at": from_at, "to_at": to_at}
    rows = (await connection.execute(_COUNTS, span)).mappings()
    return [
        DayCount(
            symbol=row["symbol"],
            day=row["day"],
            live=row["live"],
            backfilled=row["backfilled"],
            impossible=0,
            stale=row["stale"],
            first_ms=unix_ms_of(row["first_at"]),
            last_ms=unix_ms_of(row["last_at"]),
        )
        for row in rows
    ]


async def kept_rates(
    connection: AsyncConnection,
    symbol: str,
    interval: Interval,
    from_at: datetime,
    to_at: datetime,
) -> dict[int, Decimal]:
    """Return won per dollar by opening of kept bars with OFFICIAL_FX.

    Larger ones are those made from candles.
    """
    span = {"symbol": symbol, "from_at": from_at, "to_at": to_at}
    if interval is Interval.M1:
        rows = await connection.execute(_KEPT_MINUTES, span)
    else:
        rows = await connection.execute(_KEPT_BARS, {**span, "interval": str(interval)})
    return {unix_ms_of(opened_at): rate for opened_at, rate in rows}
