"""Follows the leader's board over the bus: from a whole state, news after news.

It resumes where it was: news are numbered, and one that is missing makes it begin anew
with the state that is kept for late comers.
"""

import asyncio
import logging
from contextlib import aclosing
from typing import Final

from domain.model.board_news import BoardState, HeardNews, NewsMissing, fold
from domain.model.bus_count import BusCount
from domain.model.patience import Patience
from domain.ports.board_bus import BoardBus, BusUnavailable
from domain.ports.clock import Clock
from domain.services.replica_service import ReplicaService

# A bus that is away is asked again: it may be back any moment.
WAITS_S: Final = (0.1, 0.2, 0.5, 1.0)
CAP_S: Final = 5.0
# A state that was read is published with the first news heard beside it: then it is
# known whether its leader lives. Without any it is published after this, as silent.
FIRST_WORD_S: Final = 1.5
# Serving begins without a board when the bus has none after this.
PREPARE_S: Final = 2.5
# More news than these waiting is a row we are behind of: its news were not told now.
MAX_WAITING: Final = 20
# While behind, so many news are published as one.
MAX_MERGED: Final = 100
# How often a leader looks whether it has to follow again.
LOOK_S: Final = 0.1

_log = logging.getLogger(__name__)


class BoardFollower:
    """Keeps a replica's board in step with its leader."""

    def __init__(
        self,
        bus: BoardBus,
        service: ReplicaService,
        clock: Clock,
        count: BusCount | None = None,
    ) -> None:
        self.count = BusCount() if count is None else count
        self._bus = bus
        self._service = service
        self._clock = clock
        self._state: BoardState | None = None
        self._position = 0
        self._seq = 0
        self._term = 0
        self._merged = 0
        self._in_step = asyncio.Event()
        self._why_away: str | None = None

    @property
    def term(self) -> int:
        """The term of the news followed last, 0 before the first."""
        return self._term

    @property
    def why_away(self) -> str | None:
        """Why the bus is away; None: it is not."""
        return self._why_away

    async def prepare(self, timeout_s: float = PREPARE_S) -> None:
        """Have a board before anybody asks: return with it, or without it in time."""
        following = asyncio.create_task(self.run(), name="bus.prepare")
        waiting = asyncio.create_task(self._in_step.wait(), name="bus.in_step")
        timing = asyncio.create_task(self._clock.sleep(timeout_s), name="bus.patience")
        tasks = [following, waiting, timing]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self) -> None:
        """Follow for ever, but while this process leads."""
        patience = Patience(waits_s=WAITS_S, cap_s=CAP_S)
        while True:
            if self._service.leads:
                self._position = 0
                await self._clock.sleep(LOOK_S)
                continue
            began_s = self._clock.monotonic()
            try:
                await self._follow()
            except NewsMissing as exc:
                self._position = 0
                _log.warning("bus.news_missing", extra={"why": str(exc)})
            except BusUnavailable as exc:
                self._failed(str(exc))
            if self._clock.monotonic() - began_s > CAP_S:
                patience.succeeded()
            if not self._service.leads:
                await self._clock.sleep(patience.failed(self._clock.monotonic()))

    async def _follow(self) -> None:
        """Follow until somebody or something ends it."""
        if self._why_away is not None:
            await self._bus.term()
            self._answered()
        if not self._position:
            self._state = await self._bus.read()
            self.count.resyncs += 1
            self._position, self._seq = self._state.position, self._state.seq
            self._term = max(self._term, self._state.term)
        timer = asyncio.create_task(self._adopt_in_time(), name="bus.first_word")
        try:
            async with aclosing(self._bus.follow(self._position)) as row:
                async for heard in row:
                    if self._service.leads:
                        return
                    self._hear(heard)
        finally:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)

    def _hear(self, heard: HeardNews) -> None:
        news = heard.news
        if news.term < self._term:
            self.count.outdated += 1
            self._position = heard.position
            return
        if news.since > self._seq:
            raise NewsMissing(
                f"tick {self._seq} is known here, the news begin at {news.since}"
            )
        # A claim says nothing of what the leader before it told.
        claims = news.term > self._term and not news.changed
        alive = not (heard.replayed or heard.waiting > MAX_WAITING or claims)
        self.count.followed += 1
        if self._state is not None:
            self._state = fold(self._state, [heard])
            if alive:
                self._adopt(alive=True)
        else:
            self._merged += 1
            last = not heard.waiting or self._merged >= MAX_MERGED
            self._service.take(news, alive=alive, last=last)
            self._merged = 0 if last else self._merged
        self._position = heard.position
        self._seq, self._term = max(self._seq, news.seq), news.term

    async def _adopt_in_time(self) -> None:
        await self._clock.sleep(FIRST_WORD_S)
        if self._state is not None and not self._service.leads:
            self._adopt(alive=False)

    def _adopt(self, *, alive: bool) -> None:
        state, self._state = self._state, None
        if state is not None and state.seq:
            self._service.adopt(state, alive=alive)
            self._in_step.set()

    def _failed(self, why: str) -> None:
        self.count.failures += 1
        if self._why_away is None:
            _log.warning("bus.away", extra={"why": why})
        self._why_away = why

    def _answered(self) -> None:
        self._why_away = None
        _log.info("bus.back")
