"""What becomes of a stored bar when another one comes for its place."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_hole import close_holes
from adapters.postgres.bar_lock import share_days
from adapters.postgres.bar_rollup import invalidate
from adapters.postgres.bar_row import (
    BAR_KEY,
    BASIS_NAMES,
    MINUTE_KEY,
    VALUES,
    bar_row,
    minute_row,
)
from adapters.postgres.history_table import BAR, BASES, MINUTE
from adapters.postgres.upsert import New, Upsert, differs
from domain.model.bar import Bar, BarOrigin
from domain.model.interval import Interval

_BACKFILLED = str(BarOrigin.BACKFILLED)
_BASIS_VALUES = [name for names in BASIS_NAMES.values() for name in names]
_NO_PARTITION = "23514"


def _samples(row: Any) -> ColumnElement[int]:  # noqa: ANN401 - columns, stored or new
    first, *rest = (func.coalesce(row[f"{basis}_samples"], 0) for basis in BASES)
    return sum(rest, first)


def _is_better(stored: Table, new: New) -> ColumnElement[bool]:
    """Whether a live minute takes the place: of a backfilled one, or of no more."""
    return and_(
        or_(
            stored.c.origin == _BACKFILLED,
            _samples(new) >= _samples(stored.c),
        ),
        differs(stored, new, VALUES),
    )


def _fills_in(stored: Table, new: New) -> ColumnElement[bool]:
    """Whether a backfilled minute has a basis that the stored backfilled one lacks."""
    closes = (f"{basis}_close" for basis in BASES)
    return and_(
        stored.c.origin == _BACKFILLED,
        or_(*(and_(stored.c[c].is_(None), new[c].is_not(None)) for c in closes)),
    )


def _filled_in(stored: Table, new: New) -> Mapping[str, ColumnElement[Any]]:
    kept = {name: stored.c[name] for name in VALUES}
    filled = {name: func.coalesce(stored.c[name], new[name]) for name in _BASIS_VALUES}
    lacks_official = stored.c["official_fx_close"].is_(None)
    sources = {
        name: case((lacks_official, new[name]), else_=stored.c[name])
        for name in ("fx_source", "fx_as_of")
    }
    return {**kept, **filled, **sources}


_LIVE = Upsert(MINUTE, (*MINUTE_KEY, *VALUES), _is_better)
_HEALED = Upsert(MINUTE, (*MINUTE_KEY, *VALUES), _fills_in, _filled_in)
_LARGER = Upsert(
    BAR, (*BAR_KEY, *VALUES), lambda stored, new: differs(stored, new, VALUES)
)


async def put_live(connection: AsyncConnection, bars: Sequence[Bar]) -> int:
    """Write minutes as they were recorded; return how many rows changed."""
    return await _put_minutes(connection, _LIVE, bars)


async def put_backfilled(connection: AsyncConnection, bars: Sequence[Bar]) -> int:
    """Write bars made from candles, close holes; return how many rows changed."""
    minutes = [bar for bar in bars if bar.interval is Interval.M1]
    larger = [bar_row(bar) for bar in bars if bar.interval is not Interval.M1]
    changed = await _put_minutes(connection, _HEALED, minutes)
    changed += await _LARGER.run(connection, sorted(larger, key=itemgetter(0, 1, 2)))
    await close_holes(connection, bars)
    return changed


async def _put_minutes(
    connection: AsyncConnection, upsert: Upsert, bars: Sequence[Bar]
) -> int:
    if not bars:
        return 0
    rows = sorted(map(minute_row, bars), key=itemgetter(0, 1))
    await share_days(connection, {row[1].date() for row in rows})
    changed = await upsert.run_telling(connection, rows)
    await invalidate(connection, ((symbol, opened) for symbol, opened in changed))
    return len(changed)


def is_month_missing(error: IntegrityError) -> bool:
    """Whether the partition of a minute is not there; such an error names no check."""
    cause = getattr(error.orig, "__cause__", None)
    state = getattr(cause, "sqlstate", None)
    return state == _NO_PARTITION and getattr(cause, "constraint_name", None) is None
