"""Become the user that owns the cluster, then become the given program.

A script of its own, started as ``python -I -S launch.py``, because none of this can
be done safely between fork and exec of a threaded process, and standard library
only, because it runs with neither our packages nor site-packages.

Usage: ``launch.py MODE UID GID FOLDER LOG [PROGRAM ARGUMENT...]``

MODE is ``self`` (stay who we are), ``namespace`` (a new user namespace in which our
user is called UID:GID; files keep their owner) or ``dropped`` (setuid to UID:GID).
FOLDER becomes the working directory, entered as the new user, so that a folder out of
its reach fails here. LOG ``-`` stays in the foreground; anything else detaches: the
program gets a session of its own, no terminal, no pipe, and LOG (appended) as its
output. Without PROGRAM it exits 0 once user and folder are taken: a question whether
they can be. Exit code 126 and one line on stderr: they cannot.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence

CLONE_NEWUSER = 0x10000000  # linux/sched.h
REFUSED = 126


def main(arguments: Sequence[str]) -> int:
    """Run the usage above; returns only where the program could not be reached."""
    mode, uid, gid, folder, log, *program = arguments
    try:
        become(mode, int(uid), int(gid))
        os.chdir(folder)
        if not program:
            return 0
        # Python ignores SIGPIPE, and an ignored signal survives exec.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.umask(0o077)
        if log != "-":
            detach(log)
        os.execv(program[0], program)  # noqa: S606 - no shell is the point
    except OSError as exc:
        sys.stderr.write(f"launch: {exc}\n")
    return REFUSED


def become(mode: str, uid: int, gid: int) -> None:
    """Take the user that MODE asks for; OSError where the kernel refuses."""
    if mode == "namespace":
        enter_namespace(uid, gid)
    elif mode == "dropped":
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def unshare(flags: int) -> None:
    """unshare(2); OSError where the kernel refuses. (os.unshare is Python 3.12.)"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"unshare: {os.strerror(code)}")


def write(path: str, text: str) -> None:
    """Write TEXT to a file of /proc in one go, as the kernel demands."""
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - no pathlib here
        file.write(text)


def enter_namespace(
    uid: int,
    gid: int,
    unshare: Callable[[int], None] = unshare,
    write: Callable[[str, str], None] = write,
) -> None:
    """Call our own user UID:GID from here on; source: user_namespaces(7).

    A gid map of our own may be written only after setgroups is given up.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{uid} {outer_uid} 1")
    write("/proc/self/gid_map", f"{gid} {outer_gid} 1")


def detach(log: str) -> None:
    """Go on in a child with its own session; the parent ends with code 0."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    if os.fork():
        os._exit(0)
    os.setsid()
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
