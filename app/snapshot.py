"""The composition of daily snapshots."""

from collections.abc import Iterable, Sequence

from adapters.postgres.snapshot_store import PostgresSnapshotStore
from app.identity import identity_table
from app.settings import Settings
from app.store import Store
from app.supervisor import Worker
from app.upstream import Venue
from domain.ports.clock import Clock
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.snapshot_service import SnapshotService
from domain.services.snapshot_witness import DatedRates


def open_snapshots(
    settings: Settings,
    store: Store,
    clock: Clock,
    board: BoardService,
    catalog: CatalogService,
    venues: Sequence[Venue],
    rates: DatedRates,
) -> SnapshotService:
    """Compose the service beside a board; it hears of ticks and coins by itself."""
    service = SnapshotService(
        PostgresSnapshotStore(store.database),
        board,
        [venue.rest for venue in venues],
        rates,
        identity_table(),
        clock,
        compare_interval_s=settings.history.compare_interval_s,
        verify_after_s=settings.history.verify_after_s,
        skew_ms=lambda: least_offset_ms(v.clock_offset_ms() for v in venues),
    )
    catalog.on_change(service.set_coins)
    return service


def snapshot_workers(service: SnapshotService) -> list[Worker]:
    """Return the workers: one takes and stores, one asks the venues."""
    return [
        Worker("snapshot.take", service.run_take),
        Worker("snapshot.prove", service.run_prove),
    ]


def least_offset_ms(offsets: Iterable[int | None]) -> int:
    """Return by how much our clock is ahead, by the venue that agrees with it most.

    Where our clock is wrong all venues say so; one that differs alone is wrong itself.
    """
    return known_offset_ms(offsets) or 0


def known_offset_ms(offsets: Iterable[int | None]) -> int | None:
    """Return what `least_offset_ms` does, None before any venue has answered."""
    known = (offset for offset in offsets if offset is not None)
    return min(known, key=abs, default=None)
