"""A server that is not there: at start, killed, restarted, failed over.

The workers run as they do in a server; Postgres itself is asked afterwards.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from adapters.memory.clock import FakeClock
from adapters.postgres.database import Database
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.migration import migrate
from adapters.resilience.clock import SystemClock
from app.store import CHECK_INTERVAL_S, MAX_REVIVE_WAIT_S, STEADY_AFTER_S, Store
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus
from tests.integration.outage.conftest import (
    AFTER,
    BEFORE,
    Record,
    do,
    end_sessions,
    stored_price,
    until,
)

if TYPE_CHECKING:
    from adapters.postgres.embedded import EmbeddedPostgres
    from tests.integration.postgres.conftest import Network

SOON_S = 0.3


@asynccontextmanager
async def looked_after(store: Store) -> AsyncIterator[asyncio.Task[None]]:
    """Run the store's worker beside the test."""
    task = asyncio.create_task(store.run(), name="database")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_server_that_comes_up_later_than_we_do_is_migrated_and_written_to(
    record: Record, empty_url: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"postgresql://kimp@127.0.0.1:{unused.getsockname()[1]}/kimp"
        recorder = record(nowhere)
        store = Store(recorder.database, None, SystemClock())
        await store.begin(patience_s=SOON_S)
        assert not store.is_migrated
        assert not await recorder.save()
        recorder.trade(AFTER)
        assert not await recorder.save()
    # Where nobody listened there is the database now.
    recorder.database.readdress(empty_url)
    async with looked_after(store):
        await until(lambda: store.is_migrated, "the schema is made")
        await recorder.save_when_possible()
    assert await stored_price(empty_url) == AFTER
    assert recorder.database.status is ServiceStatus.HEALTHY


async def test_a_server_that_is_silent_at_start_holds_nobody_up(
    network: Network, distant_url: str
) -> None:
    network.freeze()
    database = Database(distant_url)
    store = Store(database, None, SystemClock())
    async with asyncio.timeout(10.0):
        await store.begin(patience_s=SOON_S)
    assert not store.is_migrated
    network.thaw()
    async with looked_after(store):
        # What was begun goes on, and is taken over by the worker.
        await until(lambda: store.is_migrated, "what was begun is done")
    await store.close()


async def test_what_is_begun_is_ended_with_the_store(
    network: Network, distant_url: str
) -> None:
    network.freeze()
    store = Store(Database(distant_url), None, SystemClock())
    await store.begin(patience_s=SOON_S)
    async with asyncio.timeout(10.0):
        await store.close()
    assert not [t for t in asyncio.all_tasks() if t.get_name() == "database.prepare"]


async def test_a_killed_server_of_ours_is_started_again_at_once_and_written_to(
    record: Record, cluster: EmbeddedPostgres
) -> None:
    await migrate(cluster.url)
    recorder = record(cluster.url)
    store = Store(recorder.database, cluster, SystemClock())
    await store.begin()
    assert await recorder.save()
    async with looked_after(store):
        killed = cluster.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await cluster.wait_dead()
        recorder.trade(AFTER)
        await recorder.save_when_possible()
        # A session may outlive its server for a moment and take the write.
        await until(lambda: cluster.pid != killed, "another server")
    assert await stored_price(cluster.url) == AFTER


async def test_a_server_that_is_stopped_and_started_elsewhere_is_found_by_its_address(
    record: Record, network: Network, distant_url: str, postgres_url: str
) -> None:
    recorder = record(distant_url)
    assert await recorder.save()
    await network.hang_up()
    await end_sessions(postgres_url)
    recorder.trade(AFTER)
    assert not await recorder.save()
    assert recorder.database.status is ServiceStatus.UNAVAILABLE
    assert await stored_price(postgres_url) == BEFORE
    await network.listen()
    await recorder.save_when_possible()
    assert await stored_price(postgres_url) == AFTER


@pytest.mark.parametrize("how", ["refuses", "silent"])
async def test_after_a_failover_the_second_host_is_written_to(
    record: Record, network: Network, postgres_url: str, how: str
) -> None:
    """Two hosts in one address, the same data behind both, as after a promotion."""
    second = type(network)(network.socket)
    async with second.serving():
        url = make_url(postgres_url)
        hosts = f"127.0.0.1:{network.port},127.0.0.1:{second.port}"
        both = (
            f"postgresql://{url.username}@{hosts}/{url.database}"
            "?target_session_attrs=read-write"
        )
        recorder = record(both, connect_timeout_s=1.0, answer_timeout_s=1.0)
        assert await recorder.save()
        if how == "refuses":
            await network.hang_up()
        else:
            network.freeze()
        recorder.trade(AFTER)
        await recorder.save_when_possible()
        assert await stored_price(postgres_url) == AFTER
        network.thaw()


async def test_a_primary_that_was_demoted_is_left_for_the_new_one(
    record: Record, network: Network, postgres_url: str
) -> None:
    """The open connection would be read-only for ever; the next one is dialled."""
    second = type(network)(network.socket)
    async with second.serving():
        url = make_url(postgres_url)
        hosts = f"127.0.0.1:{network.port},127.0.0.1:{second.port}"
        both = f"postgresql://{url.username}@{hosts}/{url.database}"
        recorder = record(f"{both}?target_session_attrs=read-write")
        assert await recorder.save()
        async with recorder.database.transaction() as connection:
            await connection.exec_driver_sql("SET default_transaction_read_only = on")
        recorder.trade(AFTER)
        assert not await recorder.save()
        assert await recorder.save()
        assert await stored_price(postgres_url) == AFTER


async def test_a_database_that_came_back_without_our_tables_gets_them_again(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url)
    store = Store(recorder.database, None, SystemClock())
    await store.begin()
    assert await recorder.save()
    await do(postgres_url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    recorder.trade(AFTER)
    assert not await recorder.save()
    async with looked_after(store):
        await recorder.save_when_possible()
    assert await stored_price(postgres_url) == AFTER


async def test_a_database_that_came_back_with_an_older_schema_is_brought_up_to_date(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url)
    store = Store(recorder.database, None, SystemClock())
    await store.begin()
    await do(
        postgres_url,
        "ALTER TABLE latest_premium DROP COLUMN is_doubted",
        "UPDATE alembic_version SET version_num = '0003'",
    )
    recorder.trade(AFTER)
    assert not await recorder.save()
    async with looked_after(store):
        await recorder.save_when_possible()
    assert await stored_price(postgres_url) == AFTER


class Mortal:
    """A server of ours, and the database on it, that are what they are told to be."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.revived: list[float] = []
        self.url = "postgresql://kimp@/kimp?host=/nowhere"
        self.addresses: list[str] = []
        self.refuses = self.runs = False
        self.status = ServiceStatus.UNAVAILABLE

    def is_running(self) -> bool:
        return self.runs

    async def wait_dead(self) -> None:
        while self.runs:
            await self.clock.sleep(CHECK_INTERVAL_S)

    async def ensure_running(self) -> bool:
        if self.runs:
            return False
        self.revived.append(self.clock.monotonic())
        if self.refuses:
            raise ClusterUnusable("it will not start", "Read the log")
        return True

    async def ping(self, _timeout_s: float) -> None:
        raise StoreUnavailable("it died again")

    def readdress(self, url: str) -> None:
        self.addresses.append(url)

    def store(self) -> Store:
        """Return the store over both, past its migration."""
        both: Any = self
        store = Store(both, both, self.clock)
        store._migrated.set()
        return store


@pytest.fixture
def mortal() -> Mortal:
    return Mortal()


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_server_that_dies_again_and_again_is_started_ever_less_often(
    mortal: Mortal, refuses: bool
) -> None:
    mortal.refuses = refuses
    async with looked_after(mortal.store()):
        await mortal.clock.advance(100.0)
    waits = [b - a for a, b in pairwise(mortal.revived)]
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, MAX_REVIVE_WAIT_S, MAX_REVIVE_WAIT_S]
    assert mortal.addresses == ([] if refuses else [mortal.url] * 8)


async def test_a_server_that_ran_for_a_minute_is_started_at_once_again(
    mortal: Mortal,
) -> None:
    async with looked_after(mortal.store()):
        await mortal.clock.settle()
        mortal.runs = True
        await mortal.clock.advance(STEADY_AFTER_S + CHECK_INTERVAL_S)
        mortal.runs = False
        died_s = mortal.clock.monotonic()
        await mortal.clock.advance(CHECK_INTERVAL_S)
    assert mortal.revived[1] - died_s <= CHECK_INTERVAL_S


async def test_a_schema_of_a_newer_version_is_no_reason_to_end_a_server_that_runs(
    record: Record, postgres_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await do(postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    recorder = record("postgresql://kimp@/kimp?host=/nowhere")
    clock = FakeClock()
    store = Store(recorder.database, None, clock)
    await store.begin()
    recorder.database.readdress(postgres_url)
    async with looked_after(store) as task:
        await until(lambda: clock.sleeping == 1, "the worker waits")
        await clock.advance(CHECK_INTERVAL_S)
        await until(lambda: clock.sleeping == 1, "the worker waits again")
        assert not task.done()
    assert "newer version" in capsys.readouterr().out
