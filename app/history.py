"""The composition of everything historical: what records, keeps, heals and tells it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from app.bar_recording import BarRecording, open_bar_recording
from app.dated_rate import open_dated_rates
from app.healing import open_healing
from app.instrument import Instruments
from app.metric.gap import GapFigures
from app.metric.registry import Gather
from app.metric.snapshot import SnapshotFigures
from app.past import Past, open_past
from app.settings import Settings
from app.snapshot import known_offset_ms, open_snapshots, snapshot_workers
from app.store import Store
from app.supervisor import Worker
from app.upstream import Venue
from domain.ports.clock import Clock
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService


@dataclass(frozen=True, slots=True)
class History:
    """The historical part of a server: its workers, its services, its last words."""

    recording: BarRecording
    past: Past
    workers: Sequence[Worker]
    closers: Sequence[Callable[[], Awaitable[None]]] = ()
    gatherers: Sequence[Gather] = ()

    async def flush(self) -> bool:
        """Write what is closed, after the workers ended; False: some of it is lost."""
        return await self.recording.flush()

    async def close(self) -> None:
        """Close what was opened for history alone."""
        for closer in self.closers:
            await closer()


def open_history(
    settings: Settings,
    store: Store,
    clock: Clock,
    board: BoardService,
    catalog: CatalogService,
    venues: Sequence[Venue],
    instruments: Instruments,
    keeps: Callable[[], bool] = lambda: True,
) -> History:
    """Compose history beside a board that is composed; it is to be closed.

    `keeps` tells whether closed minutes are to be written: another may do so.
    """
    rates = open_dated_rates(settings, store, clock, instruments.tracer)
    snapshots = open_snapshots(
        settings, store, clock, board, catalog, venues, rates.book.calendar
    )
    recording = open_bar_recording(
        settings,
        store,
        clock,
        lambda: known_offset_ms(venue.clock_offset_ms() for venue in venues),
        keeps,
    )
    board.on_tick(recording.note)
    past = open_past(store, clock)
    recording.recorder.on_closed(past.trail.note)
    healing = open_healing(
        settings, store, clock, board, catalog, venues, rates.book, recording.writer
    )
    return History(
        recording=recording,
        past=past,
        workers=[
            *recording.workers,
            *snapshot_workers(snapshots),
            *past.workers,
            *healing.workers,
        ],
        closers=[past.service.close, rates.close],
        gatherers=[
            recording.gather,
            SnapshotFigures(snapshots.count).gather,
            GapFigures(healing.count).gather,
        ],
    )
