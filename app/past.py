"""The composition of what is asked of the past."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from app.store import Store
from app.supervisor import Worker
from domain.ports.clock import Clock
from domain.services.day_trail import DayTrail
from domain.services.history_service import HistoryService


@dataclass(frozen=True, slots=True)
class Past:
    """What answers, and the last 24 hours in memory."""

    service: HistoryService
    trail: DayTrail

    @property
    def workers(self) -> Sequence[Worker]:
        """What fills the trail."""
        return [Worker("history.trail", self.trail.run)]


def open_past(store: Store, clock: Clock) -> Past:
    """Compose over a store; the service is to be closed."""
    bars = PostgresBarHistory(store.database)
    trail = DayTrail(bars, clock, lambda: store.is_migrated)
    snapshots = PostgresSnapshotStore(store.database)
    return Past(HistoryService(bars, snapshots, trail, clock), trail)
