"""The composition of what records live minutes and keeps them in order."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client.core import Metric

from adapters.postgres.bar_store import PostgresBarStore
from adapters.spool.spool import FileBarSpool
from app.metric.history import HistoryFigures
from app.settings import Settings
from app.store import Store
from app.supervisor import Worker
from domain.model.board import Tick
from domain.ports.clock import Clock
from domain.services.bar_keeper import BarKeeper, Retention
from domain.services.bar_recorder import BarRecorder
from domain.services.bar_writer import BarWriter
from domain.services.leaders_bar_writer import LeadersBarWriter

# Of the time a stop may take, what the database may take of it; the rest waits on disk.
DRAIN_TIMEOUT_S = 3.0
BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class BarRecording:
    """Live minutes: closed, written, kept in order."""

    recorder: BarRecorder
    writer: BarWriter
    keeper: BarKeeper

    @property
    def workers(self) -> list[Worker]:
        """What closes minutes, what writes them, what keeps them in order."""
        return [
            Worker("recorder", self.recorder.run),
            Worker("recorder.writer", self.writer.run),
            Worker("keeper", self.keeper.run),
        ]

    def note(self, tick: Tick) -> None:
        """Take a published tick in."""
        self.recorder.note(tick)

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of all three."""
        yield from HistoryFigures(self.recorder, self.writer, self.keeper).gather()

    async def flush(self) -> bool:
        """Write what is closed, after the workers ended; False: some of it is lost."""
        await self.recorder.flush()
        # It waits on disk otherwise, for the next server that starts here.
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                await self.writer.drain()
        return not self.writer.unkept


def open_bar_recording(
    settings: Settings,
    store: Store,
    clock: Clock,
    offset_ms: Callable[[], int | None],
    keeps: Callable[[], bool] = lambda: True,
) -> BarRecording:
    """Compose; the running minute begins now.

    `offset_ms` tells by how much our clock is ahead of the venues', None before any of
    them has answered; `keeps` whether closed minutes are to be written: another process
    may do so.
    """
    part = settings.history
    bars = PostgresBarStore(store.database)

    def ready() -> bool:
        return store.is_migrated

    spool = FileBarSpool(
        settings.data_dir / "spool" / "bars", part.spool_mb * BYTES_PER_MB
    )
    writer = LeadersBarWriter(bars, spool, clock, ready, keeps)
    retention = Retention(part.minutes_days, part.bars_days)
    return BarRecording(
        recorder=BarRecorder(writer, clock),
        writer=writer,
        keeper=BarKeeper(bars, clock, retention, ready, offset_ms),
    )
