"""Statistics of closes, of many coins in one statement; sums are exact."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_column import has
from adapters.postgres.bar_query import DUE
from adapters.postgres.bar_row import BASIS_NAMES
from adapters.postgres.column import text_of
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.spread import Spread
from domain.ports.bar_history import CloseStats

_ASKED = (
    "unnest(CAST(:symbols AS text[]), CAST(CAST(:values AS text[]) AS numeric[])) "
    "AS s(symbol, value)"
)
_OF_SPAN = (
    "m.symbol = ANY(CAST(:symbols AS text[])) "
    "AND m.opened_at >= CAST(:from_at AS timestamptz) "
    "AND m.opened_at < CAST(:to_at AS timestamptz)"
)


async def stats_of(
    connection: AsyncConnection,
    values: Mapping[str, Decimal],
    basis: PremiumBasis,
    interval: Interval,
    span: tuple[datetime, datetime],
) -> dict[str, CloseStats]:
    """Return the closes of coins that have any in a span that ends at openings."""
    names = {text_of(symbol): symbol for symbol in values}
    asked = {
        "symbols": list(names),
        "values": [str(values[symbol]) for symbol in names.values()],
        "from_at": span[0],
        "to_at": span[1],
    }
    statement = _of_minutes(basis) if interval is Interval.M1 else _of_hours(basis)
    found = {}
    for row in await connection.execute(statement, asked):
        symbol, samples, total, squares, least, most, below, equal = row
        spread = Spread(samples, Decimal(total), Decimal(squares))
        found[names[symbol]] = CloseStats(
            samples=samples,
            mean=spread.mean,
            stdev=spread.stdev,
            min=Decimal(least),
            max=Decimal(most),
            below=below,
            equal=equal,
        )
    return found


_SUMS = """
    count(c.close) AS samples, sum(c.close)::text AS total,
    sum(c.close * c.close)::text AS squares,
    min(c.close)::text AS least, max(c.close)::text AS most,
    count(*) FILTER (WHERE c.close < s.value) AS below,
    count(*) FILTER (WHERE c.close = s.value) AS equal
"""


@lru_cache
def _of_minutes(basis: PremiumBasis) -> TextClause:
    return text(
        f"""
SELECT s.symbol, e.* FROM {_ASKED} CROSS JOIN LATERAL (
    SELECT {_SUMS} FROM (
        SELECT m.{BASIS_NAMES[basis][3]} AS close FROM premium_minute AS m
        WHERE m.symbol = s.symbol AND m.opened_at >= CAST(:from_at AS timestamptz)
          AND m.opened_at < CAST(:to_at AS timestamptz) AND {has(basis)}
    ) AS c
) AS e
WHERE e.samples > 0
"""  # noqa: S608 - names of ours
    )


@lru_cache
def _of_hours(basis: PremiumBasis) -> TextClause:
    """An hour made from its candle counts where minutes do not cover it."""
    return text(
        f"""
SELECT s.symbol, {_SUMS}
FROM {_ASKED} JOIN (
    SELECT symbol, CASE WHEN derived.minutes = 60 OR made.close IS NULL
                        THEN derived.close ELSE made.close END AS close
    FROM (
        SELECT m.symbol, m.opened_at, m.close, m.minutes FROM premium_rollup AS m
        WHERE {_OF_SPAN} AND m.basis = '{basis}' AND m.interval = 'H1'
        UNION ALL
        {_fresh_hours(basis)}
    ) AS derived
    FULL JOIN (
        SELECT m.symbol, m.opened_at, m.{BASIS_NAMES[basis][3]} AS close
        FROM premium_bar AS m
        WHERE {_OF_SPAN} AND {has(basis)} AND m.interval = 'H1'
    ) AS made USING (symbol, opened_at)
) AS c ON c.symbol = s.symbol
GROUP BY s.symbol
"""  # noqa: S608 - names of ours
    )


def _fresh_hours(basis: PremiumBasis) -> str:
    """Derive the hours that have no row, of days that are marked, from minutes."""
    return f"""
SELECT d.symbol, h.opened_at, e.close, e.minutes
FROM {DUE}
CROSS JOIN LATERAL (
    SELECT day.begin_at + n * interval '1 hour' AS opened_at
    FROM generate_series(0, 23) AS n
) AS h
CROSS JOIN LATERAL (
    SELECT (array_agg(p.close ORDER BY p.opened_at))[count(*)] AS close,
           CAST(count(*) AS int) AS minutes
    FROM (
        SELECT m.opened_at, m.{BASIS_NAMES[basis][3]} AS close
        FROM premium_minute AS m
        WHERE m.symbol = d.symbol AND m.opened_at >= h.opened_at
          AND m.opened_at < h.opened_at + interval '1 hour'
          AND m.opened_at >= CAST(:from_at AS timestamptz)
          AND m.opened_at < CAST(:to_at AS timestamptz) AND {has(basis)}
    ) AS p
) AS e
WHERE d.symbol = ANY(CAST(:symbols AS text[]))
  AND h.opened_at >= CAST(:from_at AS timestamptz)
  AND h.opened_at < CAST(:to_at AS timestamptz)
  AND e.minutes > 0
  AND NOT EXISTS (
      SELECT FROM premium_rollup AS r
      WHERE r.symbol = d.symbol AND r.basis = '{basis}' AND r.interval = 'H1'
        AND r.opened_at = h.opened_at
  )
"""  # noqa: S608 - names of ours
