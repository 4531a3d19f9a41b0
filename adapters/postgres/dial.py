"""Connections as the driver makes them: dialled host by host, set up, said goodbye."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

import asyncpg
from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool

from adapters.postgres.translation import DIAL_ERRORS, dialling
from adapters.postgres.url import DatabaseUrl

# For saying goodbye to the server. Past it the connections are simply dropped.
CLOSE_TIMEOUT_S = 2.0

DriverConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def engine_of(
    address: Callable[[], DatabaseUrl],
    connect_timeout_s: float,
    on_dialled: Callable[[DriverConnection], None] = lambda _: None,
    *,
    setup: str = "",
    poolclass: type[Pool] | None = None,
    **pool: float | bool,
) -> AsyncEngine:
    """Return an engine whose connections the driver itself makes from the address.

    The driver reads the address as libpq does: sockets, TLS files, and of several
    hosts the first that answers as it should within its share of the time. `setup` is
    run on each connection.
    """

    async def dial() -> DriverConnection:
        with dialling():
            connection = await _first_of(address().each, connect_timeout_s)
            on_dialled(connection)
            if setup:
                await connection.execute(setup)
        return connection

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=dial,
        poolclass=poolclass,
        hide_parameters=True,
        **pool,
    )


async def _first_of(dsns: Sequence[str], timeout_s: float) -> DriverConnection:
    # The driver gives the whole time to the first host: one that is silent, and does
    # not refuse, would keep it from ever reaching the second.
    share_s = timeout_s / len(dsns)
    for dsn in dsns[:-1]:
        with suppress(*DIAL_ERRORS):
            return await asyncpg.connect(dsn, timeout=share_s)
    return await asyncpg.connect(dsns[-1], timeout=share_s)


async def say_goodbye(connection: DriverConnection) -> None:
    """Close a connection, in order or, where nobody answers, by force."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.close()
    except (InterfaceError, PostgresError, OSError):
        connection.terminate()
