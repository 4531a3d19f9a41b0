"""One process's share in a cluster: enter, revive, leave. Blocking, one call at a time.

``start.lock`` (exclusive) serialises everybody who starts or leaves. ``user.lock`` is
shared by all users; its exclusive holder knows that there are none, and only then may
the server be stopped for good.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.postgres.embedded import watchdog
from adapters.postgres.embedded.engine import Bounds, Engine
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import reason, run
from adapters.postgres.embedded.location import Place, writing
from adapters.postgres.embedded.lock import Deadline, Lock

START_LOCK = "start.lock"
WATCHDOG = Path(watchdog.__file__)


class Tenancy:
    """Our share in the cluster at PLACE; SETTINGS go to a server that we start."""

    def __init__(
        self, place: Place, settings: Mapping[str, str], bounds: Bounds
    ) -> None:
        self.place = place
        self.engine = Engine(place, settings, bounds)
        self._home = place.home
        self._bounds = bounds
        self._share: Lock | None = None

    def enter(self, deadline: Deadline) -> bool:
        """Take a share and have the server ready; true where we started it.

        On any failure the share is given back, and with it a half-started server.
        """
        with self._starting(deadline):
            share = self._lock(watchdog.USER_LOCK)
            if not deadline.wait(share.try_shared):
                share.close()
                raise self._busy("has been stopping")
            self._share = share
            try:
                self._arm(deadline)
                self.engine.bound_log()
                return self.engine.have_ready(deadline)
            except BaseException:
                self._depart()
                raise

    def revive(self, deadline: Deadline, *, alive: bool) -> bool:
        """Have a watchdog, and a server where it is not known to be ALIVE.

        True where the server had to be started.
        """
        with self._starting(deadline):
            self.engine.bound_log()
            if not watchdog.locked(f"{self._home}/{watchdog.WATCHDOG_LOCK}"):
                self._arm(deadline)
            return not alive and self.engine.have_ready(deadline)

    def leave(self, deadline: Deadline) -> bool:
        """Give the share back, and stop the server where it was the last one.

        False where the server would not stop, or where somebody else has been
        starting for so long that the watchdog is left to see to it.
        """
        with contextlib.suppress(OSError), self._lock(START_LOCK) as start:
            if deadline.wait(start.try_exclusive):
                return self._depart()
        self._give_back()
        return False

    def _depart(self) -> bool:
        self._give_back()
        with self._lock(watchdog.USER_LOCK) as users:
            if users.try_exclusive():
                return self.engine.stop()
            # Either others use it, or the watchdog was faster and is stopping it.
            return Deadline(sum(self._bounds.stopping)).wait(users.try_shared)

    def _give_back(self) -> None:
        if self._share:
            self._share.close()
            self._share = None

    @contextlib.contextmanager
    def _starting(self, deadline: Deadline) -> Iterator[None]:
        with writing(self._home), self._lock(START_LOCK) as start:
            if not deadline.wait(start.try_exclusive):
                raise self._busy("has been starting or stopping")
            yield

    def _lock(self, name: str) -> Lock:
        return Lock(self._home / name, self.place.identity.owner)

    def _busy(self, doing: str) -> ClusterUnusable:
        what = f"Another process {doing} the cluster {self._home} for too long"
        return ClusterUnusable(what, "Stop that process and start again")

    def _arm(self, deadline: Deadline) -> None:
        """Have a watchdog on guard; returns once it is."""
        self._lock(watchdog.WATCHDOG_LOCK).close()  # made here, with its owner
        command = [sys.executable, "-I", "-S", str(WATCHDOG), str(self._home)]
        outcome = run([*command, *map(str, self._bounds.stopping)], deadline)
        if outcome.code != 0:
            what = f"No watchdog for {self._home} could be started ({reason(outcome)})"
            raise ClusterUnusable(what, "Correct that and start again")
