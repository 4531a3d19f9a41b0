"""Subscriptions to premiums: a snapshot, then merged changes at the client's pace.

Nobody waits for a slow reader: each subscriber knows the tick up to which it was told,
and its next event holds everything that changed since, however late it asks.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from domain.model.error import UnknownCoin
from domain.model.pace import throttle_wait_s
from domain.model.premium import Premium
from domain.model.premium_query import PremiumFilter, PremiumView
from domain.ports.clock import Clock
from domain.services.board_service import BoardService

# A throttle ends when a tick is due: so long it is waited for, to be in the event.
TICK_GRACE_S = 0.005


@dataclass(frozen=True, slots=True)
class PremiumsEvent:
    """The whole filtered board (`snapshot`), or what changed in it."""

    seq: int
    at_ms: int
    snapshot: bool
    premiums: Sequence[Premium]
    removed: Sequence[str]


class PremiumWatch:
    """Makes the event streams of subscribers."""

    def __init__(self, service: BoardService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    async def premiums(
        self, wanted: PremiumFilter, throttle_ms: int
    ) -> AsyncGenerator[PremiumsEvent, None]:
        """Yield the filtered board, then every change of it, for ever."""
        board = self._service.board
        view = PremiumView(wanted)
        found = view.snapshot(board.premiums(), board.seq)
        told_s = self._service.tick_s()
        yield PremiumsEvent(board.seq, self._service.at_ms(), True, found, ())
        while True:
            now_s = await self._next_due(view.tick, told_s, throttle_ms)
            changed, removed = view.delta(
                board.changed_since(view.tick),
                board.symbols,
                board.seq,
            )
            if changed or removed:
                told_s = now_s
                yield PremiumsEvent(
                    board.seq, self._service.at_ms(), False, changed, removed
                )

    async def premium(
        self, symbol: str, throttle_ms: int
    ) -> AsyncGenerator[Premium, None]:
        """Yield one coin's premium now and after every change.

        The stream ends when the coin leaves the board.

        Raises:
            UnknownCoin: no such coin on the board.
        """
        board = self._service.board
        symbol = symbol.upper()
        told = board.premium(symbol)
        if told is None:
            raise UnknownCoin(symbol)
        told_s, tick = self._service.tick_s(), board.seq
        yield told
        while True:
            now_s = await self._next_due(tick, told_s, throttle_ms)
            tick = board.seq
            fresh = board.premium(symbol)
            if fresh is None:
                return
            if fresh.tick > told.tick:
                told, told_s = fresh, now_s
                yield fresh

    async def _next_due(self, tick: int, told_s: float, throttle_ms: int) -> float:
        """Wait for a tick after `tick` and for the throttle; return what counts next.

        Throttles count from tick to tick, not from sending to sending: otherwise a
        subscriber that came between two ticks would stay between them for ever.
        """
        await self._service.wait_tick(tick)
        wait = throttle_wait_s(self._clock.monotonic(), told_s, throttle_ms)
        if wait:
            await self._clock.sleep(wait + TICK_GRACE_S)
        return max(self._service.tick_s(), told_s + throttle_ms / 1000 if wait else 0.0)
