"""Bars in Postgres while several servers write, derive and drop them at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_lock import share_days
from adapters.postgres.bar_partition import MAX_MONTHS
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.database import Database
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
from domain.model.snapshot import utc_day
from domain.ports.bar_history import BarQuery

START_MS = 1_735_689_600_000  # 2025-01-01 00:00 UTC
MINUTE_MS, DAY_MS = 60_000, 86_400_000
FAR_MS = 4 * 10**12
LIMIT_S = 30.0
MONTHS = (
    "SELECT count(*) FROM pg_inherits "
    "WHERE inhparent = CAST('premium_minute' AS regclass)"
)


def minutes(first: int, count: int, symbol: str = "BTC") -> list[Bar]:
    return [
        Bar(
            symbol=symbol,
            interval=Interval.M1,
            opened_ms=START_MS + at * MINUTE_MS,
            domestic_close=Decimal(100),
            global_close=Decimal(1),
            bases={PremiumBasis.OFFICIAL_FX: percents(at)},
            origin=BarOrigin.BACKFILLED,
        )
        for at in range(first, first + count)
    ]


def percents(at: int) -> BasisBar:
    middle, high, low = Decimal(at), Decimal(at + 1), Decimal(at - 1)
    return BasisBar(middle, high, low, middle, Decimal(1400), 1, Quality.LIVE)


async def ask(database: Database, question: str) -> object:
    async with database.transaction() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def hours(database: Database) -> Sequence[tuple[int, Decimal]]:
    """What is read of BTC: minutes and close per hour."""
    history = PostgresBarHistory(database)
    query = BarQuery(
        *("BTC", PremiumBasis.OFFICIAL_FX, Interval.H1, 0, FAR_MS),
        Direction.ASC,
        1000,
    )
    return [(bar.minutes, bar.close) for bar in await history.bars(query)]


@pytest.fixture
async def other(postgres_url: str) -> AsyncIterator[Database]:
    """Another server's connections to the same database."""
    database = Database(postgres_url)
    yield database
    await database.close()


async def test_two_servers_make_the_same_room_at_once(
    database: Database, other: Database
) -> None:
    year_ms = 365 * DAY_MS
    await asyncio.gather(
        *(
            PostgresBarStore(pool).make_room(START_MS, START_MS + year_ms)
            for pool in (database, other, database, other)
        )
    )
    assert await ask(database, MONTHS) == 12
    await PostgresBarStore(other).make_room(START_MS + year_ms, START_MS + year_ms + 1)
    assert await ask(database, MONTHS) == 13


async def test_readers_and_writers_go_on_while_room_is_made(
    database: Database, other: Database
) -> None:
    store = PostgresBarStore(other)
    await store.make_room(START_MS, START_MS + 1)
    async with database.transaction() as connection, asyncio.timeout(LIMIT_S):
        await connection.execute(text("SELECT count(*) FROM premium_minute"))
        await connection.execute(text("DELETE FROM premium_minute"))
        await store.make_room(START_MS, START_MS + 90 * DAY_MS)
    assert await ask(database, MONTHS) == 3


async def test_a_span_of_more_than_a_century_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match=str(MAX_MONTHS)):
        await PostgresBarStore(database).make_room(0, FAR_MS * 10)
    assert await ask(database, MONTHS) == 0


async def test_a_month_in_use_stays_until_the_next_time(
    database: Database, other: Database
) -> None:
    store = PostgresBarStore(other)
    await store.write_backfilled(minutes(0, 1))
    while await store.roll_up(FAR_MS, 10):
        pass
    async with database.transaction() as connection:
        await connection.execute(text("SELECT count(*) FROM premium_minute"))
        assert await store.drop_minutes(FAR_MS) == 0
    assert await store.drop_minutes(FAR_MS) == 1
    assert await ask(database, MONTHS) == 0


async def test_two_servers_drop_the_same_months_at_once(
    database: Database, other: Database
) -> None:
    stores = [PostgresBarStore(database), PostgresBarStore(other)]
    await stores[0].make_room(START_MS, START_MS + 80 * DAY_MS)
    dropped = await asyncio.gather(*(store.drop_minutes(FAR_MS) for store in stores))
    assert sum(dropped) == 3
    assert await ask(database, MONTHS) == 0


async def test_a_derivation_waits_for_minutes_on_their_way(
    database: Database, other: Database
) -> None:
    store = PostgresBarStore(other)
    await store.write_backfilled(minutes(0, 2))
    async with database.transaction() as connection:
        await share_days(connection, [utc_day(START_MS)])
        deriving = asyncio.create_task(store.roll_up(FAR_MS, 10))
        queued = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        )
        async with asyncio.timeout(LIMIT_S):
            while not await ask(database, queued):
                pass
        assert not deriving.done()
    assert await deriving == 1


async def test_whatever_is_written_meanwhile_what_is_derived_is_right(
    database: Database, other: Database
) -> None:
    writers = [PostgresBarStore(database), PostgresBarStore(other)]
    done = asyncio.Event()

    async def write(store: PostgresBarStore, offset: int) -> None:
        for first in range(offset, 180, 10):
            await store.write_backfilled(minutes(first, 5))

    async def derive(store: PostgresBarStore) -> None:
        while not done.is_set():
            await store.roll_up(FAR_MS, 1)
            await asyncio.sleep(0)  # the writers' turn

    deriving = [asyncio.create_task(derive(store)) for store in writers]
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(write(writers[0], 5), write(writers[1], 0))
        done.set()
        await asyncio.gather(*deriving)
    assert await hours(database) == [(60, 59), (60, 119), (60, 179)]
    while await writers[0].roll_up(FAR_MS, 10):
        pass
    assert await hours(database) == [(60, 59), (60, 119), (60, 179)]
    assert await ask(database, "SELECT count(*) FROM premium_due") == 0
    assert await ask(database, "SELECT count(*) FROM premium_rollup") == 4


async def test_the_future_is_dropped_while_others_write_and_derive_it(
    database: Database, other: Database
) -> None:
    stores = [PostgresBarStore(database), PostgresBarStore(other)]
    done = asyncio.Event()

    async def write(store: PostgresBarStore, symbols: Sequence[str]) -> None:
        for first in range(0, 3000, 100):
            for symbol in symbols:
                await store.write_backfilled(minutes(first, 100, symbol))

    async def drop(store: PostgresBarStore) -> int:
        dropped = 0
        while not done.is_set():
            await store.roll_up(FAR_MS, 1)
            dropped += await store.drop_future(START_MS + 89 * MINUTE_MS)
            await asyncio.sleep(0)  # the writers' turn
        return dropped

    dropping = [asyncio.create_task(drop(store)) for store in stores]
    async with asyncio.timeout(LIMIT_S):
        await asyncio.gather(
            write(stores[0], ["BTC", "ETH"]), write(stores[1], ["ETH", "BTC"])
        )
        done.set()
        dropped = sum(await asyncio.gather(*dropping))
    # Where both write a minute it may have been dropped, and dropped again.
    assert dropped + await stores[0].drop_future(START_MS + 89 * MINUTE_MS) >= 5820
    while await stores[0].roll_up(FAR_MS, 10):
        pass
    assert await hours(database) == [(60, 59), (30, 89)]
    assert await ask(database, "SELECT count(*) FROM premium_minute") == 180
    assert await ask(database, "SELECT count(*) FROM premium_rollup") == 6


async def test_months_that_are_over_are_not_touched_where_the_future_is_dropped(
    database: Database, other: Database
) -> None:
    february = 31 * 1440
    store = PostgresBarStore(other)
    await store.write_backfilled([*minutes(0, 5), *minutes(february, 5)])
    async with database.transaction() as connection, asyncio.timeout(LIMIT_S):
        # Who would as much as look at January waits for it.
        await connection.execute(
            text("LOCK TABLE premium_minute_2025_01 IN ACCESS EXCLUSIVE MODE")
        )
        after_ms = START_MS + (february + 2) * MINUTE_MS
        assert await store.drop_future(after_ms) == 2
        assert await store.drop_future(after_ms) == 0


async def test_two_servers_write_the_same_minutes_at_once(
    database: Database, other: Database
) -> None:
    batch = [*minutes(0, 300), *minutes(0, 300, "ETH")]
    stores = [PostgresBarStore(database), PostgresBarStore(other)]
    changed = await asyncio.gather(
        *(store.write_backfilled(batch) for store in stores * 2)
    )
    assert sum(changed) == 600


async def test_what_the_table_refuses_is_a_fault_of_ours(database: Database) -> None:
    bar = minutes(0, 1)[0]
    negative = Bar(
        **{
            name: getattr(bar, name)
            for name in Bar.__dataclass_fields__
            if name != "global_close"
        },
        global_close=Decimal(-1),
    )
    with pytest.raises(IntegrityError, match="global_close_positive"):
        await PostgresBarStore(database).write_backfilled([negative])


async def test_a_refused_time_is_told_once_for_each_coin(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store = PostgresBarStore(database)
    beyond = [*minutes(-(10**9), 2), *minutes(10**10, 2, "ETH")]
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert await store.write_live(beyond) == 0
    assert [record.message for record in caplog.records] == ["bar.not_stored"] * 2
