"""Reads recordings, ours and older ones, to the last line that is whole.

Blocking, and lazy: a file is read as far as its events are taken.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from adapters.recording import cryptofeed
from adapters.recording.event import AnyEvent, End, Header, MalformedLine, decode

# An exchangeInfo of Binance is a few MiB; a line beyond this is no recording's.
MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
# Unpacked at a time, however well it was packed.
_PIECE_BYTES: Final = 1024 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WBITS: Final = 31

Warn = Callable[[str], None]


class UnreadableRecording(Exception):
    """A file that cannot be read on; the message is `FILE:LINE: why`."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path = path
        self.line = line


class Located(NamedTuple):
    """An event and the number of its line, from 1."""

    line: int
    event: AnyEvent


def read(path: Path, warn: Warn) -> Iterator[Located]:
    """Yield a file's events; `warn` hears of a tail that a kill has cut off.

    Raises:
        UnreadableRecording: a malformed line that is not a cut-off tail, corrupt
            compression, or a file that cannot be opened.
    """
    lines = _Lines(path)
    try:
        yield from _events(lines, path)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise UnreadableRecording(path, lines.number, reason) from exc
    if lines.cut_off:
        warn(f"{path}:{lines.number}: cut off here; the whole lines before are taken")


def read_all(paths: Iterable[Path], warn: Warn) -> Iterator[AnyEvent]:
    """Yield the events of several files, in the order in which they begin.

    Raises:
        UnreadableRecording: as `read`.
    """
    for path in in_order(paths):
        for located in read(path, warn):
            yield located.event


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Return files by the time of their first event; empty ones come first.

    Raises:
        UnreadableRecording: as `read`.
    """
    return sorted(paths, key=_begins_at)


def _begins_at(path: Path) -> int:
    first = next(read(path, _silent), None)
    return 0 if first is None else first.event.at


def _silent(_: str) -> None:
    """Let a warning go: it will be told when the file is read."""


def _events(lines: "_Lines", path: Path) -> Iterator[Located]:
    foreign: cryptofeed.Decoder | None = None
    ended = False
    for line in lines:
        number = lines.number
        try:
            if number == 1 and not line.lstrip().startswith(b"{"):
                foreign = cryptofeed.Decoder()
            event = decode(line) if foreign is None else foreign.decode(line)
            if number == 1 and foreign is None and not isinstance(event, Header):
                raise MalformedLine("the first line is no header")
        except MalformedLine as exc:
            if lines.cut_off:
                return  # the last line of a killed writer
            raise UnreadableRecording(path, number, str(exc)) from exc
        if event is not None:
            ended = isinstance(event, End)
            yield Located(number, event)
    if foreign is None and not ended:
        lines.cut_off = True


class _Lines:
    """The lines of a file, unpacked; `cut_off` once its end was found missing."""

    def __init__(self, path: Path) -> None:
        self.number = 0
        self.cut_off = False
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        with self._path.open("rb") as source:
            for piece in self._unpacked(source):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    self.number += 1
                    yield line
                if len(rest) > MAX_LINE_BYTES:
                    reason = f"a line of more than {MAX_LINE_BYTES} bytes"
                    raise UnreadableRecording(self._path, self.number + 1, reason)
        if rest:
            self.number += 1
            self.cut_off = True
            yield rest

    def _unpacked(self, source: IO[bytes]) -> Iterator[bytes]:
        chunk = source.read(_CHUNK_BYTES)
        if chunk.startswith(_GZIP_MAGIC):
            yield from self._inflated(source, chunk)
            return
        while chunk:
            yield chunk
            chunk = source.read(_CHUNK_BYTES)

    def _inflated(self, source: IO[bytes], chunk: bytes) -> Iterator[bytes]:
        inflate = zlib.decompressobj(_GZIP_WBITS)
        while chunk:
            try:
                yield inflate.decompress(chunk, _PIECE_BYTES)
            except zlib.error as exc:
                reason = f"the compressed data is corrupt after this line: {exc}"
                raise UnreadableRecording(self._path, self.number, reason) from exc
            if inflate.eof:
                # Another stream may follow: compressed files can be put together.
                chunk = inflate.unused_data or source.read(_CHUNK_BYTES)
                if chunk:
                    inflate = zlib.decompressobj(_GZIP_WBITS)
            else:
                chunk = inflate.unconsumed_tail or source.read(_CHUNK_BYTES)
        self.cut_off = not inflate.eof
