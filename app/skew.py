"""Tells the board how far our clock is from each venue's.

Source: semantics.md "Quotes", `ageMs`: corrected by the measured skew, at most 60 s.
"""

from collections.abc import Callable, Mapping

from domain.model.market import Exchange
from domain.ports.clock import Clock
from domain.services.board_service import BoardService

INTERVAL_S = 10.0


class SkewService:
    """Asks for each venue's measured offset, ours minus theirs, every ten seconds."""

    def __init__(
        self,
        offsets: Mapping[Exchange, Callable[[], int | None]],
        board: BoardService,
        clock: Clock,
    ) -> None:
        self._offsets = offsets
        self._board = board
        self._clock = clock

    def measure(self) -> None:
        """Take over what was measured; a venue that never answered changes nothing."""
        for exchange, offset in self._offsets.items():
            offset_ms = offset()
            if offset_ms is not None:
                self._board.set_skew(exchange, offset_ms)

    async def run(self) -> None:
        """Measure for ever."""
        while True:
            self.measure()
            await self._clock.sleep(INTERVAL_S)
