"""SHA-256 of recorded files, beside them in the format of `sha256sum`."""

import hashlib
import os
from pathlib import Path
from typing import Final

SUFFIX: Final = ".sha256"
_CHUNK_BYTES: Final = 1024 * 1024


class ChecksumMismatch(Exception):
    """A file is not what was written; the message names it and both sums."""


def sidecar(path: Path) -> Path:
    """Return where a file's checksum is."""
    return path.with_name(path.name + SUFFIX)


def write_checksum(path: Path, digest: str) -> None:
    """Write a file's checksum, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    target = sidecar(path)
    draft = target.with_name(target.name + ".new")
    with draft.open("w", encoding="utf-8") as out:
        out.write(f"{digest}  {path.name}\n")
        out.flush()
        os.fsync(out.fileno())
    draft.replace(target)


def verify(path: Path) -> bool:
    """Compare a file with its checksum; False: it has none.

    Raises:
        ChecksumMismatch: the file is not what was written.
        OSError: one of both cannot be read.
    """
    try:
        words = sidecar(path).read_text(encoding="utf-8", errors="replace").split()
    except FileNotFoundError:
        return False
    expected = words[0] if words else "nothing"
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        raise ChecksumMismatch(
            f"{path}: checksum mismatch: {sidecar(path).name} says {expected[:64]}, "
            f"the file has {digest.hexdigest()}"
        )
    return True
