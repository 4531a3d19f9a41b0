"""The life of the server process, from the port to the last flush.

Source: design.md "Process" and docs/adr/0006. The order is the point: what can fail
with one clear line fails before anything is started; HTTP drains before workers end;
what is unwritten is flushed before the pool closes.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack

import structlog

from adapters.resilience.clock import SystemClock
from app.document import open_documents
from app.garbage import settle
from app.http_server import HttpServer, bind, cannot_listen, make_server, url_of
from app.settings import Settings
from app.sharing import Role, open_sharing
from app.signal import stop_on_signal
from app.store import START_PATIENCE_S, CannotStart, Store, open_store
from app.supervisor import Worker, supervise
from app.wiring import Server, build
from domain.model.error import StoreUnavailable

__all__ = ["CannotStart", "serve"]

# Serving begins without the stored values when they take longer to read.
RESTORE_TIMEOUT_S = 5.0
# The final write may not hold up the end for longer than this.
FLUSH_TIMEOUT_S = 5.0

_log = structlog.get_logger(__name__)


async def serve(settings: Settings, role: Role = Role.ALL, siblings: int = 1) -> None:
    """Serve until SIGTERM or SIGINT; returns when everything is closed.

    `siblings` is how many processes on this machine have this role, for one address.

    Raises:
        CannotStart: one clear line, with nothing left running.
        ExceptionGroup: a worker died by surprise.
    """
    _prepare_data_dir(settings)
    clock = SystemClock()
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        listener = bind(settings.http)
        stack.callback(listener.close)
        documents = await asyncio.to_thread(
            open_documents, settings.document, settings.limits()
        )
        store = await stack.enter_async_context(
            open_store(settings, clock, patience_s=START_PATIENCE_S)
        )
        sharing = open_sharing(settings, role, store, clock, siblings)
        server = build(settings, store, clock, sharing, documents)
        stack.push_async_callback(server.close)
        await _restore(server, store)
        http = make_server(server.app, settings.http, settings.limit.message_bytes)
        stack.enter_context(stop_on_signal(stop, again=lambda: _force(http)))
        serving = asyncio.create_task(http.serve([listener]), name="http")
        url = url_of(listener, settings.http.host)
        try:
            await _run(server, store, http, serving, stop, url)
        except OSError as exc:
            raise cannot_listen(url, exc) from exc


async def _run(
    server: Server,
    store: Store,
    http: HttpServer,
    serving: asyncio.Task[None],
    stop: asyncio.Event,
    url: str,
) -> None:
    workers_stop = asyncio.Event()
    workers = [*server.workers, *server.watchers(url), Worker("garbage", settle)]
    working = asyncio.create_task(supervise(workers, workers_stop), name="workers")
    stopping = asyncio.create_task(stop.wait(), name="signal")
    _log.info("server.started", graphiql=f"{url}/graphql")
    try:
        await asyncio.wait(
            [working, stopping, serving], return_when=asyncio.FIRST_COMPLETED
        )
        _log.info("server.draining")
        http.should_exit = True
        await asyncio.wait([serving])
    finally:
        stopping.cancel()
        workers_stop.set()
        await asyncio.wait([working])
        await _flush(server, store)
    _log.info("server.stopped")
    working.result()
    serving.result()


async def _restore(server: Server, store: Store) -> None:
    """Put back what was stored, before anything is fetched; bounded.

    What the leader of a shared ingest tells comes before what was stored.
    """
    if server.sharing is not None:
        await server.sharing.prepare()
    if not store.is_migrated:
        # The workers do it as soon as there is something to read from.
        _log.warning("restore.impossible", why="the database is away")
        return
    try:
        async with asyncio.timeout(RESTORE_TIMEOUT_S):
            await server.keys.look()
            await server.catalog.load()
            await server.latest.restore()
            if server.records:
                await server.latest.save()
            await server.icons.warm()
    except StoreUnavailable as exc:
        _log.warning("restore.impossible", why=str(exc))
    except TimeoutError:
        why = f"no answer within {RESTORE_TIMEOUT_S:g} s"
        _log.warning("restore.impossible", why=why)


async def _flush(server: Server, store: Store) -> None:
    """Write what is unwritten; what history keeps on disk waits for the next start.

    Who does not record has nothing to write.
    """
    if not server.records:
        return
    async with asyncio.TaskGroup() as group:
        group.create_task(_flushed(server.history.flush()), name="flush.history")
        if store.is_migrated:
            group.create_task(
                _flushed(server.latest.save(clean=True)), name="flush.latest"
            )


async def _flushed(flushing: Coroutine[object, object, bool]) -> None:
    try:
        async with asyncio.timeout(FLUSH_TIMEOUT_S):
            if not await flushing:
                _log.error("flush.lost", why="the database is away")
    except TimeoutError:
        _log.error("flush.lost", why=f"no answer within {FLUSH_TIMEOUT_S} s")


def _prepare_data_dir(settings: Settings) -> None:
    if settings.database.url:
        return
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        probe = settings.data_dir / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as exc:
        raise CannotStart(
            f"KIMP_DATA_DIR={settings.data_dir}: {exc.strerror}; choose a folder that "
            "can be written"
        ) from exc


def _force(http: HttpServer) -> None:
    http.force_exit = True
