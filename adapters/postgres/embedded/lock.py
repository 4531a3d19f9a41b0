"""Advisory file locks, and waiting that ends."""

import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters.postgres.embedded.error import ClusterUnusable

if sys.platform != "win32":
    import fcntl

POLL_S = 0.01
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


class Cancelled(Exception):
    """Whoever waited was told to stop waiting."""


class Deadline:
    """A bound in seconds on all the waiting of one call, which may be cancelled."""

    def __init__(self, bound_s: float, cancel: threading.Event | None = None) -> None:
        self._end = time.monotonic() + bound_s
        self._cancel = cancel or threading.Event()

    def over(self) -> bool:
        """True once the bound has passed."""
        return time.monotonic() >= self._end

    def pause(self) -> None:
        """Let a little time pass; `Cancelled` as soon as that is asked for."""
        if self._cancel.wait(POLL_S):
            raise Cancelled

    def wait(self, condition: Callable[[], bool]) -> bool:
        """Wait for CONDITION; false when the bound passed first."""
        while not condition():
            if self.over():
                return False
            self.pause()
        return True


class Lock:
    """One flock(2) on an open file of its own; closed, never unlocked, at the end.

    Never unlocked, because a process that inherited the file shares the lock: it
    lasts until the last of them has closed it. The file belongs to OWNER (uid, gid)
    where we may give it away.
    """

    def __init__(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self.path = path
        self.descriptor = os.open(path, flags, 0o600)
        if owner and os.fstat(self.descriptor).st_uid != owner[0]:
            os.fchown(self.descriptor, *owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of our share, once; further calls do nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def try_exclusive(self) -> bool:
        """Take the lock for ourselves; false while another has it or a share."""
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take a share of the lock; false while another has it exclusively."""
        return self._try(fcntl.LOCK_SH)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as exc:
            if exc.errno not in NO_LOCKS:
                raise
            raise ClusterUnusable(
                f"The file system of {self.path.parent} has no file locks",
                "Name a folder on a local disk in KIMP_DATA_DIR",
            ) from exc
        return True
