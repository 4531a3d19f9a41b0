"""A server that takes its time: what is asked is bounded, what lives goes on.

Nothing is refused here and nothing comes: a lock that somebody holds, a network that
fell silent.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.store import MemoryIconSource
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.database import Database
from adapters.postgres.icon_repository import PostgresIconRepository
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus
from domain.model.identity import IdentityTable
from domain.model.market import Exchange
from domain.model.patience import WAITS_S
from domain.ports.store import Icon
from domain.services.catalog_service import CatalogService
from domain.services.icon_service import IconService
from tests.integration.outage.conftest import (
    AFTER,
    BEFORE,
    Record,
    asking,
    stored_price,
    until,
)

if TYPE_CHECKING:
    from tests.integration.postgres.conftest import Network
    from tests.unit.domain.services.conftest import World

SOON_S = 1.0
LOCK = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE"


async def locked(stack: AsyncExitStack, url: str, table: str) -> AsyncExitStack:
    """Lock a table until the stack that is returned is closed."""
    connection = await stack.enter_async_context(asking(url))
    await connection.execute("BEGIN")
    await connection.execute(LOCK.format(table))
    inner = AsyncExitStack()
    inner.push_async_callback(connection.execute, "COMMIT")
    return inner


@pytest.fixture
async def database(postgres_url: str) -> Database:
    return Database(postgres_url, pool_size=3, prompt_timeout_s=SOON_S)


async def test_a_batch_that_hangs_is_given_up_and_arrives_when_the_lock_is_gone(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url, answer_timeout_s=SOON_S)
    assert await recorder.save()
    async with AsyncExitStack() as stack:
        lock = await locked(stack, postgres_url, "latest_quote")
        recorder.trade(AFTER)
        assert not await recorder.save()
        assert "no answer in time" in (recorder.database.detail or "")
        assert recorder.service.unsaved_count > 0
        await lock.aclose()
    assert await recorder.save()
    assert await stored_price(postgres_url) == AFTER


async def test_a_batch_that_is_cancelled_waits_for_the_last_flush(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url)
    assert await recorder.save()
    async with AsyncExitStack() as stack:
        lock = await locked(stack, postgres_url, "latest_quote")
        recorder.trade(AFTER)
        saving = asyncio.create_task(recorder.service.save())
        await until(lambda: recorder.database.pool_stats.in_use == 1, "it is writing")
        saving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saving
        await lock.aclose()
    assert await recorder.service.save(clean=True)
    assert await stored_price(postgres_url) == AFTER


async def test_a_silent_network_loses_nothing_of_what_was_published_meanwhile(
    record: Record, network: Network, distant_url: str, postgres_url: str
) -> None:
    bounds = {"connect_timeout_s": SOON_S, "answer_timeout_s": SOON_S}
    recorder = record(distant_url, **bounds)
    assert await recorder.save()
    network.freeze()
    for number in range(3):
        recorder.trade(AFTER + number)
        assert not await recorder.save()
    assert await stored_price(postgres_url) == BEFORE
    network.thaw()
    await recorder.save_when_possible()
    assert await stored_price(postgres_url) == AFTER + 2


async def test_who_waits_for_an_answer_waits_so_long_and_the_next_are_refused_at_once(
    postgres_url: str, database: Database
) -> None:
    icons = PostgresIconRepository(database)
    async with AsyncExitStack() as stack:
        lock = await locked(stack, postgres_url, "icon")
        with pytest.raises(StoreUnavailable, match="no answer in time"):
            await icons.load("BTC")
        with pytest.raises(StoreUnavailable, match="asked a moment ago: no answer"):
            await icons.load("BTC")
        assert database.status is ServiceStatus.UNAVAILABLE
        await lock.aclose()
    # Somebody else's success ends the hold.
    await database.ping()
    assert await icons.load("BTC") is None
    await database.close()


async def test_too_many_questions_at_once_say_nothing_of_the_server(
    postgres_url: str, database: Database
) -> None:
    icons = PostgresIconRepository(database)
    await database.ping()
    # With three connections one question is let through at a time.
    async with database._turns:
        with pytest.raises(StoreUnavailable, match="too many questions at once"):
            await icons.load("BTC")
    assert database.status is ServiceStatus.HEALTHY
    assert await icons.load("BTC") is None
    await database.close()


async def test_who_was_refused_is_let_through_when_the_hold_is_over(
    postgres_url: str,
) -> None:
    database = Database(postgres_url, prompt_timeout_s=SOON_S, hold_s=SOON_S)
    icons = PostgresIconRepository(database)
    async with AsyncExitStack() as stack:
        lock = await locked(stack, postgres_url, "icon")
        with pytest.raises(StoreUnavailable):
            await icons.load("BTC")
        await lock.aclose()

    async def answered() -> bool:
        with suppress(StoreUnavailable):
            return await icons.load("BTC") is None
        return False

    await until(answered, "it is asked again")
    await database.close()


async def test_a_crowd_before_a_slow_table_leaves_connections_to_the_writers(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url, pool_size=3, connect_timeout_s=SOON_S)
    assert await recorder.save()
    icons = PostgresIconRepository(recorder.database)
    async with AsyncExitStack() as stack:
        lock = await locked(stack, postgres_url, "icon")
        crowd = [asyncio.create_task(icons.load("BTC")) for _ in range(50)]
        await until(lambda: recorder.database.pool_stats.in_use == 1, "one asks")
        recorder.trade(AFTER)
        assert await recorder.save()
        assert recorder.database.pool_stats.in_use == 1
        assert await stored_price(postgres_url) == AFTER
        await lock.aclose()
    # Who waited too long for a turn is refused at once, on a slow machine many.
    for answer in await asyncio.gather(*crowd, return_exceptions=True):
        assert answer is None or isinstance(answer, StoreUnavailable)


async def test_without_a_connection_in_time_it_is_said_and_counted(
    postgres_url: str,
) -> None:
    database = Database(postgres_url, pool_size=1, connect_timeout_s=SOON_S)
    async with database.transaction():
        stats = database.pool_stats
        assert (stats.size, stats.open, stats.in_use, stats.waiting) == (1, 1, 1, 0)
        asking_too = asyncio.create_task(database.ping())
        await until(lambda: database.pool_stats.waiting == 1, "somebody waits")
        with pytest.raises(StoreUnavailable):
            await asking_too
    assert database.pool_stats.timeouts == 1
    assert (database.pool_stats.waiting, database.pool_stats.in_use) == (0, 0)
    await database.close()


async def test_a_session_that_lost_us_gives_its_locks_back(postgres_url: str) -> None:
    database = Database(postgres_url)
    async with database.transaction() as connection:
        limits = "idle_in_transaction_session_timeout", "statement_timeout"
        found = [
            (await connection.exec_driver_sql(f"SHOW {name}")).scalar_one()
            for name in limits
        ]
    assert found == ["15s", "1min"]
    await database.close()


async def test_icons_are_answered_from_memory_or_drawn_while_their_table_hangs(
    postgres_url: str, database: Database, world: World
) -> None:
    catalog = _catalog(world, PostgresCoinRepository(database))
    assert await catalog.sync()
    repository, source = PostgresIconRepository(database), MemoryIconSource()
    await repository.save(Icon("BTC", b"png", "image/png", "https://i.example/BTC"))
    icons = IconService(catalog, repository, source, FakeClock())
    await icons.warm()
    async with AsyncExitStack() as stack:
        lock = await locked(stack, postgres_url, "icon")
        known = await icons.icon("BTC")
        assert known is not None
        assert known.content == b"png"
        assert await icons.icon("ETH") is None
        await lock.aclose()
    await database.ping()
    await repository.save(Icon("ETH", b"eth", "image/png", "https://i.example/ETH"))
    found = await icons.icon("ETH")
    assert found is not None
    assert found.content == b"eth"
    await database.close()


async def test_coins_come_from_the_venues_while_the_store_hangs_and_are_kept_later(
    network: Network, distant_url: str, postgres_url: str, world: World
) -> None:
    network.freeze()
    database = Database(distant_url, connect_timeout_s=SOON_S, answer_timeout_s=SOON_S)
    catalog = _catalog(world, PostgresCoinRepository(database))
    world.sources[Exchange.BINANCE].down = "refused"
    running = asyncio.create_task(catalog.run())
    await until(lambda: catalog.coin("BTC") is not None, "the coin is known")
    world.sources[Exchange.BINANCE].down = None
    # A venue is asked again on its own time, however long the store takes.
    await until(lambda: world.clock.sleeping >= 1, "the venue is waited for")
    await world.clock.advance(WAITS_S[0])
    coin = catalog.coin("BTC")
    assert coin is not None
    assert coin.global_ is not None
    assert catalog.unsaved_count == 2
    network.thaw()

    async def kept() -> bool:
        await world.clock.advance(1.0)
        return catalog.unsaved_count == 0

    await until(kept, "the coins are kept")
    running.cancel()
    await asyncio.wait([running])
    async with asking(postgres_url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM coin") == 2
        assert await connection.fetchval("SELECT count(*) FROM listing") == 4
    await database.close()


def _catalog(world: World, repository: PostgresCoinRepository) -> CatalogService:
    return CatalogService(
        repository,
        list(world.sources.values()),
        IdentityTable([]),
        world.clock,
        icon_url="https://i.example/{symbol}",
    )
