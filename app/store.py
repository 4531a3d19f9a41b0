"""The database of a running server: opened, migrated, revived, closed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

from adapters.postgres.database import Database
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.server import EmbeddedPostgres
from adapters.postgres.migration import MigrationFailed, SchemaTooNew, migrate
from adapters.postgres.url import MalformedDatabaseUrl
from app.settings import Settings
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus
from domain.ports.clock import Clock
from domain.services.latest_service import LatestService

# How often the database is looked after: its process, its schema, a sign of life.
CHECK_INTERVAL_S = 2.0
# A sign of life that takes longer is none.
PING_TIMEOUT_S = 3.0
# A server of ours that died is started again at once; one that dies again within a
# minute after 1, 2, 4 … seconds, at most these.
MAX_REVIVE_WAIT_S = 30.0
STEADY_AFTER_S = 60.0
# How long serving waits for the database before it begins without. What has been begun
# goes on: a long migration is not undone.
START_PATIENCE_S = 5.0

_log = structlog.get_logger(__name__)


class CannotStart(Exception):
    """A condition that keeps the server from starting, in one clear line."""


class KeepReport:
    """`DatabaseReporter`: the database is away as well when it takes nothing.

    A full or a read-only server answers questions and keeps nothing. One whose schema
    is not up to date yet may take rows in the middle of its revisions, and is not well.
    """

    def __init__(
        self, database: Database, latest: LatestService, is_migrated: Callable[[], bool]
    ) -> None:
        self._database = database
        self._latest = latest
        self._is_migrated = is_migrated

    @property
    def status(self) -> ServiceStatus:
        """HEALTHY where the last question was answered, migrated, and no alarm."""
        keeps = self._is_migrated() and self._latest.alarm is None
        return self._database.status if keeps else ServiceStatus.UNAVAILABLE


class Store:
    """The database and, where it is ours, the server under it."""

    def __init__(
        self, database: Database, embedded: EmbeddedPostgres | None, clock: Clock
    ) -> None:
        self.database = database
        self._embedded = embedded
        self._clock = clock
        self._migrated = asyncio.Event()
        self._beginning: asyncio.Task[bool] | None = None
        self._told_away = False
        self._deaths = 0
        self._revived_s = -STEADY_AFTER_S

    @property
    def is_migrated(self) -> bool:
        """Whether the schema is up to date."""
        return self._migrated.is_set()

    async def begin(self, patience_s: float | None = None) -> None:
        """Bring the schema up to date, or go on doing so past the patience.

        None is all patience there is; the steps of it are bounded.

        Raises:
            SchemaTooNew: the database was migrated by a newer version.
            MigrationFailed: a revision cannot be done on this database.
        """
        self._beginning = asyncio.create_task(self.prepare(), name="database.prepare")
        done, _ = await asyncio.wait([self._beginning], timeout=patience_s)
        if done:
            beginning, self._beginning = self._beginning, None
            beginning.result()
        else:
            why = f"not ready within {patience_s:g} s"
            _log.warning("database.away", why=why)

    async def prepare(self) -> bool:
        """Bring the schema up to date; False: the database cannot be reached now."""
        if self.is_migrated:
            return True
        try:
            await migrate(self.database.url.dsn)
            await self.database.ping(PING_TIMEOUT_S)
        except StoreUnavailable as exc:
            if not self._told_away:
                _log.warning("database.away", why=str(exc))
            self._told_away = True
            return False
        self._migrated.set()
        return True

    async def run(self) -> None:
        """Look after the database for as long as the server runs."""
        while True:
            await self._until_due()
            await self._look_after()

    async def close(self) -> None:
        """End what `begin` has left under way, and close every connection."""
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait([self._beginning])
        await self.database.close()

    async def _until_due(self) -> None:
        """Wait for the next look, or until a server of ours has died."""
        if self._embedded is None:
            await self._clock.sleep(CHECK_INTERVAL_S)
            return
        async with asyncio.TaskGroup() as group:
            waits = [
                group.create_task(self._clock.sleep(CHECK_INTERVAL_S)),
                group.create_task(self._embedded.wait_dead()),
            ]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()

    async def _look_after(self) -> None:
        if self._embedded is not None:
            await self._revive(self._embedded)
        try:
            if await self._is_prepared():
                await self._probe()
        except StoreUnavailable as exc:
            _log.debug("database.away", why=str(exc))
        except (SchemaTooNew, MigrationFailed) as exc:
            # It came up later than we did: serving goes on without it.
            _log.error("database.unusable", why=str(exc))

    async def _revive(self, embedded: EmbeddedPostgres) -> None:
        if not embedded.is_running():
            await self._wait_to_revive()
        try:
            if await embedded.ensure_running():
                # Its socket may have had to move.
                self.database.readdress(embedded.url)
        except ClusterUnusable as exc:
            _log.error("database.not_revived", why=str(exc))

    async def _wait_to_revive(self) -> None:
        """Wait the longer the more often the server died one minute after another."""
        steady = self._clock.monotonic() - self._revived_s >= STEADY_AFTER_S
        self._deaths = 0 if steady else self._deaths + 1
        if self._deaths:
            wait_s = min(2.0 ** (self._deaths - 1), MAX_REVIVE_WAIT_S)
            await self._clock.sleep(wait_s)
        self._revived_s = self._clock.monotonic()

    async def _probe(self) -> None:
        was_away = self.database.status is not ServiceStatus.HEALTHY
        await self.database.ping(PING_TIMEOUT_S)
        if was_away:
            # What came back may be another server, or one with an older past.
            await migrate(self.database.url.dsn)

    async def _is_prepared(self) -> bool:
        if self._beginning is None:
            return await self.prepare()
        await asyncio.wait([self._beginning])
        beginning, self._beginning = self._beginning, None
        return beginning.result()


@asynccontextmanager
async def open_store(
    settings: Settings, clock: Clock, *, patience_s: float | None = None
) -> AsyncIterator[Store]:
    """Open the configured database, or start the embedded one.

    A configured database that cannot be reached is a warning; the store is handed out
    all the same and keeps trying. So it is past `patience_s` (None: no such bound).

    Raises:
        CannotStart: a malformed URL, or an embedded cluster that cannot be used.
    """
    database, embedded = await open_database(settings)
    store = Store(database, embedded, clock)
    try:
        try:
            await store.begin(patience_s)
        except (SchemaTooNew, MigrationFailed) as exc:
            raise CannotStart(str(exc)) from exc
        yield store
    finally:
        await store.close()
        if embedded is not None:
            await embedded.stop()


async def open_database(
    settings: Settings,
) -> tuple[Database, EmbeddedPostgres | None]:
    """Return the configured database, or the embedded one and its running server.

    Both are to be ended by who asks: the database first.

    Raises:
        CannotStart: a malformed URL, or an embedded cluster that cannot be used.
    """
    embedded = None
    url = settings.database.url
    try:
        if not url:
            embedded = EmbeddedPostgres(settings.data_dir)
            url = await embedded.start()
        return Database(url, pool_size=settings.database.pool_size), embedded
    except ClusterUnusable as exc:
        raise CannotStart(str(exc)) from exc
    except MalformedDatabaseUrl as exc:
        raise CannotStart(f"KIMP_DATABASE__URL: {exc}") from exc
