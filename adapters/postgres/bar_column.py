"""Pieces of statements about bars on one basis."""

from adapters.postgres.bar_row import BASIS_NAMES
from domain.model.fx import PremiumBasis

# Of a bar on one basis, in the order in which `bar_read` takes them.
COLUMNS = (
    "open, high, low, close, domestic_close, global_close, fx_rate, samples, quality, "
    "origin, minutes"
)
# What merges parts `part` with a `place` in time. The qualities and origins happen to
# stand in the order of the alphabet: LIVE, STALE, UNAVAILABLE; BACKFILLED, LIVE.
MERGED = """
    (array_agg(part.open ORDER BY part.place))[1] AS open,
    max(part.high) AS high,
    min(part.low) AS low,
    (array_agg(part.close ORDER BY part.place))[count(*)] AS close,
    (array_agg(part.domestic_close ORDER BY part.place))[count(*)] AS domestic_close,
    (array_agg(part.global_close ORDER BY part.place))[count(*)] AS global_close,
    (array_agg(part.fx_rate ORDER BY part.place))[count(*)] AS fx_rate,
    CAST(sum(part.samples) AS int) AS samples,
    max(part.quality COLLATE "C") AS quality,
    min(part.origin COLLATE "C") AS origin,
    CAST(sum(part.minutes) AS int) AS minutes
"""


def minute_on(basis: PremiumBasis, made_of: int = 1) -> str:
    """Return the columns of a bar `m` on one basis, made of so many minutes."""
    first, high, low, last, rate, samples, quality = BASIS_NAMES[basis]
    return (
        f"m.{first} AS open, m.{high} AS high, m.{low} AS low, m.{last} AS close, "
        f"m.domestic_close, m.global_close, m.{rate} AS fx_rate, "
        f"m.{samples} AS samples, m.{quality} AS quality, m.origin, "
        f"{made_of} AS minutes"
    )


def has(basis: PremiumBasis) -> str:
    """Return the condition that a minute `m` has a number on a basis."""
    return f"m.{BASIS_NAMES[basis][3]} IS NOT NULL"
