# ruff: noqa: PTH106, PTH108, PTH115, PTH116, PTH123, PTH208 - pathlib is a tenth of
# the watchdog's memory
"""Stop the Postgres of a cluster once nobody uses it any more.

Run as ``python -I -S watchdog.py HOME FAST QUIT KILL`` (bounds in seconds), it leaves
its starter at once and waits, without a single wake-up, for the exclusive lock on
``user.lock``, of which every process that uses the cluster holds a share. The kernel
drops a share however its process ends, kill -9 included, so the last one out wakes
the watchdog, which stops the server and ends. Standard library only and no sibling
imports: it runs without our packages, and its memory is a bare interpreter's.

Who belongs to the cluster is decided by ``server.lock``: the server is started with
that file open and exclusively locked, its children inherit it, so "locked" means that
some process of this cluster lives, and "has it open" says which. No pid file is
believed by itself.

Whoever calls `stop_server` must be sure that no user has ``server.lock`` open for a
look: it holds either ``user.lock`` exclusively or ``start.lock``.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

if sys.platform != "win32":
    import fcntl

USER_LOCK = "user.lock"
SERVER_LOCK = "server.lock"
WATCHDOG_LOCK = "watchdog.lock"
SOCKET_RECORD = "socket"
SOCKET_NAME = ".s.PGSQL.5432"
CLUSTER = "cluster"
POLL_S = 0.02
LSOF_S = 10.0


def main(arguments: Sequence[str]) -> int:
    """Arm a watchdog for HOME, unless one is on guard; 0 when one is."""
    home = arguments[0]
    fast_s, quit_s, kill_s = (float(text) for text in arguments[1:4])
    post = os.open(f"{home}/{WATCHDOG_LOCK}", os.O_RDWR)
    try:
        fcntl.flock(post, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0
    # The child shares the lock that is already held: no moment without a guard.
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Whoever signals the whole group must not leave the server without a guard.
        signal.signal(number, signal.SIG_IGN)
    return 0 if guard(home, post, fast_s, quit_s, kill_s) else 1


def guard(home: str, post: int, fast_s: float, quit_s: float, kill_s: float) -> bool:
    """Wait until nobody uses the cluster, then stop it; false if it would not.

    ``post`` is the locked descriptor of ``watchdog.lock``; it is closed before
    ``user.lock`` is let go, so that the next user finds the post vacant.
    """
    path = f"{home}/{USER_LOCK}"
    users = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(users, fcntl.LOCK_EX)
        stopped = True
        if same_file(users, path):
            stopped = stop_server(home, fast_s, quit_s, kill_s)
            discard_socket_folder(home)
        os.close(post)
    finally:
        os.close(users)
    return stopped


def same_file(descriptor: int, path: str) -> bool:
    """False where PATH was deleted or made anew since DESCRIPTOR was opened."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def stop_server(home: str, fast_s: float, quit_s: float, kill_s: float) -> bool:
    """Fast shutdown, then immediate, then kill; true once no process is left.

    What has no postmaster (a half-done initdb, orphans of a killed one) gets the
    second step at once. Each step waits for its bound in seconds.
    """
    lock = f"{home}/{SERVER_LOCK}"
    steps: list[tuple[int, float, Callable[[], list[int]]]] = [
        (signal.SIGINT, fast_s, lambda: [pid for pid in [postmaster(home)] if pid]),
        (signal.SIGQUIT, quit_s, lambda: holders(lock)),
        (signal.SIGKILL, kill_s, lambda: holders(lock)),
    ]
    for number, bound_s, targets in steps:
        if not locked(lock):
            return True
        pids = targets()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        if pids and _wait_unlocked(lock, bound_s):
            return True
    return not locked(lock)


def _wait_unlocked(lock: str, bound_s: float) -> bool:
    end = time.monotonic() + bound_s
    while time.monotonic() < end:
        if not locked(lock):
            return True
        time.sleep(POLL_S)  # a lock tells nobody that it is free
    return False


def locked(path: str) -> bool:
    """True while any process holds the lock of PATH; a missing file is free."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def postmaster(home: str) -> int | None:
    """The pid in postmaster.pid, where it is a process of this cluster."""
    pid = recorded_pid(home)
    return pid if pid in holders(f"{home}/{SERVER_LOCK}") else None


def recorded_pid(home: str) -> int | None:
    """The pid in postmaster.pid, whoever that may be by now."""
    try:
        with open(f"{home}/{CLUSTER}/postmaster.pid", "rb") as file:
            return int(file.readline())
    except (OSError, ValueError):
        return None


def holders(lock: str) -> list[int]:
    """Every other process that has LOCK open."""
    if sys.platform != "linux":
        return holders_by_lsof(lock)
    mine = os.getpid()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if pid != mine and _has_open(pid, lock)]


def _has_open(pid: int, path: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(_link(f"{folder}/{name}") == path for name in os.listdir(folder))
    except OSError:  # gone meanwhile, or another user's
        return False


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def holders_by_lsof(lock: str, program: str = "lsof") -> list[int]:
    """`holders` where there is no /proc, by the lsof that macOS comes with."""
    import subprocess  # only here: Linux never pays for its memory

    listing = subprocess.run(  # noqa: S603 - a fixed command line, no shell
        [program, "-t", "--", lock],
        capture_output=True,
        text=True,
        check=False,
        timeout=LSOF_S,
    ).stdout
    return [pid for pid in map(int, listing.split()) if pid != os.getpid()]


def discard_socket_folder(home: str) -> None:
    """Remove the private socket folder outside HOME, where one was made.

    Only sockets of ours are deleted in it: the record may be in another's hands.
    """
    record = f"{home}/{SOCKET_RECORD}"
    with contextlib.suppress(OSError):
        with open(record, encoding="utf-8", errors="surrogateescape") as file:
            folder = file.read()
        for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{folder}/{name}")
        os.rmdir(folder)
        os.unlink(record)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
