"""Where the cluster lives and as whom its server runs.

``postgres`` in the data folder is ours: ``server`` in it belongs to the user of the
server and holds cluster, log, locks and socket. It lives elsewhere in one case only:
we are root, the kernel gives us no user namespace, and an unprivileged user cannot
reach that folder. Then a folder of our own below one of the shelters takes its part,
and a file ``location`` in the usual place says which. Where the programs are out of
that user's reach too, ``runtime`` holds a copy. No permission of a folder that is not
ours is ever changed, and nothing in the server user's hands tells root where to go.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.postgres.embedded.binary import (
    OLDEST_MAJOR,
    REMEDY,
    copy_programs,
    major_of,
)
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import (
    LAUNCH,
    Identity,
    RunAs,
    is_known,
    reason,
)
from adapters.postgres.embedded.launch import REFUSED
from adapters.postgres.embedded.lock import Deadline, Lock
from adapters.postgres.embedded.watchdog import CLUSTER, SERVER_LOCK, locked

SEAT = "postgres"
HOME = "server"
LOCATE_LOCK = "locate.lock"
POINTER = "location"
RUNTIME = "runtime"
SHELTERS = (Path("/var/lib"), Path("/usr/local/var"), Path("/srv"))
ANOTHER_FOLDER = "Name another folder in KIMP_DATA_DIR or correct its permissions"
ANOTHER_USER = "Start as an ordinary user, or name a server in KIMP_DATABASE__URL"


@dataclass(frozen=True, slots=True)
class Place:
    """HOME holds cluster, locks, log and socket; IDENTITY owns it and runs the server.

    PROGRAMS is the folder of server programs within that user's reach, of release
    MAJOR; TOOLS the original one, for what we run ourselves.
    """

    home: Path
    identity: Identity
    programs: Path
    tools: Path
    major: int


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Translate what the file system says about FOLDER to `ClusterUnusable`."""
    try:
        yield
    except OSError as exc:
        what = f"The data folder {folder} cannot be used ({exc.strerror or exc})"
        raise ClusterUnusable(what, ANOTHER_FOLDER) from exc


def locate(
    data_dir: Path,
    programs: Path,
    deadline: Deadline,
    *,
    run_as: RunAs | None = None,
    shelters: Sequence[Path] = SHELTERS,
) -> Place:
    """Decide, once and for all processes on DATA_DIR, and make the folders.

    RUN_AS forces one way. `ClusterUnusable` where none works.
    """
    with writing(data_dir):
        seat = data_dir.resolve() / SEAT
        seat.parent.mkdir(parents=True, exist_ok=True)
        _make(seat)
        owner = seat.stat()
        if os.geteuid() not in (0, owner.st_uid):
            what = f"The folder {seat} belongs to another user (uid {owner.st_uid})"
            raise ClusterUnusable(what, "Run as that user or change KIMP_DATA_DIR")
        with Lock(seat / LOCATE_LOCK, (owner.st_uid, owner.st_gid)) as lock:
            if not deadline.wait(lock.try_exclusive):
                what = f"Another process has been deciding about {seat} for too long"
                raise ClusterUnusable(what, "Stop it and start again")
            return _Survey(seat, programs, deadline, shelters).choose(run_as)


def has_cluster(data_dir: Path) -> bool:
    """True where a cluster was made in this data folder, or moved from it."""
    seat = data_dir / SEAT
    return (seat / POINTER).exists() or (seat / HOME / CLUSTER).exists()


def _make(base: Path) -> None:
    try:
        base.mkdir()
    except FileExistsError:
        if not base.is_dir():
            raise
        return  # also where another process was a moment faster
    base.chmod(0o711)  # passable for the server's user, whatever the umask


class _Survey:
    """Finds the first way to run the server that works from SEAT."""

    def __init__(
        self, seat: Path, programs: Path, deadline: Deadline, shelters: Sequence[Path]
    ) -> None:
        self._seat = seat
        self._programs = programs
        self._deadline = deadline
        self._shelters = shelters
        self._pointer = seat / POINTER
        self._reasons: list[str] = []

    def choose(self, run_as: RunAs | None) -> Place:
        for kind in [run_as] if run_as else self._ways():
            place = self._dropped() if kind is RunAs.DROPPED else self._stay(kind)
            if place and place.major < OLDEST_MAJOR:
                what = f"PostgreSQL {place.major} in {place.tools} is too old"
                raise ClusterUnusable(what, REMEDY)
            if place:
                return place
        what = f"Postgres cannot be run here ({'; '.join(self._reasons)})"
        raise ClusterUnusable(what, ANOTHER_USER)

    def _ways(self) -> list[RunAs]:
        if os.geteuid() != 0:
            known = is_known(os.geteuid())
            return [RunAs.SELF] if known else [RunAs.NAMESPACE, RunAs.SELF]
        if self._pointer.exists() or self._owner() is not None:
            return [RunAs.DROPPED]
        return [RunAs.NAMESPACE, RunAs.DROPPED]

    def _owner(self) -> tuple[int, int] | None:
        """The user that the folders were given to or made by, where it is not root."""
        for folder in (self._seat / HOME, self._seat):
            if folder.exists() and folder.stat().st_uid != 0:
                return folder.stat().st_uid, folder.stat().st_gid
        return None

    def _stay(self, kind: RunAs) -> Place | None:
        named = kind is RunAs.NAMESPACE
        identity = Identity.in_namespace() if named else Identity.of_self()
        home = self._seat / HOME
        home.mkdir(mode=0o700, exist_ok=True)
        return self._place(identity, home, self._programs)

    def _dropped(self) -> Place | None:
        identity = Identity.dropped(self._owner())
        base = self._base(identity)
        if base is None:
            return None
        home = base / HOME
        home.mkdir(mode=0o700, exist_ok=True)
        self._hand_over(home, identity)
        place = self._place(identity, home, self._programs)
        if place or base.stat().st_uid != 0:
            return place
        copied = copy_programs(self._programs, base / RUNTIME)
        return self._place(identity, home, copied)

    def _base(self, identity: Identity) -> Path | None:
        """Our folder that IDENTITY can reach, if need be a new one in a shelter."""
        if self._pointer.exists():
            return _follow(self._pointer)
        if self._enters(identity, self._seat):
            return self._seat
        for shelter in self._shelters if self._enters(identity, Path("/")) else ():
            with contextlib.suppress(OSError):
                shelter.mkdir(mode=0o755, parents=True, exist_ok=True)
                if self._enters(identity, shelter):
                    return self._move_to(shelter)
        return None

    def _hand_over(self, home: Path, identity: Identity) -> None:
        if home.stat().st_uid != identity.owner[0]:
            self._refuse_while_running()
            give(home, identity.owner)

    def _move_to(self, shelter: Path) -> Path:
        """Make our folder there, and bring the cluster along where there is one."""
        self._refuse_while_running()
        base = Path(tempfile.mkdtemp(prefix="kimchi-premium-", dir=shelter))
        old = self._seat / HOME / CLUSTER
        try:
            base.chmod(0o711)
            if old.exists():
                shutil.copytree(old, base / HOME / CLUSTER, symlinks=True)
                (base / HOME).chmod(0o700)
                os.sync()
            half = self._pointer.with_suffix(".new")
            half.write_bytes(os.fsencode(base))
            half.rename(self._pointer)
        except OSError:
            shutil.rmtree(base, ignore_errors=True)
            raise
        shutil.rmtree(old, ignore_errors=True)
        return base

    def _refuse_while_running(self) -> None:
        if locked(str(self._seat / HOME / SERVER_LOCK)):
            what = f"The server of {self._seat} runs as another user"
            raise ClusterUnusable(what, "Stop the other process and start again")

    def _enters(self, identity: Identity, folder: Path) -> bool:
        return self._run(identity, folder, []) is not None

    def _place(self, identity: Identity, home: Path, programs: Path) -> Place | None:
        program = [str(programs / "initdb"), "--version"]
        output = self._run(identity, home, program)
        if output is None:
            return None
        major = major_of(output)
        if major is None:
            raise ClusterUnusable(f"{program[0]} is no PostgreSQL ({output})", REMEDY)
        return Place(home, identity, programs, self._programs, major)

    def _run(self, identity: Identity, folder: Path, program: list[str]) -> str | None:
        """What it prints; None where this user cannot do it, so another is tried.

        Any other failure ends the search: for a passing one no cluster is moved.
        """
        outcome = identity.run(folder, program, self._deadline)
        if outcome.code == 0:
            return outcome.output
        if outcome.code != REFUSED:
            what = f"{program[0] if program else LAUNCH} does not run"
            remedy = REMEDY if outcome.code > 0 else "Start again"
            raise ClusterUnusable(f"{what} ({reason(outcome)})", remedy)
        self._reasons.append(f"{identity.run_as}: {outcome.output.strip()}")
        return None


def _follow(pointer: Path) -> Path:
    """The folder that POINTER names; it is believed only in root's own hand."""
    base = Path(os.fsdecode(pointer.read_bytes()))
    if pointer.stat().st_uid != 0 or not base.is_dir():
        what = (
            f"The cluster of {pointer.parent} was moved to {base}, which is not there"
        )
        raise ClusterUnusable(what, f"Bring it back, or delete {pointer} to begin anew")
    return base


def give(tree: Path, owner: tuple[int, int]) -> None:
    """Make OWNER (uid, gid) the owner of TREE and all in it, links not followed."""
    for path in (tree, *tree.rglob("*")):
        os.chown(path, *owner, follow_symlinks=False)
