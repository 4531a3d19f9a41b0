"""The server's processes: started so that they mark themselves, asked, cleared away.

Whoever calls holds ``start.lock``. ``server.lock`` goes to the server and is kept by
it and all its children: free means that nothing of it lives, whatever a pid file says.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from adapters.postgres.embedded.cluster import (
    DATABASE,
    PORT,
    ROLE,
    arguments,
    prepare,
)
from adapters.postgres.embedded.endpoint import choose_folder, current_folder
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import complaint, run
from adapters.postgres.embedded.location import Place
from adapters.postgres.embedded.lock import Deadline, Lock
from adapters.postgres.embedded.watchdog import (
    CLUSTER,
    SERVER_LOCK,
    SOCKET_NAME,
    discard_socket_folder,
    holders,
    postmaster,
    recorded_pid,
    stop_server,
)

LOG = "postgres.log"
LOG_BYTES = 4_194_304  # beyond it the log becomes postgres.log.1 and starts anew
REASON_BYTES = 65_536
ASK_S = 3  # pg_isready's own bound


class Answer(IntEnum):
    """The exit codes of pg_isready; SILENT stands for all others."""

    READY = 0
    REJECTING = 1
    SILENT = 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long is waited for what, in seconds.

    ``start``: for a start, or joining one, as a whole; past it `ClusterUnusable`.
    ``silent``: for a living server that does not answer at all; past it it is stopped
    and started again. ``orphaned``: for children of a dead server to end by
    themselves; past it they are stopped. ``fast``, ``quit``, ``kill``: for each step
    of stopping, a fast shutdown, an immediate one, SIGKILL.
    """

    start: float = 60.0
    silent: float = 10.0
    orphaned: float = 1.0
    fast: float = 20.0
    quit: float = 5.0
    kill: float = 5.0

    @property
    def stopping(self) -> tuple[float, float, float]:
        """The steps of stopping, in their order."""
        return self.fast, self.quit, self.kill


class Engine:
    """The server of PLACE; SETTINGS win over ours when it is started here."""

    def __init__(
        self, place: Place, settings: Mapping[str, str], bounds: Bounds
    ) -> None:
        self._place = place
        self._home = place.home
        self._settings = settings
        self._bounds = bounds
        self._log_start = 0

    @property
    def log(self) -> Path:
        """The server's log, bounded to twice `LOG_BYTES` with its predecessor."""
        return self._home / LOG

    @property
    def socket(self) -> Path:
        """The path of the server's socket."""
        folder = current_folder(self._home, self._place.identity.owner[0])
        return folder / SOCKET_NAME

    @property
    def pid(self) -> int | None:
        """The postmaster, where it is a process that we can see."""
        return postmaster(str(self._home))

    def have_ready(self, deadline: Deadline) -> bool:
        """Return when the server takes connections; true where it was started here.

        One that is starting or recovering is waited for, one that is dead or does not
        answer is cleared away first. `ClusterUnusable` past the deadline.
        """
        started = False
        silence = Deadline(self._bounds.silent)
        orphaned = Deadline(self._bounds.orphaned)
        while True:
            started = self._have_started(started, deadline)
            answer = self._ask(deadline)
            if answer is Answer.READY:
                return started
            lost = not started and orphaned.over() and self.pid is None
            if answer is Answer.REJECTING:
                silence = Deadline(self._bounds.silent)
            elif lost or silence.over():
                self._clear_away()
                silence = Deadline(self._bounds.silent)
                started = False
            if deadline.over():
                what = f"Postgres was not ready within {self._bounds.start:g} s"
                raise ClusterUnusable(what, f"Read {self.log} and start again")
            deadline.pause()

    def stop(self) -> bool:
        """Stop it, and remove its private socket folder; false if it would not."""
        stopped = stop_server(str(self._home), *self._bounds.stopping)
        discard_socket_folder(str(self._home))
        return stopped

    def bound_log(self) -> None:
        """Keep the log small: the server appends, so it may be cut under its pen."""
        try:
            descriptor = os.open(self.log, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "r+b") as file:
            if os.fstat(descriptor).st_size > LOG_BYTES:
                old = self.log.with_name(f"{LOG}.1")
                old.unlink(missing_ok=True)
                with old.open("xb") as to:
                    shutil.copyfileobj(file, to)
                file.truncate(0)

    def _have_started(self, started: bool, deadline: Deadline) -> bool:
        with Lock(self._home / SERVER_LOCK, self._place.identity.owner) as server:
            if not server.try_exclusive():
                return started
            if started:
                raise self._died()
            self._launch(server.descriptor, deadline)
        return True

    def _launch(self, server_lock: int, deadline: Deadline) -> None:
        """Start the server, which shares SERVER_LOCK from then on."""
        home, identity = self._home, self._place.identity
        self._refuse_stranger()
        prepare(self._place, deadline, [server_lock])
        folder = choose_folder(home, identity.owner)
        # Ours is the lock, so whatever these say is about a process that is gone.
        (home / CLUSTER / "postmaster.pid").unlink(missing_ok=True)
        (folder / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
        (folder / SOCKET_NAME).unlink(missing_ok=True)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        settings = arguments(self._place.major, folder, self._settings)
        program = str(self._place.programs / "postgres")
        command = [program, "-D", str(home / CLUSTER), *settings]
        outcome = identity.run(
            home, command, deadline, log=self.log, keep=[server_lock]
        )
        if outcome.code != 0:
            raise self._died(outcome.output)

    def _refuse_stranger(self) -> None:
        """Somebody may have started a server on our files by hand, without the lock."""
        pid = recorded_pid(str(self._home))
        if pid is None or sys.platform != "linux":
            return  # elsewhere Postgres itself refuses, by its shared memory
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cwd").samefile(self._home / CLUSTER):
                what = f"Process {pid} runs Postgres on {self._home / CLUSTER}"
                raise ClusterUnusable(what, "Stop it and start again")

    def _died(self, output: str = "") -> ClusterUnusable:
        with contextlib.suppress(OSError), self.log.open("rb") as file:
            file.seek(self._log_start)
            output = output or file.read(REASON_BYTES).decode("utf-8", "replace")
        what = f"Postgres did not start ({complaint(output) or output or 'no reason'})"
        return ClusterUnusable(what, f"Correct that and start again; see {self.log}")

    def _ask(self, deadline: Deadline) -> Answer:
        """pg_isready's word, and no other's, on whether the server is ready."""
        path = self.socket
        if not path.exists():
            return Answer.SILENT
        where = ["-h", str(path.parent), "-p", str(PORT), "-U", ROLE, "-d", DATABASE]
        program = str(self._place.tools / "pg_isready")
        code = run([program, "-q", "-t", str(ASK_S), *where], deadline).code
        return Answer(code) if code in (0, 1) else Answer.SILENT

    def _clear_away(self) -> None:
        """Stop what is left of a server that does not answer any more."""
        home = str(self._home)
        if not stop_server(home, *self._bounds.stopping):
            pids = holders(f"{home}/{SERVER_LOCK}")
            what = f"A server of {home} neither answers nor stops (processes {pids})"
            raise ClusterUnusable(what, "Stop these processes and start again")
