"""The files of a spool: batches, oldest first by name, and what was set aside.

Blocking; to be called from threads. A file gets its name when it is whole and on the
disk: what has a name is never torn by a kill.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

BATCH = ".jsonl"
PARTIAL = ".part"
ASIDE = "aside"
# A file without its name that nobody has touched for this long was torn by a kill.
TORN_AFTER_S = 60.0
# So many bytes of what was set aside are kept, the newest.
ASIDE_BYTES = 16 * 1024 * 1024


class SpoolFolder:
    """One folder; several processes may work on it at once."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes

    def write(self, name: str, content: bytes) -> int:
        """Keep a file and return how many older ones went for it.

        Raises:
            OSError: the disk did not take it; nothing is left behind.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        dropped = trim(self.path, BATCH, self._max_bytes - len(content))
        partial = self.path / (name + PARTIAL)
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.path / (name + BATCH))
        except OSError:
            with suppress(OSError):
                partial.unlink()
            raise
        _sync_folder(self.path)
        return dropped

    def names(self) -> Sequence[str]:
        """Return the names of whole files in order; none where the folder is not."""
        return [file.name.removesuffix(BATCH) for file in _files(self.path, BATCH)]

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None: it is gone.

        Raises:
            OSError: the disk does not give it.
        """
        try:
            return (self.path / (name + BATCH)).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Forget a file; one that is gone is no error.

        Raises:
            OSError: the disk does not let it go.
        """
        (self.path / (name + BATCH)).unlink(missing_ok=True)

    def set_aside(self, name: str) -> bool:
        """Move a file out of the queue; False: somebody else did.

        Raises:
            OSError: the disk does not let it go.
        """
        return self._move(self.path / (name + BATCH))

    def set_torn_aside(self, now_s: float) -> int:
        """Move what earlier processes left half written; returns how many files."""
        moved = 0
        for file in _files(self.path, PARTIAL):
            with suppress(OSError):
                if now_s - file.stat().st_mtime > TORN_AFTER_S:
                    moved += self._move(file)
        return moved

    def _move(self, file: Path) -> bool:
        aside = self.path / ASIDE
        aside.mkdir(exist_ok=True)
        try:
            file.replace(aside / file.name)
        except FileNotFoundError:
            return False
        trim(aside, "", ASIDE_BYTES)
        return True


def trim(path: Path, suffix: str, max_bytes: int) -> int:
    """Remove the first files by name until the rest fits; returns how many went."""
    sizes = []
    for file in _files(path, suffix):
        with suppress(FileNotFoundError):
            sizes.append((file, file.stat().st_size))
    total = sum(size for _, size in sizes)
    dropped = 0
    for file, size in sizes:
        if total <= max_bytes:
            break
        file.unlink(missing_ok=True)
        total -= size
        dropped += 1
    return dropped


def _files(path: Path, suffix: str) -> list[Path]:
    try:
        found = [entry for entry in path.iterdir() if entry.name.endswith(suffix)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(found)


def _sync_folder(path: Path) -> None:
    """Bring the new name onto the disk, where the system can (Windows cannot)."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
