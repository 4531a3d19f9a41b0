"""Writes a recording: compressed, flushed, rotated, checksummed. Blocking: a thread's.

An unfinished file is called `….jsonl.gz.part`. A finished one has its checksum beside
it before it gets its name, so whatever ends in `.jsonl.gz` is whole.
"""

import hashlib
import os
import re
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from msgspec import structs

from adapters.recording.checksum import sidecar, write_checksum
from adapters.recording.event import AnyEvent, End, Header, encode

PART_SUFFIX: Final = ".part"
# Level 6 costs twice the time of level 4 for a twentieth less of such text.
COMPRESS_LEVEL: Final = 4
DEFAULT_ROTATE_BYTES: Final = 256 * 1_000_000
DEFAULT_ROTATE_S: Final = 3_600.0
NAME: Final = re.compile(r"kimp-\d{8}T\d{6}Z-\d{4,}\.jsonl\.gz")
# A killed run's file counts among what may be deleted once it is this old.
STALE_PART_S: Final = 3_600.0
# Files of one run; beyond, a name that is taken is an error when it is opened.
_MAX_PARTS: Final = 1_000_000

OpenFile = Callable[[Path], IO[bytes]]


class RecordingStopped(Exception):
    """Nothing more can be kept; the message says where, why, and what was kept."""


@dataclass(frozen=True, slots=True)
class WriterOptions:
    """When a file is full (compressed bytes, seconds) and how much is kept in all.

    Beyond `keep_bytes` the oldest finished files of the folder are deleted, the one
    being written never; None: nothing is deleted.
    """

    rotate_bytes: int = DEFAULT_ROTATE_BYTES
    rotate_s: float = DEFAULT_ROTATE_S
    keep_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.rotate_bytes < 1 or self.rotate_s <= 0:
            raise ValueError("rotate_bytes and rotate_s must be positive")
        if self.keep_bytes is not None and self.keep_bytes < 1:
            raise ValueError("keep_bytes must be positive")


def open_new(path: Path) -> IO[bytes]:
    """Open a file that must not exist."""
    return path.open("xb")


class RecordingWriter:
    """The files of one run in a folder; `header` is repeated in each of them."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        options: WriterOptions | None = None,
        *,
        now_us: Callable[[], int],
        open_file: OpenFile = open_new,
    ) -> None:
        self.finished: list[Path] = []
        self.lines = 0
        self._folder = folder
        self._header = header
        self._options = options or WriterOptions()
        self._now_us = now_us
        self._open_file = open_file
        self._part = 0
        self._file: _OpenPart | None = None
        self._finished_bytes = 0

    @property
    def bytes_written(self) -> int:
        """Compressed bytes of this run, deleted files included."""
        return self._finished_bytes + (self._file.size if self._file else 0)

    @property
    def current(self) -> Path | None:
        """The unfinished file, None before the first and after the last."""
        return self._file.path if self._file else None

    def is_full(self) -> bool:
        """Whether the file is to be ended and a new one begun."""
        file, options = self._file, self._options
        if file is None:
            return False
        age_s = (self._now_us() - file.started_us) / 1e6
        return file.size >= options.rotate_bytes or age_s >= options.rotate_s

    def open(self, carried: Iterable[AnyEvent] = ()) -> None:
        """Begin a file: header first, then what a reader needs from before.

        Raises:
            RecordingStopped: the folder or file cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._begin()
            header = structs.replace(self._header, at=file.started_us, part=self._part)
            for event in (header, *carried):
                file.write(encode(event), 1)
            file.flush()
        except OSError as exc:
            raise self._stopped(exc) from exc

    def write(self, lines: bytes, many: int) -> None:
        """Append encoded lines and hand all of them to the system.

        Raises:
            RecordingStopped: they cannot be kept.
        """
        file = self._file
        if file is None:
            raise ValueError("no file is open")
        try:
            file.write(lines, many)
            file.flush()
        except OSError as exc:
            raise self._stopped(exc) from exc
        self.lines += many

    def close(self, reason: str) -> None:
        """Finish the file; harmless where none is open.

        Raises:
            RecordingStopped: it cannot be finished; it stays readable as `.part`.
        """
        file = self._file
        if file is None:
            return
        try:
            self.finished.append(file.finish(self._now_us(), reason))
            self._finished_bytes += file.size
            self._file = None
            self._delete_oldest()
        except OSError as exc:
            raise self._stopped(exc) from exc

    def _begin(self) -> "_OpenPart":
        now_us = self._now_us()
        path = self._free_path(datetime.fromtimestamp(now_us // 1_000_000, UTC))
        self._file = _OpenPart(path, self._open_file(path), now_us)
        return self._file

    def _free_path(self, moment: datetime) -> Path:
        """Return the next name; a run that began in the same second may have it."""
        while True:
            self._part += 1
            name = f"kimp-{moment:%Y%m%dT%H%M%SZ}-{self._part:04d}.jsonl.gz"
            path = self._folder / (name + PART_SUFFIX)
            taken = path.exists() or (self._folder / name).exists()
            if not taken or self._part > _MAX_PARTS:
                return path

    def _stopped(self, exc: OSError) -> RecordingStopped:
        file, self._file = self._file, None
        where = file.path if file else self._folder
        kept = f"{len(self.finished)} finished files"
        if file is not None:
            file.abandon()
            kept += f" and {file.path.name} up to its last flush"
        reason = exc.strerror or str(exc)
        return RecordingStopped(
            f"recording stopped: {where}: {reason}; kept: {kept} in {self._folder}"
        )

    def _delete_oldest(self) -> None:
        keep_bytes = self._options.keep_bytes
        if keep_bytes is None:
            return
        found = self._deletable()
        sizes = {path: path.stat().st_size for path in found}
        total = sum(sizes.values())
        # The newest stays, however large it is.
        for path in found[:-1]:
            if total <= keep_bytes:
                return
            path.unlink(missing_ok=True)
            sidecar(path).unlink(missing_ok=True)
            total -= sizes[path]

    def _deletable(self) -> list[Path]:
        """Return finished and abandoned files of the folder, oldest first."""
        stale_s = self._now_us() / 1e6 - STALE_PART_S
        # Names begin with their time: their order is that of age.
        return sorted(
            path
            for path in self._folder.iterdir()
            if NAME.fullmatch(path.name.removesuffix(PART_SUFFIX))
            and (path.suffix != PART_SUFFIX or path.stat().st_mtime < stale_s)
        )


class _OpenPart:
    """One file while it is written: compressor, digest of what went to disk, size."""

    def __init__(self, path: Path, raw: IO[bytes], started_us: int) -> None:
        self.path = path
        self.started_us = started_us
        self.size = 0
        self.lines = 0
        self._raw = raw
        self._digest = hashlib.sha256()
        self._deflate = zlib.compressobj(COMPRESS_LEVEL, zlib.DEFLATED, 31)

    def write(self, lines: bytes, many: int) -> None:
        self._put(self._deflate.compress(lines))
        self.lines += many

    def flush(self) -> None:
        """Hand everything to the system: a kill of this process loses none of it."""
        self._put(self._deflate.flush(zlib.Z_SYNC_FLUSH))
        self._raw.flush()

    def finish(self, now_us: int, reason: str) -> Path:
        self.write(encode(End(at=now_us, reason=reason, lines=self.lines)), 1)
        self._put(self._deflate.flush(zlib.Z_FINISH))
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        final = self.path.with_name(self.path.name.removesuffix(PART_SUFFIX))
        write_checksum(final, self._digest.hexdigest())
        self.path.replace(final)
        return final

    def abandon(self) -> None:
        with suppress(OSError):
            self._raw.close()

    def _put(self, data: bytes) -> None:
        if data:
            self._raw.write(data)
            self._digest.update(data)
            self.size += len(data)
