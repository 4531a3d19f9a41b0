"""Bars that are impossible, one row per span and reason, never two for one opening."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

from sqlalchemy import RowMapping, bindparam, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_lock import take_holes
from adapters.postgres.column import instant_of, is_storable, text_of, unix_ms_of
from adapters.postgres.history_table import PremiumHoleRow
from adapters.postgres.row import table_of
from domain.model.bar import Bar, Hole, HoleReason
from domain.model.fx import PremiumBasis
from domain.model.hole_span import laid_over, without
from domain.model.interval import Interval

HOLE = table_of(PremiumHoleRow)
Series = tuple[str, Interval]

_DELETE = delete(HOLE).where(
    HOLE.c.symbol == bindparam("of_symbol"),
    HOLE.c.interval == bindparam("of_interval"),
    HOLE.c.from_at == bindparam("of_from_at"),
)
# Minutes of holes within a span per coin and UTC day that are not kept all the same.
_IMPOSSIBLE = text(
    """
SELECT part.symbol, part.day, sum(
    CAST(extract(epoch FROM part.to_at - part.from_at) / 60 AS int)
    - (SELECT count(*) FROM premium_minute AS m
       WHERE m.symbol = part.symbol
         AND m.opened_at >= part.from_at AND m.opened_at < part.to_at)
) AS impossible
FROM (
    SELECT h.symbol, CAST(d.begin_at AT TIME ZONE 'UTC' AS date) AS day,
           greatest(h.from_at, d.begin_at) AS from_at,
           least(h.to_at, d.begin_at + interval '24 hours') AS to_at
    FROM premium_hole AS h
    JOIN generate_series(
        CAST(:from_at AS timestamptz),
        CAST(:to_at AS timestamptz) - interval '24 hours', interval '24 hours'
    ) AS d(begin_at)
      ON h.from_at < d.begin_at + interval '24 hours' AND h.to_at > d.begin_at
    WHERE h.interval = 'M1'
) AS part
GROUP BY part.symbol, part.day
"""
)


async def holes_in(
    connection: AsyncConnection,
    symbols: Collection[str],
    interval: Interval,
    from_ms: int,
    to_ms: int,
) -> dict[str, list[Hole]]:
    """Return the holes that touch a span, by coin and time; ends that touch count."""
    statement = (
        select(HOLE)
        .where(
            HOLE.c.symbol.in_(sorted(map(text_of, symbols))),
            HOLE.c.interval == str(interval),
            HOLE.c.from_at <= instant_of(to_ms),
            HOLE.c.to_at >= instant_of(from_ms),
        )
        .order_by(HOLE.c.symbol, HOLE.c.from_at)
    )
    found: dict[str, list[Hole]] = {}
    for row in (await connection.execute(statement)).mappings():
        found.setdefault(row["symbol"], []).append(_hole_of(row))
    return found


async def add_holes(connection: AsyncConnection, holes: Iterable[Hole]) -> None:
    """Lay holes over those that are there; one beyond calendars is left out."""
    new = sorted(
        (
            hole
            for hole in holes
            if is_storable(hole.from_ms, hole.to_ms) and hole.from_ms < hole.to_ms
        ),
        key=_series_of,
    )
    if not new:
        return
    await take_holes(connection)
    for (symbol, interval), group in groupby(new, _series_of):
        told = list(group)
        from_ms = min(hole.from_ms for hole in told)
        to_ms = max(hole.to_ms for hole in told)
        known = await holes_in(connection, [symbol], interval, from_ms, to_ms)
        before = after = known.get(text_of(symbol), [])
        for hole in told:
            after = laid_over(after, hole)
        await _replace(connection, before, after)


async def close_holes(connection: AsyncConnection, bars: Sequence[Bar]) -> None:
    """Close the holes that bars fill; only a bar with OFFICIAL_FX closes NO_RATE."""
    series: dict[Series, list[Bar]] = {}
    for bar in bars:
        series.setdefault((bar.symbol, bar.interval), []).append(bar)
    is_locked = False
    for (symbol, interval), kept in sorted(series.items()):
        if not await _known_holes(connection, symbol, interval, kept):
            continue
        if not is_locked:
            await take_holes(connection)
            is_locked = True
        # What was seen before the lock may have changed.
        before = await _known_holes(connection, symbol, interval, kept)
        rated = {bar.opened_ms for bar in kept if PremiumBasis.OFFICIAL_FX in bar.bases}
        after = without(before, (bar.opened_ms for bar in kept), rated)
        await _replace(connection, before, after)


async def impossible_minutes(
    connection: AsyncConnection, from_ms: int, to_ms: int
) -> Sequence[RowMapping]:
    """Return (symbol, day, impossible) for whole UTC days in a span."""
    span = {"from_at": instant_of(from_ms), "to_at": instant_of(to_ms)}
    return (await connection.execute(_IMPOSSIBLE, span)).mappings().all()


async def _known_holes(
    connection: AsyncConnection, symbol: str, interval: Interval, kept: Sequence[Bar]
) -> list[Hole]:
    from_ms = min(bar.opened_ms for bar in kept)
    to_ms = max(bar.ends_ms for bar in kept)
    found = await holes_in(connection, [symbol], interval, from_ms, to_ms)
    return found.get(text_of(symbol), [])


async def _replace(
    connection: AsyncConnection, before: Sequence[Hole], after: Sequence[Hole]
) -> None:
    gone = [_key_of(hole) for hole in before if hole not in after]
    new = [_row_of(hole) for hole in after if hole not in before]
    if gone:
        await connection.execute(_DELETE, gone)
    if new:
        await connection.execute(insert(HOLE), new)


def _series_of(hole: Hole) -> Series:
    return (hole.symbol, hole.interval)


def _key_of(hole: Hole) -> Mapping[str, object]:
    return {
        "of_symbol": text_of(hole.symbol),
        "of_interval": str(hole.interval),
        "of_from_at": instant_of(hole.from_ms),
    }


def _row_of(hole: Hole) -> Mapping[str, object]:
    return {
        "symbol": text_of(hole.symbol),
        "interval": str(hole.interval),
        "from_at": instant_of(hole.from_ms),
        "to_at": instant_of(hole.to_ms),
        "reason": str(hole.reason),
    }


def _hole_of(row: RowMapping) -> Hole:
    return Hole(
        symbol=row["symbol"],
        interval=Interval(row["interval"]),
        from_ms=unix_ms_of(row["from_at"]),
        to_ms=unix_ms_of(row["to_at"]),
        reason=HoleReason(row["reason"]),
    )
