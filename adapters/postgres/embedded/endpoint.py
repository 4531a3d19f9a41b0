"""The socket's folder and the URL that leads to it.

A socket's path is bounded by the size of sun_path (108 bytes on Linux, 104 on macOS),
and some file systems have no sockets at all (shared folders of virtual machines). The
home folder serves where it can; else a private folder below the temporary one, which
the file ``socket`` at home names.
"""

import os
import secrets
import socket
import stat
import tempfile
from pathlib import Path

from sqlalchemy import URL

from adapters.postgres.embedded.cluster import DATABASE, PORT, ROLE
from adapters.postgres.embedded.watchdog import SOCKET_NAME, SOCKET_RECORD

SOCKET_PATH_BYTES = 103  # macOS; Linux has four more
SPECIAL = frozenset(",\"'\\")  # of host lists and of the server's own settings


def url(folder: Path) -> str:
    """SQLAlchemy's URL of the database behind the socket in FOLDER."""
    where = {"host": str(folder), "port": str(PORT)}
    made = URL.create(
        "postgresql+asyncpg", username=ROLE, database=DATABASE, query=where
    )
    return made.render_as_string(hide_password=False)


def current_folder(home: Path, owner: int) -> Path:
    """The folder in use: the recorded one while it is OWNER's alone, else HOME."""
    try:
        folder = Path(os.fsdecode((home / SOCKET_RECORD).read_bytes()))
        facts = folder.lstat()
    except OSError:
        return home
    private = stat.S_ISDIR(facts.st_mode) and stat.S_IMODE(facts.st_mode) == 0o700
    return folder if private and facts.st_uid == owner else home


def choose_folder(home: Path, owner: tuple[int, int]) -> Path:
    """The folder for a server about to start; makes a private one where HOME is unfit.

    OWNER (uid, gid) is the server's user. OSError where none can be made.
    """
    if fits(home) and takes_sockets(home):
        return home
    folder = current_folder(home, owner[0])
    if folder != home:
        return folder
    folder = _private_folder(owner)
    record = home / SOCKET_RECORD
    record.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(record, flags, 0o600), "wb") as file:
        file.write(os.fsencode(folder))
    os.chown(record, *owner)
    return folder


def fits(folder: Path) -> bool:
    """True where the path of a socket in FOLDER is short and plain enough."""
    text = str(folder)
    plain = text.isprintable() and not SPECIAL.intersection(text)
    return plain and len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES


def takes_sockets(folder: Path) -> bool:
    """True where the file system of FOLDER can hold a socket."""
    probe = folder / f".p{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as tried:
        try:
            tried.bind(str(probe))
        except OSError:
            return False
    probe.unlink()
    return True


def _private_folder(owner: tuple[int, int]) -> Path:
    usual = Path(tempfile.gettempdir())
    roomy = fits(usual / "kimp-xxxxxxxx")
    folder = Path(tempfile.mkdtemp(prefix="kimp-", dir=usual if roomy else "/tmp"))  # noqa: S108 - mkdtemp's name is its own; every system has /tmp
    os.chown(folder, *owner)
    return folder
