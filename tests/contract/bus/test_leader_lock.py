"""What every lock promises: one holder, and none when it is gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from adapters.memory.leader_lock import MemoryLeaderLock, MemorySeat
from adapters.postgres import leader_lock
from adapters.postgres.leader_lock import PostgresLeaderLock
from adapters.postgres.url import parse_url
from domain.model.error import StoreUnavailable
from domain.ports.leader_lock import LeaderLock

LIMIT_S = 15.0
NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"
Maker = Callable[[], LeaderLock]


@pytest.fixture
async def locks(store_url: str | None) -> AsyncIterator[Maker]:
    """Makes hands on one lock."""
    if store_url is None:
        seat = MemorySeat()
        yield lambda: MemoryLeaderLock(seat)
        return
    url = parse_url(store_url)
    made: list[PostgresLeaderLock] = []

    def one() -> PostgresLeaderLock:
        made.append(PostgresLeaderLock(lambda: url))
        return made[-1]

    yield one
    for lock in made:
        await lock.release()


async def test_one_holds_it_and_nobody_else(locks: Maker) -> None:
    first, second = locks(), locks()
    assert await first.hold()
    assert not await second.hold()
    assert await first.hold()
    await first.release()
    assert await second.hold()
    assert not await first.hold()


async def test_giving_up_what_is_not_held_changes_nothing(locks: Maker) -> None:
    first, second = locks(), locks()
    assert await first.hold()
    await second.release()
    assert not await second.hold()
    await second.release()
    assert await first.hold()


async def test_without_a_database_nobody_can_say() -> None:
    down = MemoryLeaderLock(MemorySeat(down="no connection"))
    away = PostgresLeaderLock(lambda: parse_url(NOWHERE))
    for lock in (down, away):
        with pytest.raises(StoreUnavailable):
            await lock.hold()
    with pytest.raises(StoreUnavailable):
        await down.release()
    await away.release()


@pytest.fixture
async def admin(postgres_url: str) -> AsyncIterator[Any]:
    """A connection to the database of the test."""
    connection = await asyncpg.connect(parse_url(postgres_url).dsn)
    yield connection
    await connection.close()


async def test_a_session_that_ends_takes_the_lock_along(
    postgres_url: str, admin: Any
) -> None:
    url = parse_url(postgres_url)
    first, second = PostgresLeaderLock(lambda: url), PostgresLeaderLock(lambda: url)
    assert await first.hold()
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = "
        "current_database())"
    )
    async with asyncio.timeout(LIMIT_S):
        while not await second.hold():
            continue
    # Whether the end of the session has come through to it, or comes with the question.
    with suppress(StoreUnavailable):
        assert not await first.hold()
    assert not await first.hold()
    await first.release()
    await second.release()


async def test_a_holder_that_hangs_loses_it(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(leader_lock._SETUP, "idle_session_timeout", "300")
    url = parse_url(postgres_url)
    first, second = PostgresLeaderLock(lambda: url), PostgresLeaderLock(lambda: url)
    assert await first.hold()
    async with asyncio.timeout(LIMIT_S):
        while not await second.hold():
            continue
    await second.release()
    await first.release()
