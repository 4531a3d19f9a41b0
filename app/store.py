"""The database of a running server: opened, migrated, revived, closed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from adapters.postgres.database import Database
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.server import EmbeddedPostgres
from adapters.postgres.migration import MigrationFailed, SchemaTooNew, migrate
from adapters.postgres.url import MalformedDatabaseUrl
from app.settings import Settings
from domain.model.error import StoreUnavailable
from domain.ports.clock import Clock

# How often the database is looked after: its process, its schema, a sign of life.
CHECK_INTERVAL_S = 5.0

_log = structlog.get_logger(__name__)


class CannotStart(Exception):
    """A condition that keeps the server from starting, in one clear line."""


class Store:
    """The database and, where it is ours, the server under it."""

    def __init__(
        self, database: Database, embedded: EmbeddedPostgres | None, clock: Clock
    ) -> None:
        self.database = database
        self._embedded = embedded
        self._clock = clock
        self._migrated = asyncio.Event()

    @property
    def is_migrated(self) -> bool:
        """Whether the schema is up to date."""
        return self._migrated.is_set()

    async def prepare(self) -> bool:
        """Bring the schema up to date; False: the database cannot be reached now."""
        if self.is_migrated:
            return True
        try:
            await migrate(self.database.url.dsn)
            await self.database.ping()
        except StoreUnavailable as exc:
            _log.warning("database.away", why=str(exc))
            return False
        self._migrated.set()
        return True

    async def run(self) -> None:
        """Look after the database for as long as the server runs."""
        while True:
            await self._clock.sleep(CHECK_INTERVAL_S)
            await self._look_after()

    async def _look_after(self) -> None:
        if self._embedded is not None:
            try:
                await self._embedded.ensure_running()
            except ClusterUnusable as exc:
                _log.error("database.not_revived", why=str(exc))
        try:
            if await self.prepare():
                await self.database.ping()
        except StoreUnavailable as exc:
            _log.warning("database.away", why=str(exc))
        except (SchemaTooNew, MigrationFailed) as exc:
            # It came up later than we did: serving goes on without it.
            _log.error("database.unusable", why=str(exc))


@asynccontextmanager
async def open_store(settings: Settings, clock: Clock) -> AsyncIterator[Store]:
    """Open the configured database, or start the embedded one.

    A configured database that cannot be reached is a warning; the store is handed out
    all the same and keeps trying.

    Raises:
        CannotStart: a malformed URL, or an embedded cluster that cannot be used.
    """
    embedded = None
    url = settings.database.url
    stop: Callable[[], Awaitable[None]] | None = None
    try:
        if not url:
            embedded = EmbeddedPostgres(settings.data_dir)
            url = await embedded.start()
            stop = embedded.stop
        database = Database(url, pool_size=settings.database.pool_size)
    except ClusterUnusable as exc:
        raise CannotStart(str(exc)) from exc
    except MalformedDatabaseUrl as exc:
        raise CannotStart(f"KIMP_DATABASE__URL: {exc}") from exc
    store = Store(database, embedded, clock)
    try:
        try:
            await store.prepare()
        except (SchemaTooNew, MigrationFailed) as exc:
            raise CannotStart(str(exc)) from exc
        yield store
    finally:
        await database.close()
        if stop is not None:
            await stop()
