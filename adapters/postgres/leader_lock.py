"""`LeaderLock` as an advisory lock of PostgreSQL, on a connection of its own.

The lock ends with its session. A process that is killed closes it at once; one that
hangs, or that the network has lost, is idle for too long, and the server ends it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import asyncpg

from adapters.postgres.dial import DriverConnection, say_goodbye
from adapters.postgres.translation import DIAL_ERRORS, dialling
from adapters.postgres.url import DatabaseUrl
from domain.model.error import StoreUnavailable

CONNECT_TIMEOUT_S: Final = 2.0
ANSWER_TIMEOUT_S: Final = 1.5
# A holder asks twice a second. One that did not for so long has lost the lock: with
# the look of the next one it is taken within 4 s.
IDLE_LIMIT_MS: Final = 3_000
# As the locks of the bars: any numbers will do as long as they never change.
_KIND, _NUMBER = 0x6B69_6D04, 0
_SETUP = {
    "idle_session_timeout": str(IDLE_LIMIT_MS),
    "tcp_keepalives_idle": "1",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "2",
}
_TAKE = "SELECT pg_try_advisory_lock($1, $2)"
_GIVE = "SELECT pg_advisory_unlock($1, $2)"
_ALIVE = "SELECT true"


class PostgresLeaderLock:
    """One process's hand on the lock."""

    def __init__(self, address: Callable[[], DatabaseUrl]) -> None:
        """Compose; `address` is asked at every dial: the server may have moved."""
        self._address = address
        self._connection: DriverConnection | None = None
        self._is_held = False

    async def hold(self) -> bool:
        """Take the lock or make sure of it; False: another process has it."""
        with dialling():
            try:
                connection = await self._connected()
                answer = await self._ask(connection)
            except (*DIAL_ERRORS, asyncio.CancelledError):
                self._drop()
                raise
        self._is_held = answer
        return answer

    async def release(self) -> None:
        """Give the lock up and close the connection."""
        connection, held = self._connection, self._is_held
        self._connection, self._is_held = None, False
        if connection is None or connection.is_closed():
            return
        with suppress(*DIAL_ERRORS):
            if held:
                await connection.execute(_GIVE, _KIND, _NUMBER, timeout=1.0)
        await say_goodbye(connection)

    async def _connected(self) -> DriverConnection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self._is_held = False
        hosts = self._address().each
        share_s = CONNECT_TIMEOUT_S / len(hosts)
        for host in hosts:
            with suppress(*DIAL_ERRORS):
                self._connection = await asyncpg.connect(
                    host, timeout=share_s, server_settings=_SETUP
                )
                return self._connection
        raise StoreUnavailable("no connection for the leader's lock")

    async def _ask(self, connection: DriverConnection) -> bool:
        if self._is_held:
            return bool(await connection.fetchval(_ALIVE, timeout=ANSWER_TIMEOUT_S))
        taken = await connection.fetchval(
            _TAKE, _KIND, _NUMBER, timeout=ANSWER_TIMEOUT_S
        )
        return bool(taken)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._is_held = False
        if connection is not None:
            connection.terminate()
