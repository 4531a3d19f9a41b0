"""Bars as they are asked for, put together from what is derived and what is made."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_query import Kind, long, minutes, short
from adapters.postgres.bar_span import clamped_opening
from adapters.postgres.column import text_of, unix_ms_of
from domain.model.bar import BarOrigin, PremiumBar
from domain.model.bar_merge import PART_OF, chosen, merged
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
from domain.ports.bar_history import BarQuery

_HOURS_OF_DAY = 24
_QUALITIES = {str(quality): quality for quality in Quality}
_ORIGINS = {str(origin): origin for origin in BarOrigin}

_OPENED = attrgetter("opened_ms")


async def bars_of(connection: AsyncConnection, query: BarQuery) -> list[PremiumBar]:
    """Return the bars that a query asks for, in its order."""
    from_ms, to_ms = query.from_ms, query.to_ms
    if query.after_ms is not None:
        if query.direction is Direction.ASC:
            from_ms = max(from_ms, query.after_ms + 1)
        else:
            to_ms = min(to_ms, query.after_ms)
    begin = clamped_opening(from_ms, query.interval)
    end = clamped_opening(to_ms, query.interval)
    is_kept = query.interval.length_ms >= Interval.M1.length_ms
    if begin >= end or query.limit <= 0 or not is_kept:
        return []
    statement, limits = _plan(query)
    span = {
        "symbol": text_of(query.symbol),
        "from_at": begin,
        "to_at": end,
        "from_day": begin.date(),
        "to_day": end.date(),
    }
    rows = (await connection.execute(statement, {**span, **limits})).all()
    return _assembled(rows, query)[: query.limit]


def _plan(query: BarQuery) -> tuple[TextClause, dict[str, Any]]:
    basis, direction, interval = query.basis, query.direction, query.interval
    limit, length_ms = query.limit, interval.length_ms
    own = {"own_interval": str(interval), "own_limit": limit}
    if interval is Interval.M1:
        return minutes(basis, direction), {"limit": limit}
    if length_ms < Interval.H1.length_ms:
        return short(basis, direction), {
            **own,
            "length": timedelta(milliseconds=length_ms),
            "limit": limit,
            "parts": limit * length_ms // Interval.M1.length_ms,
        }
    part = PART_OF.get(interval, interval)
    parts = limit * length_ms // part.length_ms
    days = part is Interval.D1
    statement = long(basis, direction, days=days, parts=part is not interval)
    return statement, {
        **own,
        "part_interval": str(part),
        "part_limit": parts,
        "hour_limit": parts * _HOURS_OF_DAY if days else parts,
    }


def _assembled(rows: Iterable[Sequence[Any]], query: BarQuery) -> list[PremiumBar]:
    """Return the bars of all kinds of rows; those past the limit may be torn."""
    interval = query.interval
    part = PART_OF.get(interval, interval)
    found = _told(rows, query, part)
    hours = sorted(found[Kind.HOUR], key=_OPENED)
    derived = [*found[Kind.DERIVED], *merged(hours, part)]
    if part is not interval:
        parts = _in_order(derived, found[Kind.MADE_PART])
        derived = merged(parts, interval)
    bars = _in_order(derived, found[Kind.MADE])
    return bars if query.direction is Direction.ASC else bars[::-1]


def _told(
    rows: Iterable[Sequence[Any]], query: BarQuery, part: Interval
) -> dict[str, list[PremiumBar]]:
    """Return the bars of rows by kind."""
    found: dict[str, list[PremiumBar]] = {kind: [] for kind in Kind}
    intervals: dict[str, Interval] = dict.fromkeys(Kind, part)
    intervals |= {Kind.HOUR: Interval.H1, Kind.MADE: query.interval}
    for row in rows:
        kind = row[0]
        found[kind].append(_bar_of(row, query, intervals[kind]))
    return found


def _bar_of(row: Sequence[Any], query: BarQuery, interval: Interval) -> PremiumBar:
    _, opened_at, first, high, low, last, domestic, world, rate, *rest = row
    samples, quality, origin, minutes_in = rest
    return PremiumBar(
        symbol=query.symbol,
        basis=query.basis,
        interval=interval,
        opened_ms=unix_ms_of(opened_at),
        open=Decimal(first),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(last),
        domestic_close=Decimal(domestic),
        global_close=Decimal(world),
        fx_rate=Decimal(rate),
        samples=samples,
        quality=_QUALITIES[quality],
        origin=_ORIGINS[origin],
        minutes=minutes_in,
    )


def _in_order(
    derived: Iterable[PremiumBar], made: Sequence[PremiumBar]
) -> list[PremiumBar]:
    """Return what counts at each opening, by time."""
    if not made:
        return sorted(derived, key=_OPENED)
    ours = {bar.opened_ms: bar for bar in derived}
    theirs = {bar.opened_ms: bar for bar in made}
    openings = sorted(ours.keys() | theirs.keys())
    bars = (chosen(ours.get(at), theirs.get(at)) for at in openings)
    return [bar for bar in bars if bar is not None]
