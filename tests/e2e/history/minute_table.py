"""Minutes put into the table by plain SQL, where making them would take days."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import asyncpg

from adapters.postgres.url import parse_url
from tests.e2e.history.tape import DAY_S, draw

COLUMNS: Final = (
    "symbol",
    "opened_at",
    "domestic_close",
    "global_close",
    "origin",
    "official_fx_open",
    "official_fx_high",
    "official_fx_low",
    "official_fx_close",
    "official_fx_fx_rate",
    "official_fx_samples",
    "official_fx_quality",
)


def row(symbol: str, opened_s: int) -> tuple[Any, ...]:
    """Return one minute; its numbers belong to its opening."""
    four = [Decimal(draw("week", opened_s, n) % 10**7) / 10**6 for n in range(4)]
    stale = draw("stale", opened_s) % 5000 == 0
    return (
        symbol,
        datetime.fromtimestamp(opened_s, UTC),
        Decimal(377_000 + draw("krw", opened_s) % 1000) / 1000,
        Decimal(28_500 + draw("usdt", opened_s) % 100) / 100_000,
        "BACKFILLED" if draw("origin", opened_s) % 3000 == 0 else "LIVE",
        four[0],
        max(four),
        min(four),
        four[1],
        Decimal(1300 + draw("fx", opened_s // DAY_S) % 50),
        draw("samples", opened_s) % 600,
        "STALE" if stale else "LIVE",
    )


def fill(url: str, symbol: str, openings: Iterable[int]) -> None:
    """Put these minutes of a coin into the table, once."""
    asyncio.run(_fill(url, [row(symbol, opened_s) for opened_s in openings]))


async def _fill(url: str, rows: list[tuple[Any, ...]]) -> None:
    connection = await asyncpg.connect(parse_url(url).dsn)
    marks = ", ".join(f"${n + 1}" for n in range(len(COLUMNS)))
    names = ", ".join(COLUMNS)
    try:
        await connection.executemany(
            f"INSERT INTO premium_minute ({names}) VALUES ({marks})"
            " ON CONFLICT DO NOTHING",
            rows,
        )
        # As whoever writes minutes does: their days are due to be summed up.
        await connection.executemany(
            "INSERT INTO premium_due (symbol, day, due_at) VALUES ($1, $2, now())"
            " ON CONFLICT DO NOTHING",
            list({(row[0], row[1].date()) for row in rows}),
        )
    finally:
        await connection.close()
