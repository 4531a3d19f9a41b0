"""Asks every rate source at its own pace and hands its words to the board."""

import logging

from domain.model.error import UpstreamUnavailable
from domain.model.fx import RateRefused
from domain.ports.clock import Clock
from domain.ports.fx_source import FxSource
from domain.services.board_service import BoardService

# A source that failed is asked again this soon: an hour would be too long to wait
# for a daily source that hiccuped.
RETRY_INTERVAL_S = 30.0

_log = logging.getLogger(__name__)


class FxService:
    """One poller per source; all are polled, the chain decides which is used."""

    def __init__(self, board: BoardService, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self.refused: dict[str, int] = {}

    async def poll(self, source: FxSource) -> bool:
        """Ask a source once; False: no usable rate came."""
        try:
            self._board.answer_rate(await source.latest())
        except UpstreamUnavailable as exc:
            _log.warning("fx.silent", extra={"source": source.name, "why": str(exc)})
            return False
        except RateRefused as exc:
            self.refused[source.name] = self.refused.get(source.name, 0) + 1
            _log.warning("fx.refused", extra={"source": source.name, "why": str(exc)})
            return False
        return True

    async def run(self, source: FxSource) -> None:
        """Ask a source for ever."""
        while True:
            answered = await self.poll(source)
            wait_s = source.poll_interval_s
            if not answered:
                wait_s = min(wait_s, RETRY_INTERVAL_S)
                source.will_ask(self._clock.now_ms() + round(wait_s * 1000))
            await self._clock.sleep(wait_s)
