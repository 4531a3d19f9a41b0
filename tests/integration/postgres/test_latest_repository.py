"""What only the latest values in Postgres can get wrong."""

import asyncio
import logging
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from adapters.postgres.column import MAX_INSTANT_MS
from adapters.postgres.database import Database
from adapters.postgres.latest_repository import PostgresLatestRepository
from adapters.postgres.upsert import ROWS_PER_STATEMENT
from domain.model.fx import FxQuote, PremiumBasis
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, Quality
from domain.model.premium import Numbers
from domain.model.quote import Quote
from domain.ports.store import Latest

LIMIT_S = 30.0
NOW = 1_767_225_600_000
NAN = Decimal("NaN")
VERSIONS = """
SELECT 'quote', market, ctid::text FROM latest_quote
UNION ALL SELECT 'rate', source, ctid::text FROM latest_rate
UNION ALL SELECT 'premium', symbol, ctid::text FROM latest_premium
UNION ALL SELECT 'state', '', ctid::text FROM server_state ORDER BY 1, 2
"""


def quote(market: str, at_ms: int = NOW, price: int = 1) -> Quote:
    return Quote(
        exchange=Exchange.UPBIT,
        market=market,
        price=Decimal(price),
        exchange_ms=at_ms,
        received_ms=NOW,
        channel=Channel.CACHE,
        quality=Quality.STALE,
    )


def kept(symbol: str, seq: int = 1, percent: Decimal = Decimal(1)) -> KeptPremium:
    numbers = {PremiumBasis.OFFICIAL_FX: Numbers(percent, Decimal(1))}
    return KeptPremium(symbol, seq, NOW, None, numbers)


async def versions(database: Database) -> set[tuple[object, ...]]:
    async with database.transaction() as connection:
        return {tuple(row) for row in await connection.execute(text(VERSIONS))}


async def test_only_rows_that_differ_are_written(database: Database) -> None:
    repository = PostgresLatestRepository(database)
    rates = [FxQuote("dunamu", Decimal(1300), NOW)]
    latest = Latest([quote("A"), quote("B")], rates, [kept("A"), kept("B")], 1, True)
    await repository.save(latest)
    before = await versions(database)
    heard_again = [replace(item, received_ms=NOW + 999) for item in latest.quotes]
    await repository.save(replace(latest, quotes=heard_again))
    assert await versions(database) == before
    await repository.save(
        replace(latest, quotes=[quote("A", NOW + 1)], premiums=[kept("B", 2)])
    )
    changed = await versions(database) - before
    assert {row[:2] for row in changed} == {("quote", "A"), ("premium", "B")}


async def test_a_time_that_no_calendar_holds_is_left_out_and_told_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    repository = PostgresLatestRepository(database)
    latest = Latest(
        quotes=[quote("A"), quote("μs", NOW * 1_000), quote("old", -1)],
        rates=[FxQuote("odd", Decimal(1300), MAX_INSTANT_MS + 1)],
        premiums=[replace(kept("P"), last_live_ms=10**18), kept("Q")],
    )
    with caplog.at_level(logging.WARNING):
        await repository.save(latest)
        await repository.save(latest)
    loaded = await repository.load()
    assert [item.market for item in loaded.quotes] == ["A"]
    assert list(loaded.rates) == []
    assert [item.symbol for item in loaded.premiums] == ["Q"]
    told = [record for record in caplog.records if record.msg == "latest.not_stored"]
    assert len(told) == 4


async def test_a_fault_in_one_value_leaves_the_whole_batch_unwritten(
    database: Database,
) -> None:
    repository = PostgresLatestRepository(database)
    with pytest.raises(IntegrityError, match="finite"):
        await repository.save(Latest([quote("A")], premiums=[kept("A", 1, NAN)]))
    assert await repository.load() == Latest()


async def test_servers_that_write_the_same_rows_do_not_deadlock(
    database: Database,
) -> None:
    repository = PostgresLatestRepository(database)
    symbols = [f"C{i:04}" for i in range(ROWS_PER_STATEMENT + 100)]
    async with asyncio.timeout(LIMIT_S):
        for turn in range(1, 6):
            quotes = [quote(symbol, NOW + turn) for symbol in symbols]
            premiums = [kept(symbol, turn) for symbol in symbols]
            batches = [
                Latest(quotes, (), premiums, turn, False),
                Latest(quotes[::-1], (), premiums[::-1], turn, True),
            ]
            await asyncio.gather(*(repository.save(batch) for batch in batches * 2))
    loaded = await repository.load()
    assert {item.exchange_ms for item in loaded.quotes} == {NOW + 5}
    assert {item.seq for item in loaded.premiums} == {5}


async def test_a_cancelled_save_writes_everything_or_nothing(
    database: Database,
) -> None:
    repository = PostgresLatestRepository(database)
    many = [quote(f"C{i:05}") for i in range(ROWS_PER_STATEMENT * 3)]
    saving = asyncio.create_task(repository.save(Latest(many, tick_seq=1)))
    while not (saving.done() or await rows_in_progress(database)):
        pass
    saving.cancel()
    await asyncio.wait([saving])
    loaded = await repository.load()
    assert len(loaded.quotes) in (0, len(many))
    assert loaded.tick_seq == (1 if loaded.quotes else 0)


async def rows_in_progress(database: Database) -> bool:
    writing = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() "
        "AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
    )
    async with database.transaction() as connection:
        return (await connection.execute(text(writing))).first() is not None


async def test_a_quote_of_a_venue_that_we_do_not_know_is_passed_over(
    database: Database,
) -> None:
    repository = PostgresLatestRepository(database)
    await repository.save(Latest([quote("A")]))
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE latest_quote SET exchange = 'BITHUMB'"))
    assert list((await repository.load()).quotes) == []


async def test_a_code_with_signs_that_postgres_cannot_hold_is_kept_without_them(
    database: Database,
) -> None:
    repository = PostgresLatestRepository(database)
    await repository.save(Latest([quote("币\x00安")], premiums=[kept("币\x00")]))
    loaded = await repository.load()
    assert [item.market for item in loaded.quotes] == ["币安"]
    assert [item.symbol for item in loaded.premiums] == ["币"]
