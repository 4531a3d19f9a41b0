"""Write-behind of closed minutes: onto the disk at once, into the database when it can.

A batch leaves the disk only when the database has it, so a kill at any moment loses
none; written twice it changes nothing. What the disk does not take either waits in
memory, bounded.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from domain.model.alarm import Lapse
from domain.model.bar import Bar
from domain.model.error import StoreUnavailable
from domain.ports.bar_spool import BarSpool
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock

# While the database is away it is tried so often.
RETRY_S = 2.0
# Batches in memory where the disk takes nothing: an hour. Past it the oldest go.
HELD_BATCHES = 60
# The newest batches need not be read back from the disk.
FRESH_BATCHES = 2

_log = logging.getLogger(__name__)


class BarWriter:
    """Brings batches of live minutes into the database, oldest first."""

    def __init__(
        self,
        store: BarStore,
        spool: BarSpool,
        clock: Clock,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        """Compose; before `ready` the database has no schema to write to."""
        self._store = store
        self._spool = spool
        self._clock = clock
        self._ready = ready
        self._held: deque[Sequence[Bar]] = deque()
        self._fresh: dict[str, Sequence[Bar]] = {}
        self._lapse: Lapse | None = None
        # At the start, there may be what another process has left.
        self._due = asyncio.Event()
        self._due.set()
        self._lost = 0
        self._refused = 0
        self.rows = 0

    @property
    def waiting(self) -> int:
        """How many batches wait, on disk and in memory."""
        return self._spool.waiting + len(self._held)

    @property
    def unkept(self) -> int:
        """How many batches only this process has: a kill would lose them."""
        return len(self._held)

    @property
    def dropped(self) -> int:
        """How many batches went because there was no place left for them."""
        return self._spool.dropped + self._lost

    @property
    def damaged(self) -> int:
        """How many batches could not be read from disk, or not be written."""
        return self._spool.damaged + self._refused

    async def keep(self, bars: Sequence[Bar]) -> None:
        """Put a batch where a kill does not reach it; it is written soon."""
        name = await self._spool.append(bars)
        if name is None:
            self._hold(bars)
        else:
            self._fresh[name] = bars
            while len(self._fresh) > FRESH_BATCHES:
                del self._fresh[next(iter(self._fresh))]
            await self._spool_held()
        self._due.set()

    def lose(self) -> None:
        """Count a batch for which there is no place left, and tell of it."""
        self._lost += 1
        _log.error("recorder.lost", extra={"batches": 1, "why": "no place left"})

    async def run(self) -> None:
        """Write for ever what comes to wait."""
        while True:
            await self._due.wait()
            if not await self.drain():
                await self._clock.sleep(RETRY_S)

    async def drain(self) -> bool:
        """Write all that waits, one batch at a time; False: the database is away."""
        if not self._ready():
            return False
        self._due.clear()
        begun = Lapse(self._clock.monotonic(), self._clock.now_ms(), "")
        try:
            written = await self._drain_spool() + await self._drain_held()
        except StoreUnavailable as exc:
            self._due.set()
            self._failed(str(exc), begun)
            return False
        self._caught_up(written)
        return True

    async def _drain_spool(self) -> int:
        written = 0
        for name in await self._spool.names():
            bars = self._fresh.get(name) or await self._spool.read(name)
            if bars and await self._write(bars):
                await self._spool.remove(name)
                written += 1
            elif bars:
                await self._spool.set_aside(name)
            self._fresh.pop(name, None)
        return written

    async def _drain_held(self) -> int:
        written = 0
        while self._held:
            bars = self._held[0]
            is_written = await self._write(bars)
            written += is_written
            self._refused += not is_written
            if self._held and self._held[0] is bars:
                self._held.popleft()
        return written

    async def _write(self, bars: Sequence[Bar]) -> bool:
        """Write a batch; False: it can never be written."""
        try:
            self.rows += await self._store.write_live(bars)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 (a file of ours must not end every next start)
            _log.exception("recorder.batch_refused", extra={"bars": len(bars)})
            return False
        return True

    async def _spool_held(self) -> None:
        """The disk takes batches again: those in memory go there as well."""
        while self._held:
            bars = self._held[0]
            if await self._spool.append(bars) is None:
                return
            if self._held and self._held[0] is bars:
                self._held.popleft()

    def _hold(self, bars: Sequence[Bar]) -> None:
        self._held.append(bars)
        if len(self._held) > HELD_BATCHES:
            self._held.popleft()
            self.lose()

    def _failed(self, why: str, begun: Lapse) -> None:
        if self._lapse is None:
            self._lapse = begun
            _log.warning("recorder.behind", extra={"why": why})

    def _caught_up(self, written: int) -> None:
        lapse, self._lapse = self._lapse, None
        if lapse is not None:
            for_s = round(self._clock.monotonic() - lapse.began_s, 1)
            more = {"batches": written, "for_s": for_s}
            _log.info("recorder.caught_up", extra=more)
