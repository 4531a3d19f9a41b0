"""Closed minutes are the leader's to keep; everybody else closes them for show."""

from collections.abc import Callable, Sequence

from domain.model.bar import Bar
from domain.ports.bar_spool import BarSpool
from domain.ports.bar_store import BarStore
from domain.ports.clock import Clock
from domain.services.bar_writer import BarWriter


class LeadersBarWriter(BarWriter):
    """Takes minutes that are closed while we keep them; what was taken is written."""

    def __init__(
        self,
        store: BarStore,
        spool: BarSpool,
        clock: Clock,
        ready: Callable[[], bool] = lambda: True,
        keeps: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(store, spool, clock, ready)
        self._keeps = keeps

    async def keep(self, bars: Sequence[Bar]) -> None:
        """Take a batch, or let it go where another process keeps it."""
        if self._keeps():
            await super().keep(bars)
