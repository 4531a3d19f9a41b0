"""The connections to the database: dialled, bounded, translated, reported."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias
from weakref import WeakSet

import asyncpg
from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool

from adapters.postgres.translation import dialling, translated
from adapters.postgres.url import DatabaseUrl, parse_url
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus

# One writes latest values, one the catalogue, one or two read icons and history.
POOL_SIZE = 5
# To get a connection: from the pool, tried first, or by dialling. Past it:
# StoreUnavailable.
CONNECT_TIMEOUT_S = 5.0
# For everything asked on it, commit included. Past it: rolled back, StoreUnavailable.
ANSWER_TIMEOUT_S = 10.0
# For saying goodbye to the server. Past it the connections are simply dropped.
CLOSE_TIMEOUT_S = 2.0

DriverConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_log = logging.getLogger(__name__)


class Database:
    """Owns the pool; whoever asks gets a transaction or `StoreUnavailable`.

    A connection is tried before it is given out, so that a server which was restarted
    costs nobody an error. With all connections in use the next one waits for its turn
    within the connect time-out.

    Raises:
        MalformedDatabaseUrl: at construction, before anything is dialled.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = POOL_SIZE,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self.url = parse_url(url)
        self._connect_timeout_s = connect_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._status = ServiceStatus.UNAVAILABLE
        self._dialled: WeakSet[DriverConnection] = WeakSet()
        self._engine = engine_of(
            self.url,
            connect_timeout_s,
            self._dialled.add,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=connect_timeout_s,
            pool_pre_ping=True,
        )

    @property
    def status(self) -> ServiceStatus:
        """HEALTHY after the last question was answered, else UNAVAILABLE."""
        return self._status

    @asynccontextmanager
    async def transaction(
        self, *, timeout_s: float | None = None
    ) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: committed at the end, else rolled back.

        `timeout_s` bounds the whole of it (default: the answer time-out).

        Raises:
            StoreUnavailable: no connection, no answer in time, or the server is in a
                condition that may pass (see `translation`).
        """
        bound_s = self._answer_timeout_s if timeout_s is None else timeout_s
        try:
            with translated():
                async with (
                    self._connection() as connection,
                    asyncio.timeout(bound_s),
                    connection.begin(),
                ):
                    yield connection
        except StoreUnavailable:
            self._tell(ServiceStatus.UNAVAILABLE)
            raise
        self._tell(ServiceStatus.HEALTHY)

    async def ping(self) -> None:
        """Ask the server for a sign of life.

        Raises:
            StoreUnavailable: there is none.
        """
        async with self.transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection, also one in use; asking again dials again.

        Bounded and quiet, also where the server has fallen silent.
        """
        await asyncio.gather(*map(_say_goodbye, list(self._dialled)))
        await self._engine.dispose()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        async with asyncio.timeout(self._connect_timeout_s):
            connection = await self._engine.connect()
        try:
            yield connection
        finally:
            await connection.close()

    def _tell(self, status: ServiceStatus) -> None:
        if status is not self._status:
            self._status = status
            _log.info("database.turned", extra={"status": status, "url": str(self.url)})


def engine_of(
    url: DatabaseUrl,
    connect_timeout_s: float,
    on_dialled: Callable[[DriverConnection], None] = lambda _: None,
    *,
    poolclass: type[Pool] | None = None,
    **pool: float | bool,
) -> AsyncEngine:
    """Return an engine whose connections the driver itself makes from the address.

    The driver reads the address as libpq does: several hosts, sockets, TLS files.
    """

    async def dial() -> DriverConnection:
        with dialling():
            connection = await asyncpg.connect(url.dsn, timeout=connect_timeout_s)
        on_dialled(connection)
        return connection

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=dial,
        poolclass=poolclass,
        hide_parameters=True,
        **pool,
    )


async def _say_goodbye(connection: DriverConnection) -> None:
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await connection.close()
    except (InterfaceError, PostgresError, OSError):
        connection.terminate()
