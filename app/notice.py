"""Tells the person at the terminal where to look and what is amiss."""

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from domain.model.health import ServiceStatus, UpstreamStatus
from domain.ports.clock import Clock
from domain.services.board_service import BoardService

LOOK_INTERVAL_S = 0.2
# How long venues may take to answer before their silence is called out.
PATIENCE_S = 12.0


class Notice:
    """Two lines at most: the board moves, or no venue can be reached."""

    def __init__(
        self,
        statuses: Callable[[], Sequence[UpstreamStatus]],
        board: BoardService,
        clock: Clock,
        out: TextIO | None = None,
    ) -> None:
        self._statuses = statuses
        self._board = board
        self._clock = clock
        self._out = sys.stderr if out is None else out

    async def watch(self, url: str) -> None:
        """Say where GraphiQL is, then once how the start went; wait for ever after."""
        self._say(f"GraphiQL: {url}/graphql")
        began_s = self._clock.monotonic()
        while self._board.board.summary().live == 0:
            await self._clock.sleep(LOOK_INTERVAL_S)
            waited_s = self._clock.monotonic() - began_s
            if self._is_lost() or waited_s > PATIENCE_S:
                self._say(self._lost_line())
                break
        else:
            live = self._board.board.summary().live
            waited_s = self._clock.monotonic() - began_s
            self._say(f"{live} coins live after {waited_s:.1f} s")
        while True:
            await self._clock.sleep(3600.0)

    def _is_lost(self) -> bool:
        """Whether every venue's every channel has failed at least once."""
        venues = _venues(self._statuses())
        return bool(venues) and all(
            item.status is ServiceStatus.UNAVAILABLE and item.detail for item in venues
        )

    def _lost_line(self) -> str:
        venues = _venues(self._statuses())
        lost = [item for item in venues if item.status is not ServiceStatus.HEALTHY]
        why = "; ".join(f"{item.name}: {item.detail or 'no answer'}" for item in lost)
        if len(lost) < len(venues):
            return f"No live premium yet ({why}). `kimp doctor` says what to do."
        return (
            f"No venue is reachable ({why}). Check the network with `kimp doctor`, or "
            "try the simulated exchanges: `make demo`. The API answers with reasons "
            "and keeps trying."
        )

    def _say(self, line: str) -> None:
        self._out.write(f"kimp: {line}\n")
        self._out.flush()


def _venues(statuses: Sequence[UpstreamStatus]) -> list[UpstreamStatus]:
    return [item for item in statuses if not item.name.startswith("fx.")]
