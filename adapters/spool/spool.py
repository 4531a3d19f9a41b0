"""Batches of bars in files, one each."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from adapters.spool.folder import SpoolFolder
from adapters.spool.line import DamagedBatch, decode, encode
from domain.model.bar import Bar

# Milliseconds of the year 9999 have so many digits: names sort as their times do.
TIME_DIGITS = 15
# A disk that takes longer does not answer; nothing is asked of it until it has.
DISK_TIMEOUT_S = 10.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class FileBarSpool:
    """Implements `domain.ports.bar_spool.BarSpool` in a folder.

    All file work is done in threads. A folder that cannot be written is told once,
    and once more when it can be again; each batch tries anew.
    """

    def __init__(
        self, folder: Path, max_bytes: int, timeout_s: float = DISK_TIMEOUT_S
    ) -> None:
        """Compose; the folder is made with the first batch."""
        self._folder = SpoolFolder(folder, max_bytes)
        self._timeout_s = timeout_s
        # Processes that share the folder never give two batches one name.
        self._token = secrets.token_hex(4)
        self._number = count()
        # What the disk does not let go is not read again and again.
        self._stuck: set[str] = set()
        self._hung: asyncio.Future[Any] | None = None
        self._is_writable = True
        self._is_swept = False
        self.waiting = 0
        self.dropped = 0
        self.damaged = 0

    async def append(self, bars: Sequence[Bar]) -> str | None:
        """Write a batch; it has its name only when it is on the disk."""
        opened_ms = min(bar.opened_ms for bar in bars)
        name = f"{opened_ms:0{TIME_DIGITS}}-{self._token}-{next(self._number):06}"
        try:
            dropped = await self._do(lambda: self._folder.write(name, encode(bars)))
        except OSError as exc:
            self._tell_writable(False, _words(exc))
            return None
        self._tell_writable(True, "")
        self.waiting += 1 - dropped
        self.dropped += dropped
        if dropped:
            _log.error("spool.dropped", extra={"batches": dropped})
        return name

    async def names(self) -> Sequence[str]:
        """List the folder; the first time, what was torn is set aside."""
        try:
            if not self._is_swept:
                torn = await self._do(lambda: self._folder.set_torn_aside(time.time()))
                self._is_swept = True
                self._count_damaged(torn, "half written")
            found = await self._do(self._folder.names)
        except OSError as exc:
            _log.warning("spool.unreadable", extra={"why": _words(exc)})
            return ()
        names = [name for name in found if name not in self._stuck]
        self.waiting = len(names)
        return names

    async def read(self, name: str) -> Sequence[Bar]:
        """Read and check a batch."""
        try:
            return await self._do(lambda: self._read(name))
        except DamagedBatch as exc:
            why = str(exc)
        except TimeoutError:
            return ()  # whole, perhaps: it is tried again
        except OSError as exc:
            why = _words(exc)
        self._count_damaged(1, why)
        await self._take_out(name, self._folder.set_aside)
        return ()

    async def remove(self, name: str) -> None:
        """Delete a batch's file."""
        await self._take_out(name, self._folder.remove)

    async def set_aside(self, name: str) -> None:
        """Move a batch's file to the folder beside."""
        self._count_damaged(1, "it cannot be stored")
        await self._take_out(name, self._folder.set_aside)

    def _read(self, name: str) -> Sequence[Bar]:
        content = self._folder.read(name)
        return () if content is None else decode(content)

    async def _take_out(self, name: str, work: Callable[[str], object]) -> None:
        self.waiting = max(0, self.waiting - 1)
        try:
            await self._do(lambda: work(name))
        except OSError:
            self._stuck.add(name)

    async def _do(self, work: Callable[[], _T]) -> _T:
        """Do disk work in a thread.

        Raises:
            OSError: it failed, or took too long; then it ends on its own.
        """
        if self._hung is not None and not self._hung.done():
            raise TimeoutError("the disk does not answer")
        call = asyncio.ensure_future(asyncio.to_thread(work))
        done, _ = await asyncio.wait([call], timeout=self._timeout_s)
        if not done:
            self._hung = call
            raise TimeoutError(f"no answer from the disk in {self._timeout_s:g} s")
        return call.result()

    def _tell_writable(self, is_writable: bool, why: str) -> None:
        was, self._is_writable = self._is_writable, is_writable
        more = {"folder": str(self._folder.path)}
        if was and not is_writable:
            _log.error("spool.unwritable", extra={**more, "why": why})
        elif is_writable and not was:
            _log.info("spool.writable", extra=more)

    def _count_damaged(self, batches: int, why: str) -> None:
        if batches:
            self.damaged += batches
            _log.error("spool.damaged", extra={"batches": batches, "why": why})


def _words(error: OSError) -> str:
    return error.strerror or str(error)
