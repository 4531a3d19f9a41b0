"""Bars in Postgres: what is asked in parts is the same as asked at once."""

from decimal import Decimal

import pytest

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.database import Database
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

START_MS = 1_735_689_600_000  # 2025-01-01 00:00 UTC
MINUTE_MS = 60_000
COINS = ["BTC", "ETH", "XRP"]


def minute(symbol: str, at: int, close: int) -> Bar:
    flat = Decimal(close)
    basis = BasisBar(flat, flat, flat, flat, Decimal(1400), 1, Quality.LIVE)
    return Bar(
        symbol=symbol,
        interval=Interval.M1,
        opened_ms=START_MS + at * MINUTE_MS,
        domestic_close=Decimal(100),
        global_close=Decimal(1),
        bases={PremiumBasis.OFFICIAL_FX: basis},
        origin=BarOrigin.LIVE,
    )


@pytest.mark.parametrize("interval", [Interval.M1, Interval.H1])
async def test_statistics_in_parts_are_those_of_all_coins_at_once(
    database: Database, interval: Interval
) -> None:
    await PostgresBarStore(database).write_live(
        [
            minute(symbol, at, at + number)
            for number, symbol in enumerate(COINS)
            for at in range(90)
        ]
    )
    values = dict.fromkeys([*COINS, "ADA"], Decimal(60))
    asked = (PremiumBasis.OFFICIAL_FX, START_MS, START_MS + 120 * MINUTE_MS, interval)
    whole = await PostgresBarHistory(database).stats(values, *asked)
    parts = await PostgresBarHistory(database, closes_at_once=1).stats(values, *asked)
    assert parts == whole
    assert {symbol: stats.samples for symbol, stats in whole.items()} == {
        **dict.fromkeys(COINS, 90 if interval is Interval.M1 else 2),
        "ADA": 0,
    }


async def test_the_session_compiles_no_question(database: Database) -> None:
    async with database.transaction() as connection:
        shown = await connection.exec_driver_sql("SHOW jit")
        assert shown.scalar_one() == "off"
