"""The entry point of history, where no database is asked."""

from typing import Any

from adapters.memory.clock import FakeClock
from domain.model.premium_stats import StatsWindow
from domain.services.history_service import HistoryService


async def test_its_caches_are_known_by_their_windows() -> None:
    nothing: Any = None
    service = HistoryService(nothing, nothing, nothing, FakeClock())
    names = [cache.name for cache in service.caches]
    assert names == [f"stats.{window.lower()}" for window in StatsWindow]
    await service.close()
