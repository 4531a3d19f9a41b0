"""The statements that read bars, per basis and direction.

Each source of bars is read apart, in order and up to its own limit, and told by its
kind; all in one statement, so that they are of one moment. The first so many openings
of all are among the first so many of each.
"""

from enum import StrEnum
from functools import lru_cache

from sqlalchemy import TextClause, text

from adapters.postgres.bar_column import COLUMNS, MERGED, has, minute_on
from adapters.postgres.bar_row import BASIS_NAMES
from domain.model.fx import PremiumBasis
from domain.model.page import Direction

NUMBERS = ("open", "high", "low", "close", "domestic_close", "global_close", "fx_rate")


class Kind(StrEnum):
    """Where a row comes from."""

    DERIVED = "D"
    HOUR = "H"
    MADE_PART = "P"
    MADE = "M"


def _told(kind: Kind, source: str) -> str:
    """Select what `bars` reads; numbers as text, which is decoded faster."""
    names = [
        f"x.{name}::text" if name in NUMBERS else f"x.{name}"
        for name in COLUMNS.split(", ")
    ]
    columns = ", ".join(names)
    return (
        f"SELECT '{kind}', x.opened_at, {columns} "  # noqa: S608 - names of ours
        f"FROM ({source}) AS x"
    )


_OF_SPAN = (
    "m.symbol = :symbol AND m.opened_at >= CAST(:from_at AS timestamptz) "
    "AND m.opened_at < CAST(:to_at AS timestamptz)"
)


@lru_cache
def minutes(basis: PremiumBasis, direction: Direction) -> TextClause:
    """Return the statement for minutes as they are kept."""
    source = f"""
SELECT m.opened_at, {minute_on(basis)} FROM premium_minute AS m
WHERE {_OF_SPAN} AND {has(basis)} ORDER BY m.opened_at {direction} LIMIT :limit
"""  # noqa: S608 - names of ours
    return text(f"{_told(Kind.DERIVED, source)} ORDER BY x.opened_at {direction}")


@lru_cache
def short(basis: PremiumBasis, direction: Direction) -> TextClause:
    """Return the statement for intervals shorter than an hour.

    The first `parts` minutes hold the first `limit` bars. The minutes of opens and
    closes are looked up one by one: a join would be planned as one with all minutes.
    """
    high, low = BASIS_NAMES[basis][1:3]
    first, last, rate = (BASIS_NAMES[basis][place] for place in (0, 3, 4))
    samples, quality = BASIS_NAMES[basis][5:]
    derived = f"""
SELECT g.opened_at, a.{first} AS open, g.high, g.low, z.{last} AS close,
       z.domestic_close, z.global_close, z.{rate} AS fx_rate,
       g.samples, g.quality, g.origin, g.minutes
FROM (
    SELECT date_bin(
               CAST(:length AS interval), m.opened_at, timestamptz '1970-01-01Z'
           ) AS opened_at,
           min(m.opened_at) AS first_at, max(m.opened_at) AS last_at,
           max(m.{high}) AS high, min(m.{low}) AS low,
           CAST(sum(m.{samples}) AS int) AS samples,
           max(m.{quality} COLLATE "C") AS quality,
           min(m.origin COLLATE "C") AS origin,
           CAST(count(*) AS int) AS minutes
    FROM (
        SELECT m.* FROM premium_minute AS m WHERE {_OF_SPAN} AND {has(basis)}
        ORDER BY m.opened_at {direction} LIMIT :parts
    ) AS m
    GROUP BY 1 ORDER BY 1 {direction} LIMIT :limit
) AS g
CROSS JOIN LATERAL (
    SELECT m.* FROM premium_minute AS m
    WHERE m.symbol = :symbol AND m.opened_at = g.first_at LIMIT 1
) AS a
CROSS JOIN LATERAL (
    SELECT m.* FROM premium_minute AS m
    WHERE m.symbol = :symbol AND m.opened_at = g.last_at LIMIT 1
) AS z
"""  # noqa: S608 - names of ours
    parts = (_told(Kind.DERIVED, derived), _told(Kind.MADE, _made(basis, direction)))
    return text(" UNION ALL ".join(parts))


@lru_cache
def long(
    basis: PremiumBasis, direction: Direction, *, days: bool, parts: bool
) -> TextClause:
    """Return the statement for hours, or `days`; as `parts` of longer bars, or not.

    Derived rows, and the hours of days that are not derived yet: those of them that are
    derived already are only needed for days.
    """
    sources = [
        _told(Kind.DERIVED, _derived(basis, direction)),
        _told(Kind.HOUR, _fresh_hours(basis, direction)),
        _told(Kind.MADE_PART if parts else Kind.MADE, _made(basis, direction, "part")),
    ]
    if days:
        sources.append(_told(Kind.HOUR, _kept_hours(basis, direction)))
    if parts:
        sources.append(_told(Kind.MADE, _made(basis, direction)))
    return text(" UNION ALL ".join(sources))


def _made(basis: PremiumBasis, direction: Direction, which: str = "own") -> str:
    return f"""
SELECT m.opened_at, {minute_on(basis, made_of=0)} FROM premium_bar AS m
WHERE {_OF_SPAN} AND {has(basis)} AND m.interval = :{which}_interval
ORDER BY m.opened_at {direction} LIMIT :{which}_limit
"""  # noqa: S608 - names of ours


def _derived(basis: PremiumBasis, direction: Direction) -> str:
    return f"""
SELECT m.opened_at, {COLUMNS} FROM premium_rollup AS m
WHERE {_OF_SPAN} AND m.basis = '{basis}' AND m.interval = :part_interval
ORDER BY m.opened_at {direction} LIMIT :part_limit
"""  # noqa: S608 - names of ours


# Days of coins with something to derive, and when they begin.
DUE = (
    "premium_due AS d CROSS JOIN LATERAL "
    "(SELECT d.day::timestamp AT TIME ZONE 'UTC' AS begin_at) AS day"
)
_DUE_WITHIN = (
    "d.symbol = :symbol AND d.day >= CAST(:from_day AS date) "
    "AND d.day <= CAST(:to_day AS date)"
)


def _fresh_hours(basis: PremiumBasis, direction: Direction) -> str:
    """Derive the hours that have no row, of days that are marked, from minutes."""
    return f"""
SELECT h.opened_at, e.open, e.high, e.low, e.close, e.domestic_close, e.global_close,
       e.fx_rate, e.samples, e.quality, e.origin, e.minutes
FROM {DUE}
CROSS JOIN LATERAL (
    SELECT day.begin_at + n * interval '1 hour' AS opened_at
    FROM generate_series(0, 23) AS n
) AS h
CROSS JOIN LATERAL (
    SELECT {MERGED} FROM (
        SELECT m.opened_at AS place, {minute_on(basis)} FROM premium_minute AS m
        WHERE m.symbol = d.symbol AND m.opened_at >= h.opened_at
          AND m.opened_at < h.opened_at + interval '1 hour'
          AND m.opened_at >= CAST(:from_at AS timestamptz)
          AND m.opened_at < CAST(:to_at AS timestamptz) AND {has(basis)}
    ) AS part
) AS e
WHERE {_DUE_WITHIN} AND e.minutes > 0
  AND h.opened_at >= CAST(:from_at AS timestamptz)
  AND h.opened_at < CAST(:to_at AS timestamptz)
  AND NOT EXISTS (
      SELECT FROM premium_rollup AS r
      WHERE r.symbol = :symbol AND r.basis = '{basis}' AND r.interval = 'H1'
        AND r.opened_at = h.opened_at
  )
ORDER BY d.day {direction}, h.opened_at {direction} LIMIT :hour_limit
"""  # noqa: S608 - names of ours


def _kept_hours(basis: PremiumBasis, direction: Direction) -> str:
    """Return the derived hours of days that are marked."""
    return f"""
SELECT m.opened_at, {COLUMNS}
FROM {DUE}
JOIN premium_rollup AS m
  ON m.symbol = d.symbol AND m.basis = '{basis}' AND m.interval = 'H1'
 AND m.opened_at >= day.begin_at AND m.opened_at < day.begin_at + interval '24 hours'
WHERE {_DUE_WITHIN}
ORDER BY d.day {direction}, m.opened_at {direction} LIMIT :hour_limit
"""  # noqa: S608 - names of ours
