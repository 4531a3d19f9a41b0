"""Reads of premium bars, for people who wait."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import TextClause, text

from adapters.postgres.bar_gap import coins
from adapters.postgres.bar_read import bars_of
from adapters.postgres.bar_row import BASIS_NAMES, bar_of, minute_columns
from adapters.postgres.bar_span import MAX_OPENED_MS, clamped, clamped_opening
from adapters.postgres.bar_stat import stats_of
from adapters.postgres.column import text_of
from adapters.postgres.database import Database
from domain.model.bar import Bar, PremiumBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.ports.bar_history import BarQuery, CloseStats

MINUTE_MS = Interval.M1.length_ms
# Coins whose closes are fetched in one question: about 14,000 numbers of a day, some
# milliseconds of the event loop.
COINS_AT_ONCE = 10
# Closes that one question about statistics looks at, a fraction of a second of the
# server; more of them make more questions, so that a board's year is slow, not refused.
CLOSES_AT_ONCE = 200_000

_NO_CLOSES = CloseStats(0, None, None, None, None, 0, 0)
_LAST_MINUTES = text(
    f"""
SELECT {minute_columns("m")}
FROM unnest(CAST(:symbols AS text[])) AS s(symbol)
CROSS JOIN LATERAL (
    SELECT p.* FROM premium_minute AS p
    WHERE p.symbol = s.symbol
      AND p.opened_at >= CAST(:from_at AS timestamptz)
      AND p.opened_at <= CAST(:to_at AS timestamptz)
    ORDER BY p.opened_at DESC LIMIT 1
) AS m
"""  # noqa: S608 - names of ours
)


class PostgresBarHistory:
    """`BarHistory` over the tables of `PostgresBarStore`.

    What is told of one coin is of one moment. `closes` and `stats` ask for some coins
    at a time, each time as a question of its own.
    """

    def __init__(
        self, database: Database, *, closes_at_once: int = CLOSES_AT_ONCE
    ) -> None:
        self._database = database
        self._closes_at_once = closes_at_once

    async def bars(self, query: BarQuery) -> Sequence[PremiumBar]:
        """Return bars in the direction asked for.

        Raises:
            StoreUnavailable: the database cannot be reached, or not in time.
        """
        async with self._database.promptly() as connection:
            return await bars_of(connection, query)

    async def minutes_at(
        self, at_ms: int, back_ms: int, symbols: Collection[str]
    ) -> Sequence[Bar]:
        """Return each coin's last minute that ended at or before an instant, by symbol.

        Raises:
            StoreUnavailable: the database cannot be reached, or not in time.
        """
        last_ms = at_ms - MINUTE_MS
        if last_ms < 0 or last_ms - back_ms > MAX_OPENED_MS or not symbols:
            return []
        asked = {
            "symbols": sorted(set(map(text_of, symbols))),
            "from_at": clamped(last_ms - back_ms),
            "to_at": clamped(last_ms),
        }
        async with self._database.promptly() as connection:
            rows = (await connection.execute(_LAST_MINUTES, asked)).all()
        return sorted(map(bar_of, rows), key=lambda bar: bar.symbol)

    async def closes(
        self, from_ms: int, to_ms: int, basis: PremiumBasis
    ) -> Mapping[str, Sequence[tuple[int, Decimal]]]:
        """Return every coin's minute closes in a span: (opened_ms, percent), ascending.

        Raises:
            StoreUnavailable: the database cannot be reached, or not in time.
        """
        span = (clamped(from_ms), clamped(to_ms))
        async with self._database.promptly() as connection:
            symbols = await coins(connection, span)
        found: dict[str, Sequence[tuple[int, Decimal]]] = {}
        for start in range(0, len(symbols), COINS_AT_ONCE):
            asked = {
                "symbols": symbols[start : start + COINS_AT_ONCE],
                "from_at": span[0],
                "to_at": span[1],
            }
            async with self._database.promptly() as connection:
                rows = (await connection.execute(_closes(basis), asked)).all()
            for symbol, minutes, closes in rows:
                found[symbol] = _pairs(minutes, closes)
                await asyncio.sleep(0)  # who waits for the loop comes between coins
        return found

    async def stats(
        self,
        values: Mapping[str, Decimal],
        basis: PremiumBasis,
        from_ms: int,
        to_ms: int,
        interval: Interval,
    ) -> Mapping[str, CloseStats]:
        """Return the closes of bars of M1 or H1 in a span, per coin.

        Raises:
            StoreUnavailable: the database cannot be reached, or not in time.
            ValueError: another interval.
        """
        if interval not in (Interval.M1, Interval.H1):
            raise ValueError(f"closes of {interval} are not asked for")
        span = (clamped_opening(from_ms, interval), clamped_opening(to_ms, interval))
        found: dict[str, CloseStats] = dict.fromkeys(values, _NO_CLOSES)
        width = max(1, (to_ms - from_ms) // interval.length_ms)
        step = max(1, self._closes_at_once // width)
        symbols = sorted(values)
        for start in range(0, len(symbols), step):
            part = {symbol: values[symbol] for symbol in symbols[start : start + step]}
            async with self._database.promptly() as connection:
                told = await stats_of(connection, part, basis, interval, span)
            found.update(told)
        return found


@lru_cache
def _closes(basis: PremiumBasis) -> TextClause:
    """Two texts per coin are decoded much faster than a row per minute."""
    close = BASIS_NAMES[basis][3]
    return text(
        f"""
SELECT s.symbol, c.minutes, c.closes
FROM unnest(CAST(:symbols AS text[])) AS s(symbol)
CROSS JOIN LATERAL (
    SELECT string_agg(
               CAST(CAST(extract(epoch FROM m.opened_at) AS bigint) / 60 AS text),
               ' ' ORDER BY m.opened_at
           ) AS minutes,
           string_agg(CAST(m.{close} AS text), ' ' ORDER BY m.opened_at) AS closes
    FROM premium_minute AS m
    WHERE m.symbol = s.symbol AND m.opened_at >= CAST(:from_at AS timestamptz)
      AND m.opened_at < CAST(:to_at AS timestamptz) AND m.{close} IS NOT NULL
) AS c
WHERE c.minutes IS NOT NULL
"""  # noqa: S608 - names of ours
    )


def _pairs(minutes: str, closes: str) -> list[tuple[int, Decimal]]:
    openings = (int(minute) * MINUTE_MS for minute in minutes.split(" "))
    return list(zip(openings, map(Decimal, closes.split(" ")), strict=True))
