"""The entry point of history, where no database is asked."""

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.clock import FakeClock
from adapters.memory.snapshot_store import MemorySnapshotStore
from domain.model.premium_stats import StatsWindow
from domain.services.day_trail import DayTrail
from domain.services.history_service import HistoryService


async def test_its_caches_are_known_by_their_windows() -> None:
    history, clock = MemoryBarHistory(), FakeClock()
    trail = DayTrail(history, clock)
    service = HistoryService(history, MemorySnapshotStore(), trail, clock)
    names = [cache.name for cache in service.caches]
    assert names == [f"stats.{window.lower()}" for window in StatsWindow]
    await service.close()
