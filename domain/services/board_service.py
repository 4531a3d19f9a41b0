"""Runs the board: events in, ticks out, everyone who waits is woken."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from decimal import Decimal

from domain.model.board import PremiumBoard, Tick
from domain.model.coin import Coin
from domain.model.event import FeedEvent
from domain.model.fx import FxQuote
from domain.model.market import Exchange, MarketKey, Reason
from domain.model.pace import tick_due_s
from domain.ports.clock import Clock

# Without events quality still changes with time: bounds run out, rates grow old.
IDLE_TICK_S = 0.5

_log = logging.getLogger(__name__)

TickListener = Callable[[Tick], None]
EventListener = Callable[[FeedEvent], None]


class BoardService:
    """The one writer of the board and its clockwork.

    Store-then-publish: the board is updated before any subscriber hears of it.
    Inputs are synchronous and may be called from any task of the event loop.
    """

    def __init__(self, board: PremiumBoard, clock: Clock) -> None:
        self.board = board
        self._clock = clock
        self._touched = asyncio.Event()
        self._ticked = asyncio.Event()
        self._listeners: list[TickListener] = []
        self._hearers: list[EventListener] = []
        self._last_tick_s: float | None = None
        self._doubted: set[str] = set()
        self.last_tick: Tick | None = None

    def observe(self, event: FeedEvent) -> None:
        """Take a feed event; this is the sink given to streams."""
        self.board.observe(event)
        for hear in self._hearers:
            hear(event)
        self._touched.set()

    def set_coins(self, coins: Iterable[Coin]) -> None:
        """Take the catalogue."""
        self.board.set_coins(coins)
        self._touched.set()

    def answer_rate(self, quote: FxQuote) -> None:
        """Take a rate source's answer.

        Raises:
            RateRefused: outside the sanity bounds.
        """
        self.board.answer_rate(quote, self._clock.monotonic())
        self._touched.set()

    def set_open_24h(self, key: MarketKey, price: Decimal) -> None:
        """Tell a market's price 24 hours ago."""
        self.board.set_open_24h(key, price)
        self._touched.set()

    def set_open_utc(self, key: MarketKey, price: Decimal, utc_day: int) -> None:
        """Tell a market's price at 00:00 UTC of a day."""
        self.board.set_open_utc(key, price, utc_day)
        self._touched.set()

    def set_skew(self, exchange: Exchange, skew_ms: int) -> None:
        """Tell by how much our clock is ahead of a venue's."""
        self.board.set_skew(exchange, skew_ms)

    def on_tick(self, listener: TickListener) -> None:
        """Call the listener with every published tick, before waiters are woken."""
        self._listeners.append(listener)

    def on_event(self, listener: EventListener) -> None:
        """Call the listener with every feed event, after the board has taken it."""
        self._hearers.append(listener)

    async def wait_tick(self, after: int) -> None:
        """Return once a tick with a larger number than `after` is published."""
        while self.board.seq <= after:
            await self._ticked.wait()

    def tick_s(self) -> float:
        """Return when the last tick was published (monotonic), now before the first."""
        last = self.last_tick
        return self._clock.monotonic() if last is None else last.at_s

    def at_ms(self) -> int:
        """Return when the last tick was published (Unix ms), now before the first."""
        last = self.last_tick
        return self._clock.now_ms() if last is None else last.at_ms

    def tick(self) -> Tick | None:
        """Publish what changed, now."""
        now_s = self._clock.monotonic()
        tick = self.board.tick(self._clock.now_ms(), now_s)
        if tick is None:
            return None
        self._last_tick_s = now_s
        self.last_tick = tick
        self._log_doubts(tick)
        for listener in self._listeners:
            listener(tick)
        self._ticked.set()
        # A fresh event for the next round: those who wait on the old one go on.
        self._ticked = asyncio.Event()
        return tick

    def _log_doubts(self, tick: Tick) -> None:
        for premium in tick.changed:
            doubted = premium.reason is Reason.IDENTITY_UNSURE
            if doubted is (premium.symbol in self._doubted):
                continue
            self._doubted.symmetric_difference_update([premium.symbol])
            event = "guard.entered" if doubted else "guard.left"
            _log.warning(event, extra={"symbol": premium.symbol})

    async def run(self) -> None:
        """Tick for ever: at once after a quiet spell, else every 100 ms."""
        while True:
            await self._wait_touched()
            self._touched.clear()
            due = tick_due_s(self._clock.monotonic(), self._last_tick_s)
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            self._touched.clear()
            self.tick()

    async def _wait_touched(self) -> None:
        try:
            async with asyncio.timeout(IDLE_TICK_S):
                await self._touched.wait()
        except TimeoutError:
            return
