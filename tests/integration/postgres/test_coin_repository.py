"""What only the coins in Postgres can get wrong."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.column import NaiveInstant
from adapters.postgres.database import Database
from domain.model.coin import Coin, Listing
from domain.model.market import Exchange, MarketWarning

LIMIT_S = 30.0
# A row that is written again moves, and a coin's time of update with it.
VERSIONS = """
SELECT 'coin', symbol, ctid::text, updated_at::text FROM coin
UNION ALL SELECT 'listing', market, ctid::text, '' FROM listing ORDER BY 1, 2
"""


def coin(symbol: str) -> Coin:
    listings = (
        Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW"),
        Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT"),
    )
    return Coin(symbol, f"코인 {symbol}", symbol.title(), listings)


def renamed(told: Coin, turn: int) -> Coin:
    warnings = (MarketWarning.DELISTING,) * (turn % 2)
    spells = tuple(replace(spell, warnings=warnings) for spell in told.listings)
    return replace(told, english_name=f"{told.symbol} {turn}", listings=spells)


async def ask(database: Database, statement: str) -> list[tuple[object, ...]]:
    async with database.transaction() as connection:
        return [tuple(row) for row in (await connection.execute(text(statement))).all()]


async def tell(database: Database, statement: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(statement))


async def test_only_rows_that_differ_are_written(database: Database) -> None:
    repository = PostgresCoinRepository(database)
    await repository.save([coin("BTC"), coin("ETH")])
    before = await ask(database, VERSIONS)
    await repository.save([coin("BTC"), coin("ETH")])
    assert await ask(database, VERSIONS) == before
    await repository.save([coin("BTC"), replace(coin("ETH"), english_name="Ether")])
    after = await ask(database, VERSIONS)
    changed = set(after) - set(before)
    assert {row[:2] for row in changed} == {("coin", "ETH")}


async def test_servers_that_save_the_same_coins_do_not_deadlock(
    database: Database,
) -> None:
    repository = PostgresCoinRepository(database)
    coins = [coin(f"C{i:03}") for i in range(150)]
    turned = [replace(item, listings=item.listings[::-1]) for item in coins[::-1]]
    async with asyncio.timeout(LIMIT_S):
        for turn in range(5):
            orders = [[renamed(item, turn) for item in c] for c in (coins, turned)]
            await asyncio.gather(*map(repository.save, orders * 2))
    assert len(await repository.load()) == 150


async def test_text_that_postgres_cannot_hold_keeps_no_coin_from_being_saved(
    database: Database,
) -> None:
    repository = PostgresCoinRepository(database)
    odd = Coin(
        "ODD\x00", "이\x00상\ud800", "Odd\x00", icon_url="https://x.example/\x00"
    )
    await repository.save([odd, coin("BTC")])
    saved = {item.symbol: item for item in await repository.load()}
    assert saved["ODD"] == Coin("ODD", "이상", "Odd", icon_url="https://x.example/")
    assert await repository.set_icon_url("ODD\x00", "https://y.example/") is True


async def test_what_a_newer_version_wrote_is_passed_over(database: Database) -> None:
    repository = PostgresCoinRepository(database)
    await repository.save([coin("BTC")])
    await tell(database, "UPDATE listing SET warnings = '{NEW_KIND,DELISTING}'")
    await tell(
        database,
        "INSERT INTO listing (coin, exchange, market, base_symbol, quote, multiplier) "
        "VALUES ('BTC', 'BITHUMB', 'BTC_KRW', 'BTC', 'KRW', 1)",
    )
    [loaded] = await repository.load()
    assert [spell.exchange for spell in loaded.listings] == list(Exchange)
    assert loaded.warnings == (MarketWarning.DELISTING,)


async def test_a_naive_instant_is_refused_by_its_own_name(database: Database) -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    spell = replace(coin("BTC").listings[0], since=naive)
    with pytest.raises(NaiveInstant):
        await PostgresCoinRepository(database).save(
            [replace(coin("BTC"), listings=(spell,))]
        )
