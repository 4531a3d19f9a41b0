"""As whom Postgres runs, and how a program is started as that user.

Postgres refuses to run as root, so for root there are two ways round it: a user
namespace in which root's files belong to a user with another number, or giving the
files to an unprivileged user and becoming it.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.lock import Deadline

if sys.platform != "win32":
    import pwd

LAUNCH = Path(__file__).with_name("launch.py")
OUTPUT_BYTES = 65_536  # the end of a program's output that is kept for its reason
PREFERRED = ("nobody", "postgres", "daemon")


class RunAs(StrEnum):
    """How the server gets a user that is not root."""

    SELF = "self"
    NAMESPACE = "namespace"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended: its exit code and the end of what it printed."""

    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The user of the server: how to become it, and who owns the files outside."""

    run_as: RunAs
    uid: int
    gid: int
    owner: tuple[int, int]

    @classmethod
    def of_self(cls) -> "Identity":
        """We ourselves."""
        owner = (os.geteuid(), os.getegid())
        return cls(RunAs.SELF, *owner, owner)

    @classmethod
    def in_namespace(cls) -> "Identity":
        """We ourselves under the number of a user that initdb can look up."""
        entry = unprivileged()
        owner = (os.geteuid(), os.getegid())
        return cls(RunAs.NAMESPACE, entry.pw_uid, entry.pw_gid, owner)

    @classmethod
    def dropped(cls, owner: tuple[int, int] | None = None) -> "Identity":
        """OWNER (uid, gid), or else the unprivileged user of this machine."""
        if owner is None:
            entry = unprivileged()
            owner = (entry.pw_uid, entry.pw_gid)
        return cls(RunAs.DROPPED, *owner, owner)

    def run(
        self,
        folder: Path,
        program: Sequence[str],
        deadline: Deadline,
        *,
        log: Path | None = None,
        keep: Sequence[int] = (),
        text: str = "",
    ) -> Outcome:
        """Run PROGRAM as this user in FOLDER to its end, or detached where LOG is.

        KEEP are descriptors that it inherits, TEXT is its standard input. When the
        deadline passes or is cancelled, it and its children are killed.
        """
        command = [sys.executable, "-I", "-S", str(LAUNCH), self.run_as]
        command += [str(self.uid), str(self.gid), str(folder), str(log or "-")]
        command += program
        return run(command, deadline, keep=keep, text=text)


def unprivileged(
    preferred: Sequence[str] = PREFERRED,
) -> "pwd.struct_passwd":
    """The account a server may run as: nobody, else the next best that is not root."""
    for name in preferred:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    for entry in pwd.getpwall():
        if entry.pw_uid != 0:
            return entry
    raise ClusterUnusable(
        "This machine has no user but root, and Postgres refuses to run as root",
        "Add a user, or name a running server in KIMP_DATABASE__URL",
    )


def is_known(uid: int) -> bool:
    """True where UID has an account; initdb refuses to work for others."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def environment() -> dict[str, str]:
    """Ours without what would change the programs' behaviour or language."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG", "PYTHON"))
    }
    return {**kept, "LC_ALL": "C"}


def run(
    command: Sequence[str],
    deadline: Deadline,
    *,
    keep: Sequence[int] = (),
    text: str = "",
) -> Outcome:
    """Run COMMAND to its end in a process group of its own.

    Its output goes to a file and not to a pipe, which a detached server would keep
    open for ever. Past the deadline the whole group is killed; the exit code is then
    the negative number of SIGKILL.
    """
    with tempfile.TemporaryFile() as entered, tempfile.TemporaryFile() as printed:
        entered.write(text.encode())
        entered.seek(0)
        process = subprocess.Popen(  # noqa: S603 - our own command lines, no shell
            command,
            stdin=entered,
            stdout=printed,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
            pass_fds=keep,
        )
        try:
            deadline.wait(lambda: process.poll() is not None)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        size = printed.seek(0, os.SEEK_END)
        printed.seek(max(0, size - OUTPUT_BYTES))
        return Outcome(code, printed.read().decode("utf-8", "replace"))


def complaint(output: str) -> str | None:
    """What the first line of OUTPUT that reports an error says, without its prefix."""
    found = re.search(r"\b(?:ERROR|FATAL|PANIC|error|fatal): +(.+)", output)
    return found[1] if found else None


def reason(outcome: Outcome) -> str:
    """Why a program failed, in one line."""
    if outcome.code < 0:
        return f"signal {-outcome.code}, or out of time"
    lines = outcome.output.strip().splitlines() or [f"exit code {outcome.code}"]
    return complaint(outcome.output) or lines[-1]
