"""Tells the leader's board to all who follow, in one row without holes.

Nothing is queued: what is to be told next is what the board has changed since it was
told last, however long the bus was away. What became of news without an answer is read
from the row itself, so none is told twice and none is left out.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from domain.model.board import Tick
from domain.model.board_news import BoardNews, BoardSigns, BoardState
from domain.model.bus_count import BusCount
from domain.model.health import UpstreamStatus
from domain.model.patience import Patience
from domain.ports.board_bus import BoardBus, BusUnavailable, Superseded
from domain.ports.clock import Clock
from domain.services.replica_service import ReplicaService

# Without changes the leader says so often that it is there: a tenth of the bound after
# which it counts as silent.
LIFE_SIGN_S: Final = 0.5
# Rates, stamps and upstreams go with the news once a second, and when a rate changes.
SIGNS_INTERVAL_S: Final = 1.0
# A state for late comers is kept this often; they replay what came after it.
KEEP_INTERVAL_S: Final = 5.0
WAITS_S: Final = (0.1, 0.2, 0.5, 1.0)

_log = logging.getLogger(__name__)


class BoardPublisher:
    """Publishes while it has a term; without one it waits for the next."""

    def __init__(
        self,
        bus: BoardBus,
        service: ReplicaService,
        clock: Clock,
        count: BusCount | None = None,
        upstreams: Callable[[], tuple[UpstreamStatus, ...]] = tuple,
    ) -> None:
        self.count = BusCount() if count is None else count
        self.term = 0
        self._bus = bus
        self._service = service
        self._clock = clock
        self._upstreams = upstreams
        self._begun = asyncio.Event()
        self._turned = asyncio.Event()
        self._is_superseded = False
        self._is_unsure = False
        self._position = 0
        self._sent = 0
        self._gone: dict[str, None] = {}
        self._signs = BoardSigns()
        self._signs_s = self._kept_s = -1e9
        self._signed_ms = 0
        self._why_away: str | None = None
        self.told_ms = 0
        service.on_tick(self._note)

    @property
    def has_term(self) -> bool:
        """Whether we may publish: nobody has come after us yet."""
        return self._begun.is_set()

    @property
    def is_superseded(self) -> bool:
        """Whether somebody with a later term has published."""
        return self._is_superseded

    @property
    def why_away(self) -> str | None:
        """Why the bus is away; None: it is not."""
        return self._why_away

    def begin(self, term: int, position: int, seq: int) -> None:
        """Publish from now on, after our claim at a position, what tick `seq` lacks."""
        self.term, self._position, self._sent = term, position, seq
        self._is_superseded = self._is_unsure = False
        self._signs_s = self._kept_s = -1e9
        self._signed_ms = 0
        self._begun.set()

    def end(self) -> None:
        """Publish no more."""
        self._begun.clear()
        self._gone.clear()
        self._turned.set()

    async def run(self) -> None:
        """Publish for ever, while there is a term."""
        patience = Patience(waits_s=WAITS_S, cap_s=WAITS_S[-1])
        while True:
            await self._begun.wait()
            await self._until_due()
            if not self.has_term:
                continue
            try:
                await self._publish()
                patience.succeeded()
                self._answered()
            except BusUnavailable as exc:
                self._failed(str(exc))
                await self._clock.sleep(patience.failed(self._clock.monotonic()))

    async def _publish(self) -> None:
        if self._is_unsure:
            await self._look_up()
        if not self.has_term:
            return
        news = self._news()
        keeping = self._state_due()
        self._is_unsure = True
        try:
            self._position = await self._bus.publish(news, self._position)
        except Superseded:
            # By somebody else, or by news of our own whose answer was lost.
            self.count.refused += 1
            await self._look_up()
            return
        self._is_unsure = False
        self.count.published += 1
        self._told(news)
        if keeping is not None:
            await self._keep(replace(keeping, position=self._position))

    async def _look_up(self) -> None:
        """Find out from the row what of ours was taken, and who published last."""
        last = await self._bus.last()
        if last.term == self.term:
            self._position, self._sent = last.position, max(self._sent, last.seq)
            self._is_unsure = False
            return
        # Either somebody came after us, or the row was lost with all that was in it.
        self._is_superseded = last.term > self.term
        if not self._is_superseded:
            _log.warning("bus.row_lost", extra={"position": last.position})
        self.end()

    def _news(self) -> BoardNews:
        board, now_ms = self._service.board, self._clock.now_ms()
        last = self._service.last_tick
        changed = tuple(board.changed_since(self._sent))[::-1]
        return BoardNews(
            term=self.term,
            since=self._sent,
            seq=board.seq,
            at_ms=last.at_ms if changed and last is not None else now_ms,
            changed=changed,
            removed=tuple(s for s in self._gone if board.premium(s) is None),
            signs=self._signs_due(),
        )

    def _signs_due(self) -> BoardSigns | None:
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic()
        rates = tuple(self._service.board.rates(now_ms, now_s))
        due = now_s >= self._signs_s + SIGNS_INTERVAL_S
        if not due and rates == self._signs.rates:
            return None
        shared = self._service.shared
        self._signs_s = now_s
        self._signs = BoardSigns(
            used=shared.summary().fx_rate,
            rates=rates,
            skew_ms=shared.skews_ms(),
            carried=dict(shared.carried_since(self._signed_ms)),
            upstreams=self._upstreams(),
        )
        return self._signs

    def _state_due(self) -> BoardState | None:
        now_s = self._clock.monotonic()
        if now_s < self._kept_s + KEEP_INTERVAL_S:
            return None
        self._kept_s = now_s
        state = self._service.shared.state(self.term, 0, self._clock.now_ms())
        signs = replace(self._signs, carried=state.signs.carried)
        return replace(state, signs=signs)

    def _told(self, news: BoardNews) -> None:
        self._sent = news.seq
        self.told_ms = self._clock.now_ms()
        for symbol in news.removed:
            self._gone.pop(symbol, None)
        for premium in news.changed:
            self._gone.pop(premium.symbol, None)
        if news.signs is not None:
            carried = news.signs.carried.values()
            self._signed_ms = max(self._signed_ms, *carried, 0)

    async def _keep(self, state: BoardState) -> None:
        try:
            await self._bus.keep(state)
        except Superseded:
            await self._look_up()
        else:
            self.count.states_kept += 1

    def _note(self, tick: Tick) -> None:
        if self.has_term and self._service.leads:
            self._gone.update(dict.fromkeys(tick.removed))
            self._turned.set()

    async def _until_due(self) -> None:
        """Return when there is something new, or a sign of life is due."""
        if self._service.board.seq > self._sent:
            return
        self._turned.clear()
        waits = [
            asyncio.create_task(self._turned.wait(), name="bus.turned"),
            asyncio.create_task(self._clock.sleep(LIFE_SIGN_S), name="bus.life_sign"),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _failed(self, why: str) -> None:
        self.count.failures += 1
        if self._why_away is None:
            _log.warning("bus.untold", extra={"why": why, "since": self._sent})
        self._why_away = why

    def _answered(self) -> None:
        if self._why_away is not None:
            self._why_away = None
            _log.info("bus.caught_up", extra={"seq": self._sent})
