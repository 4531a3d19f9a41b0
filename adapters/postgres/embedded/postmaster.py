"""A running postmaster, watched without being its parent."""

import asyncio
import contextlib
import os
import select
import socket
import sys
from pathlib import Path

POLL_S = 0.5  # only where the kernel cannot tell by itself
ANSWER_S = 1.0


class Postmaster:
    """Knows whether the process PID lives; on Linux told by the kernel, by pidfd.

    PID is None where the server runs in another container on the same folder; then
    a socket that takes connections is the sign of life.
    """

    def __init__(self, pid: int | None, socket_path: Path) -> None:
        self.pid = pid
        self._socket = socket_path
        self._descriptor = _open_pid(pid)
        self._gone = pid is not None and self._descriptor is None and not _exists(pid)

    def alive(self) -> bool:
        """False once the process is gone; it never comes back."""
        if not self._gone:
            self._gone = not self._lives()
        return not self._gone

    def _lives(self) -> bool:
        if self._descriptor is not None:
            return not select.select([self._descriptor], [], [], 0)[0]
        return _exists(self.pid) if self.pid else _listens(self._socket)

    async def wait(self) -> None:
        """Return once the process is gone."""
        if self._descriptor is None:
            while await asyncio.to_thread(self.alive):  # noqa: ASYNC110 - none tells us
                await asyncio.sleep(POLL_S)  # until the next look
            return
        if not self.alive():
            return
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        watched = os.dup(self._descriptor)  # a loop watches a descriptor only once
        loop.add_reader(watched, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(watched)
            os.close(watched)

    def close(self) -> None:
        """Stop watching; further calls do nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._gone = True


def _open_pid(pid: int | None) -> int | None:
    if pid is None or sys.platform != "linux":
        return None
    with contextlib.suppress(OSError):  # gone, or a kernel before 5.3
        return os.pidfd_open(pid)
    return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_S)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
