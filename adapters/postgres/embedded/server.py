"""The embedded Postgres, as the application sees it."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import structlog

from adapters.postgres.embedded import endpoint
from adapters.postgres.embedded.binary import bin_dir
from adapters.postgres.embedded.cluster import check_settings
from adapters.postgres.embedded.engine import Bounds
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import RunAs
from adapters.postgres.embedded.location import SHELTERS, locate
from adapters.postgres.embedded.lock import Deadline
from adapters.postgres.embedded.postmaster import Postmaster
from adapters.postgres.embedded.tenancy import Tenancy

Result = TypeVar("Result")

log = structlog.stdlib.get_logger(__name__)


class EmbeddedPostgres:
    """A Postgres of our own in DATA_DIR, shared by all processes that name it.

    It is made at the first start and stops when the last process leaves, however that
    ends. SETTINGS are server settings that win over ours (`cluster.SETTINGS`; with
    ``synchronous_commit=off`` a crash of the machine costs the last 3 s of commits);
    they apply to a server that this process starts, not to one that it joins.
    PROGRAMS is the folder of the server programs (default: `bin_dir`), RUN_AS forces
    one way to run as root, SHELTERS are where root may put a cluster whose folder an
    unprivileged user cannot reach. One task at a time may call start, stop and
    ensure_running.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        programs: Path | None = None,
        run_as: RunAs | None = None,
        shelters: Sequence[Path] = SHELTERS,
        bounds: Bounds | None = None,
        platform: str = sys.platform,
    ) -> None:
        self._data_dir = data_dir
        self._settings = dict(settings or {})
        check_settings(self._settings)
        self._programs = programs
        self._run_as = run_as
        self._shelters = shelters
        self._bounds = bounds or Bounds()
        self._platform = platform
        self._tenancy: Tenancy | None = None
        self._postmaster: Postmaster | None = None
        self._url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """SQLAlchemy URL (asyncpg, Unix socket) of the database ``kimp``."""
        self._entered()
        return self._url

    @property
    def location(self) -> Path:
        """The folder with cluster, log and locks."""
        return self._entered().place.home

    @property
    def run_as(self) -> RunAs:
        """How the server came by a user that is not root."""
        return self._entered().place.identity.run_as

    @property
    def pid(self) -> int | None:
        """The postmaster's process; None where it runs in another container."""
        return self._postmaster.pid if self._postmaster else None

    async def start(self) -> str:
        """Start the server or join the running one; its `url`.

        Returns once it takes connections. `ClusterUnusable` (one line: what is wrong,
        what to do) where it cannot, with nothing left running; RuntimeError where it
        was started already.
        """
        if self._tenancy:
            raise RuntimeError("the embedded Postgres was started already")
        try:
            started = await self._in_thread(self._enter, self._bounds.start)
        except asyncio.CancelledError:
            await self.stop()
            raise
        log.info(
            "postgres.started" if started else "postgres.joined",
            location=str(self.location),
            run_as=str(self.run_as),
            pid=self.pid,
        )
        return self.url

    async def stop(self) -> None:
        """Leave; the server stops where we were the last. Never fails, may be repeated.

        Bounded by the steps of `Bounds`, and completed also when cancelled.
        """
        tenancy, self._tenancy = self._tenancy, None
        if self._postmaster:
            self._postmaster.close()
            self._postmaster = None
        if tenancy is None:
            return
        bound_s = sum(self._bounds.stopping)
        if not await self._in_thread(tenancy.leave, bound_s, abortable=False):
            log.warning("postgres.not_stopped", location=str(tenancy.place.home))

    def is_running(self) -> bool:
        """True while the server's main process lives."""
        return self._postmaster is not None and self._postmaster.alive()

    async def wait_dead(self) -> None:
        """Return once the server's main process is gone, at once if none was started.

        After a `stop` that leaves the server to others it returns when they leave.
        """
        if self._postmaster:
            await self._postmaster.wait()

    async def ensure_running(self) -> bool:
        """Start the server again where it died; true where it was down.

        The URL stays the same unless the folder of the socket was lost. Also renews
        the watchdog where that was killed, and bounds the log. Errors as of `start`,
        but our share in the cluster is kept: it may be tried again.
        """
        tenancy, down = self._entered(), not self.is_running()

        def revive(deadline: Deadline) -> bool:
            started = tenancy.revive(deadline, alive=not down)
            if down:
                self._watch(tenancy)
            return started

        started = await self._in_thread(revive, self._bounds.start)
        if down:
            log.warning("postgres.revived", by_us=started, pid=self.pid)
        return down

    def _enter(self, deadline: Deadline) -> bool:
        if self._platform not in ("linux", "darwin"):
            raise ClusterUnusable(
                "The embedded Postgres runs on Linux and macOS only",
                "On Windows use WSL, or name a server in KIMP_DATABASE__URL",
            )
        place = locate(
            self._data_dir,
            self._programs or bin_dir(os.environ),
            deadline,
            run_as=self._run_as,
            shelters=self._shelters,
        )
        tenancy = Tenancy(place, self._settings, self._bounds)
        started = tenancy.enter(deadline)
        self._tenancy = tenancy
        self._watch(tenancy)
        return started

    def _watch(self, tenancy: Tenancy) -> None:
        if self._postmaster:
            self._postmaster.close()
        socket = tenancy.engine.socket
        self._url = endpoint.url(socket.parent)
        self._postmaster = Postmaster(tenancy.engine.pid, socket)

    def _entered(self) -> Tenancy:
        if self._tenancy is None:
            raise RuntimeError("the embedded Postgres was not started")
        return self._tenancy

    async def _in_thread(
        self,
        work: Callable[[Deadline], Result],
        bound_s: float,
        *,
        abortable: bool = True,
    ) -> Result:
        """Run blocking WORK; a cancellation aborts it if it may, and awaits its end."""
        cancel = threading.Event()
        deadline = Deadline(bound_s, cancel)
        job = asyncio.create_task(
            asyncio.to_thread(work, deadline), name="embedded-postgres"
        )
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            if abortable:
                cancel.set()
            while not job.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([job])
            if not job.cancelled():
                job.exception()  # seen: the cancellation is what the caller hears of
            raise
