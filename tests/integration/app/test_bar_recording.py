"""Minutes on their way through real files into a real database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.clock import FakeClock
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.database import Database
from adapters.spool.spool import FileBarSpool
from domain.model.bar import Bar
from domain.services.bar_keeper import BarKeeper, Retention
from domain.services.bar_writer import BarWriter
from tests.integration.outage.conftest import asking
from tests.live_bar import BTC, MINUTE_MS, NOW

NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"


def minute(number: int, coins: int = 3) -> list[Bar]:
    """A batch of one minute."""
    opened_ms = NOW + number * MINUTE_MS
    return [
        replace(BTC, symbol=f"C{coin}", opened_ms=opened_ms) for coin in range(coins)
    ]


@dataclass
class Server:
    """The writing half of a server."""

    database: Database
    writer: BarWriter
    spool: FileBarSpool


@dataclass
class Site:
    """One folder and one database, shared by servers."""

    url: str
    folder: Path
    databases: list[Database]

    def server(self, url: str | None = None) -> Server:
        database = Database(url or self.url)
        self.databases.append(database)
        spool = FileBarSpool(self.folder, 10_000_000)
        writer = BarWriter(PostgresBarStore(database), spool, FakeClock(NOW))
        return Server(database, writer, spool)

    async def minutes(self) -> list[tuple[str, int]]:
        """Every stored minute: symbol and opening."""
        rows = await ask(
            self.url,
            "SELECT symbol, (extract(epoch FROM opened_at) * 1000)::bigint"
            " FROM premium_minute ORDER BY opened_at, symbol",
        )
        return [(row[0], row[1]) for row in rows]


async def ask(url: str, question: str) -> list[Any]:
    """Return the rows of an answer."""
    async with asking(url) as connection:
        return list(await connection.fetch(question))


def stored(*numbers: int) -> list[tuple[str, int]]:
    """What `minutes` tells when these were written."""
    return [(bar.symbol, bar.opened_ms) for n in numbers for bar in minute(n)]


@pytest.fixture
async def site(postgres_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(postgres_url, tmp_path / "spool" / "bars", [])
    yield site
    for database in site.databases:
        await database.close()


async def test_what_waited_through_an_outage_is_written_once_each(site: Site) -> None:
    away = site.server(NOWHERE)
    for number in range(4):
        await away.writer.keep(minute(number))
        assert not await away.writer.drain()
    back = site.server()
    assert await back.writer.drain()
    assert await site.minutes() == stored(0, 1, 2, 3)
    assert (back.writer.rows, back.writer.waiting) == (12, 0)


async def test_two_servers_on_one_folder_write_everything_once(site: Site) -> None:
    one, other = site.server(), site.server()
    for number in range(0, 6, 2):
        await one.writer.keep(minute(number))
        await other.writer.keep(minute(number + 1))
    done = await asyncio.gather(one.writer.drain(), other.writer.drain())
    assert done == [True, True]
    assert await site.minutes() == stored(*range(6))
    assert one.writer.rows + other.writer.rows == 18
    assert list(await one.spool.names()) == []
    assert (one.writer.damaged, other.writer.damaged) == (0, 0)


async def test_a_batch_of_a_month_without_room_finds_some(site: Site) -> None:
    server = site.server()
    await server.writer.keep(minute(-60_000))
    await server.writer.keep(minute(60_000))
    assert await server.writer.drain()
    assert await site.minutes() == stored(-60_000, 60_000)


async def test_what_was_written_and_not_yet_removed_changes_nothing(
    site: Site,
) -> None:
    server = site.server()
    await server.writer.keep(minute(0))
    assert await server.writer.drain()
    await server.writer.keep(minute(0))  # the kill came between the two
    assert await server.writer.drain()
    assert server.writer.rows == 3
    assert await site.minutes() == stored(0)


async def test_two_keepers_make_room_and_derive_at_once(site: Site) -> None:
    server = site.server()
    for number in range(60):
        await server.writer.keep(minute(number))
    assert await server.writer.drain()
    clock = FakeClock(NOW + 3 * 86_400_000)
    keepers = [
        BarKeeper(PostgresBarStore(site.server().database), clock, Retention(400, 0))
        for _ in range(2)
    ]
    async with asyncio.TaskGroup() as group, asyncio.timeout(30):
        keeping = [group.create_task(keeper.keep()) for keeper in keepers]
        while not all(task.done() for task in keeping):
            await clock.advance(1)
            await asyncio.sleep(0.01)  # the database is asked meanwhile
    assert [task.result() for task in keeping] == [True, True]
    assert sum(keeper.derived_days for keeper in keepers) >= 3
    months = await ask(
        site.url,
        "SELECT relname FROM pg_class WHERE relname LIKE 'premium_minute_2026___'"
        " ORDER BY 1",
    )
    assert [row[0] for row in months] == [
        "premium_minute_2026_01",
        "premium_minute_2026_02",
        "premium_minute_2026_03",
    ]
