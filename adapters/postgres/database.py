"""The connections to the database: dialled, bounded, translated, reported."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import cast
from weakref import WeakSet

from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import QueuePool

from adapters.postgres.dial import DriverConnection, engine_of, say_goodbye
from adapters.postgres.translation import reason_of, translated
from adapters.postgres.url import parse_url
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus

# One writes latest values, one the catalogue, one or two read icons and history.
POOL_SIZE = 5
# To get a connection: from the pool, tried first, or by dialling. Past it:
# StoreUnavailable.
CONNECT_TIMEOUT_S = 5.0
# For everything asked on it, commit included. Past it: rolled back, StoreUnavailable.
ANSWER_TIMEOUT_S = 10.0
# For a question that somebody waits for, the wait for a connection included.
PROMPT_TIMEOUT_S = 3.0
# What of it the wait for a turn may take. Past it: StoreUnavailable, and no word of
# the server: it was not asked.
TURN_SHARE = 0.5
# After a failure such questions are refused at once, until another question is answered
# (a sign of life is asked for every two seconds) and for this long at most: nobody
# queues up before a server that is away, and the writers find the connections free.
HOLD_S = 10.0
# Connections that such questions never take: one for latest values, one for coins.
RESERVED_FOR_WRITES = 2
# The server's own bounds, where our word does not reach it any more. A session that
# lost us in a transaction gives its locks back; no question of ours runs for ever. And
# none is worth compiling: for bars of a partitioned table that takes a second, the
# question itself milliseconds.
SESSION_LIMITS = (
    "SET idle_in_transaction_session_timeout = '15s'; SET statement_timeout = '60s'; "
    "SET jit = off"
)
TURNED = "database.turned"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """Connections: allowed, open, in use; callers waiting for one now.

    `timeouts` counts, since the start, who got none in time.
    """

    size: int
    open: int
    in_use: int
    waiting: int
    timeouts: int


class Database:
    """Owns the pool; whoever asks gets a transaction or `StoreUnavailable`.

    A connection is tried before it is given out, so that a server which was restarted
    costs nobody an error. With all connections in use the next one waits for its turn
    within the connect time-out. One that met a condition of the server is thrown away:
    the next is dialled, and after a failover finds the new server.

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
        prompt_timeout_s: float = PROMPT_TIMEOUT_S,
        hold_s: float = HOLD_S,
    ) -> None:
        self.url = parse_url(url)
        self._connect_timeout_s = connect_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._prompt_timeout_s = prompt_timeout_s
        self._status = ServiceStatus.UNAVAILABLE
        self._detail: str | None = None
        self._hold_s = hold_s
        self._held_until_s = 0.0
        self._pool_size = pool_size
        self._turns = asyncio.Semaphore(max(1, pool_size - RESERVED_FOR_WRITES))
        self._waiting = 0
        self._timeouts = 0
        self._dialled: WeakSet[DriverConnection] = WeakSet()
        self._engine = engine_of(
            lambda: self.url,
            connect_timeout_s,
            self._dialled.add,
            setup=SESSION_LIMITS,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=connect_timeout_s,
            pool_pre_ping=True,
        )

    @property
    def status(self) -> ServiceStatus:
        """HEALTHY after the last question was answered, else UNAVAILABLE."""
        return self._status

    @property
    def detail(self) -> str | None:
        """Why it is unavailable, in one line; None: it is not, or was never asked."""
        return self._detail

    @property
    def pool_stats(self) -> PoolStats:
        """The connections now."""
        pool = cast(QueuePool, self._engine.pool)
        in_use = pool.checkedout()
        return PoolStats(
            size=self._pool_size,
            open=in_use + pool.checkedin(),
            in_use=in_use,
            waiting=self._waiting,
            timeouts=self._timeouts,
        )

    def readdress(self, url: str) -> None:
        """Dial another address from now on; open connections stay."""
        self.url = parse_url(url)

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
        with self._telling(), translated():
            async with (
                self._connection() as connection,
                _thrown_away_in_trouble(connection),
                asyncio.timeout(bound_s),
                connection.begin(),
            ):
                yield connection

    @asynccontextmanager
    async def promptly(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that somebody waits for.

        Bounded as a whole by the prompt time-out. So many may ask that two connections
        stay free for writers; more wait, half of that time. After any failure all are
        refused at once, those who wait included, until something is answered or the
        hold is over.

        Raises:
            StoreUnavailable: as `transaction`, or refused.
        """
        with self._telling(), translated():
            async with asyncio.timeout(self._prompt_timeout_s):
                self._refuse_while_held()
                async with self._turn():
                    self._refuse_while_held()
                    async with self.transaction() as connection:
                        yield connection

    async def ping(self, timeout_s: float | None = None) -> None:
        """Ask the server for a sign of life, within the time-out as a whole.

        Raises:
            StoreUnavailable: there is none.
        """
        with self._telling(), translated():
            async with (
                asyncio.timeout(timeout_s),
                self.transaction() as connection,
            ):
                await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection, also one in use; asking again dials again.

        Bounded and quiet, also where the server has fallen silent.
        """
        await asyncio.gather(*map(say_goodbye, list(self._dialled)))
        await self._engine.dispose()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a turn; who waits in vain has learned nothing of the server."""
        try:
            async with asyncio.timeout(self._prompt_timeout_s * TURN_SHARE):
                await self._turns.acquire()
        except TimeoutError as error:
            raise _Refused("too many questions at once") from error
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                connection = await self._engine.connect()
        except (TimeoutError, exc.TimeoutError):
            self._timeouts += 1
            raise
        finally:
            self._waiting -= 1
        try:
            yield connection
        finally:
            await connection.close()

    def _refuse_while_held(self) -> None:
        if asyncio.get_running_loop().time() < self._held_until_s:
            raise _Refused(f"asked a moment ago: {self._detail}")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Note how a question ended; one that was refused is no news."""
        try:
            yield
        except _Refused:
            raise
        except StoreUnavailable as away:
            self._held_until_s = asyncio.get_running_loop().time() + self._hold_s
            self._tell(ServiceStatus.UNAVAILABLE, str(away))
            raise
        self._held_until_s = 0.0
        self._tell(ServiceStatus.HEALTHY, None)

    def _tell(self, status: ServiceStatus, detail: str | None) -> None:
        self._detail = detail
        if status is not self._status:
            self._status = status
            more = {"status": status, "url": str(self.url), "why": detail}
            is_well = status is ServiceStatus.HEALTHY
            _log.log(logging.INFO if is_well else logging.WARNING, TURNED, extra=more)


class _Refused(StoreUnavailable):
    """The database was not asked: it failed a moment ago, or too many others ask."""


@asynccontextmanager
async def _thrown_away_in_trouble(connection: AsyncConnection) -> AsyncIterator[None]:
    """Throw a connection away whose server met a condition, not a fault of ours.

    One that was demoted would refuse every write on it for as long as it is open.
    """
    try:
        yield
    except Exception as error:
        if reason_of(error) is not None and not connection.invalidated:
            await connection.invalidate()
        raise
