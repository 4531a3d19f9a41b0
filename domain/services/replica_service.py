"""The board of a process that shares one ingest with others.

To everybody who reads it is the `BoardService` they know: ticks, waiters, ages. What is
published comes from the leader, be it somebody else or this process.
"""

import asyncio
from collections.abc import Callable

from domain.model.board import Tick
from domain.model.board_news import BoardNews, BoardState
from domain.model.shared_board import LOOK_INTERVAL_S, SharedBoard
from domain.ports.clock import Clock
from domain.services.board_service import BoardService, TickListener


class ReplicaService(BoardService):
    """Follows news until it is told to lead, and again when it is told to step down."""

    def __init__(self, board: SharedBoard, clock: Clock) -> None:
        super().__init__(board, clock)
        self.shared = board
        self._on_lead: list[TickListener] = []

    @property
    def leads(self) -> bool:
        """Whether what is published here is our own."""
        return self.shared.leads

    @property
    def is_silent(self) -> bool:
        """Whether a leader is followed and was not heard within the bound."""
        return self.shared.is_silent(self._clock.monotonic())

    def on_led_tick(self, listener: TickListener) -> None:
        """Call the listener with the ticks of our own leadership only.

        It begins with one tick of all that was published before.
        """
        self._on_lead.append(listener)
        self.on_tick(_only_while(lambda: self.leads, listener))

    def take(self, news: BoardNews, *, alive: bool, last: bool = True) -> None:
        """Take the leader's news in; published at once where it is the `last` of many.

        `alive` news tell that the leader speaks now; others are from before.
        """
        self.shared.follow(news)
        if alive:
            self.shared.hear(self._clock.now_ms(), self._clock.monotonic())
        if last:
            self.tick()

    def adopt(self, state: BoardState, *, alive: bool) -> None:
        """Take the leader's whole board in, and publish what differs."""
        self.shared.adopt(state)
        if alive:
            self.shared.hear(self._clock.now_ms(), self._clock.monotonic())
        self.tick()

    def lead(self, state: BoardState | None = None) -> None:
        """Lead from now on, after the state that others were told last, if any."""
        if self.leads:
            # What we have told here meanwhile is from just now.
            self.step_down()
        if state is not None:
            self.shared.adopt(state)
        self.tick()
        self.shared.lead()
        board, clock = self.board, self._clock
        whole = Tick(
            board.seq, clock.now_ms(), clock.monotonic(), tuple(board.premiums()), ()
        )
        for listener in self._on_lead:
            listener(whole)
        self.tick()

    async def run(self) -> None:
        """Tick for ever; while following, look for silence as well."""
        async with asyncio.TaskGroup() as group:
            group.create_task(super().run(), name="board.tick")
            group.create_task(self._listen(), name="board.silence")

    async def _listen(self) -> None:
        while True:
            await self._clock.sleep(LOOK_INTERVAL_S)
            if not self.leads:
                self.tick()

    def step_down(self) -> None:
        """Follow from now on."""
        self.shared.step_down(self._clock.now_ms(), self._clock.monotonic())


def _only_while(holds: Callable[[], bool], listener: TickListener) -> TickListener:
    def told(tick: Tick) -> None:
        if holds():
            listener(tick)

    return told
