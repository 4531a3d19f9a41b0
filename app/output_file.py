"""A file that is there as a whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.failure import CommandFailed


@contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[Path]:
    """Give the temporary path to write to; it takes the name PATH at the end.

    On any failure it is removed and what stood at PATH is untouched.

    Raises:
        CommandFailed: PATH exists and FORCE is not given, or its folder cannot be
            written to.
    """
    refuse_existing(path, force=force)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        _sync(partial)
        partial.replace(path)
    except OSError as exc:
        raise CommandFailed(f"{path}: {exc.strerror or exc}") from exc
    finally:
        partial.unlink(missing_ok=True)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise `CommandFailed` where something stands at PATH that may not be replaced."""
    if path.is_dir():
        raise CommandFailed(f"{path} is a folder")
    if path.exists() and not force:
        raise CommandFailed(f"{path} exists: name another file, or give --force")
    if not path.absolute().parent.is_dir():
        raise CommandFailed(f"{path}: there is no folder {path.parent}")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
