"""The pool against a real server, and against servers that misbehave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.database import Database
from adapters.postgres.url import MalformedDatabaseUrl
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus

if TYPE_CHECKING:
    from tests.integration.postgres.conftest import Network

# Far above what any step here takes, far below what a hang takes.
LIMIT_S = 20.0
SOON_S = 0.3


@asynccontextmanager
async def opened(url: str, **options: float) -> AsyncIterator[Database]:
    database = Database(url, **options)  # type: ignore[arg-type] # bounds of any type
    try:
        async with asyncio.timeout(LIMIT_S):
            yield database
    finally:
        await database.close()


async def number(connection: AsyncConnection, statement: str) -> int:
    return int((await connection.execute(text(statement))).scalar_one())


def test_a_malformed_address_is_refused_before_anything_is_dialled() -> None:
    with pytest.raises(MalformedDatabaseUrl):
        Database("mysql://h/d")


async def test_the_status_is_what_the_last_question_met(database: Database) -> None:
    assert database.status is ServiceStatus.UNAVAILABLE
    await database.ping()
    assert database.status is ServiceStatus.HEALTHY
    with pytest.raises(StoreUnavailable):
        async with database.transaction(timeout_s=SOON_S) as connection:
            await connection.execute(text("SELECT pg_sleep(60)"))
    assert database.status is ServiceStatus.UNAVAILABLE
    await database.ping()
    assert database.status is ServiceStatus.HEALTHY


async def test_a_transaction_is_committed_or_rolled_back_as_a_whole(
    database: Database,
) -> None:
    add = text("INSERT INTO latest_rate VALUES (:source, 1300, now())")
    async with database.transaction() as connection:
        await connection.execute(add, {"source": "kept"})

    async def fail() -> None:
        async with database.transaction() as connection:
            await connection.execute(add, {"source": "lost"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.transaction() as connection:
        assert await number(connection, "SELECT count(*) FROM latest_rate") == 1


async def test_a_fault_of_ours_is_no_outage(database: Database) -> None:
    await database.ping()
    with pytest.raises(DBAPIError):
        async with database.transaction() as connection:
            await connection.execute(text("SELEKT 1"))
    assert database.status is ServiceStatus.HEALTHY


async def test_a_server_that_refuses_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        async with opened(f"postgresql://k:secret@127.0.0.1:{port}/k") as database:
            with pytest.raises(StoreUnavailable, match="no connection") as caught:
                await database.ping()
            assert "secret" not in str(caught.value)
            assert database.status is ServiceStatus.UNAVAILABLE


async def test_a_missing_database_is_unavailable(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="nobody_made_it")
    async with opened(url.render_as_string(hide_password=False)) as database:
        with pytest.raises(StoreUnavailable, match="no such database"):
            await database.ping()


async def test_a_setting_that_the_server_refuses_is_unavailable(
    postgres_url: str,
) -> None:
    async with opened(f"{postgres_url}&options=-cnonsense%3D1") as database:
        with pytest.raises(StoreUnavailable, match="nonsense"):
            await database.ping()


async def test_a_server_that_never_answers_the_dial_is_given_up() -> None:
    hung_up = asyncio.Event()

    async def accept(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read()  # until the other side hangs up
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"postgresql://k@127.0.0.1:{port}/k?sslmode=disable"
    async with server, opened(url, connect_timeout_s=SOON_S) as database:
        with pytest.raises(StoreUnavailable, match="no answer in time"):
            await database.ping()
        await hung_up.wait()


async def test_a_statement_that_takes_too_long_is_given_up_on_both_sides(
    postgres_url: str,
) -> None:
    async with opened(postgres_url, answer_timeout_s=SOON_S, pool_size=1) as database:
        with pytest.raises(StoreUnavailable, match="no answer in time"):
            async with database.transaction() as connection:
                await connection.execute(text("SELECT pg_sleep(600)"))
        async with database.transaction(timeout_s=LIMIT_S) as connection:
            sleeping = (
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleep(600)'"
                " AND state = 'active' AND datname = current_database()"
            )
            while await number(connection, sleeping):
                await connection.execute(text("SELECT pg_stat_clear_snapshot()"))


async def test_connections_that_the_server_closed_cost_nobody_an_error(
    database: Database,
) -> None:
    await asyncio.gather(*(database.ping() for _ in range(5)))
    await end_others(database)
    for _ in range(6):
        await database.ping()
    assert database.status is ServiceStatus.HEALTHY


async def test_a_connection_that_breaks_in_a_transaction_is_unavailable_once(
    database: Database,
) -> None:
    async def ask() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            await end_others(database)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        await ask()
    assert database.status is ServiceStatus.UNAVAILABLE
    await database.ping()


async def test_a_network_that_falls_silent_is_given_up_and_found_again(
    network: Network, distant_url: str
) -> None:
    bounds = {"connect_timeout_s": SOON_S, "answer_timeout_s": SOON_S}
    async with opened(distant_url, **bounds) as database:
        await database.ping()
        network.freeze()
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="no answer in time"):
                await database.ping()
        network.thaw()
        await database.ping()
        assert database.status is ServiceStatus.HEALTHY


async def test_a_network_that_falls_silent_in_a_transaction_is_given_up(
    network: Network, distant_url: str
) -> None:
    async def ask(database: Database) -> None:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            network.freeze()
            await connection.execute(text("SELECT 2"))

    async with opened(distant_url, answer_timeout_s=SOON_S, pool_size=1) as database:
        with pytest.raises(StoreUnavailable, match="no answer in time"):
            await ask(database)
        network.thaw()
        await database.ping()


async def test_who_finds_all_connections_in_use_waits_and_then_gives_up(
    postgres_url: str,
) -> None:
    async with opened(postgres_url, pool_size=1, connect_timeout_s=SOON_S) as database:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT 1"))
            with pytest.raises(StoreUnavailable):
                await database.ping()
        waiting = asyncio.gather(*(database.ping() for _ in range(10)))
        await waiting
        assert database.status is ServiceStatus.HEALTHY


async def test_a_cancelled_question_gives_its_connection_back(
    postgres_url: str,
) -> None:
    async with opened(postgres_url, pool_size=1) as database:
        asked = asyncio.Event()

        async def ask() -> None:
            async with database.transaction() as connection:
                await connection.execute(text("SELECT 1"))
                asked.set()
                await connection.execute(text("SELECT pg_sleep(600)"))

        task = asyncio.create_task(ask())
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await database.ping()


async def test_closing_twice_and_after_a_loss_is_quiet(
    network: Network, distant_url: str
) -> None:
    async with opened(distant_url, connect_timeout_s=SOON_S) as database:
        await database.ping()
        network.freeze()
        await database.close()
        await database.close()


async def test_who_still_uses_a_connection_at_the_end_hears_of_it(
    postgres_url: str,
) -> None:
    async with opened(postgres_url) as database:
        asked = asyncio.Event()

        async def ask() -> None:
            async with database.transaction() as connection:
                await connection.execute(text("SELECT 1"))
                asked.set()
                await connection.execute(text("SELECT pg_sleep(600)"))

        asking = asyncio.create_task(ask())
        await asked.wait()
        await database.close()
        with pytest.raises(StoreUnavailable):
            await asking


async def end_others(database: Database) -> None:
    """End every session of this database but the one that asks."""
    statement = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with database.transaction() as connection:
        await connection.execute(text(statement))
