"""Keeps a venue's markets fed: by its stream, by REST beside it and in place of it."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from domain.model.coin import Coin
from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp
from domain.model.fallback import FallbackPlan, FallbackPolicy
from domain.model.feed import DEFAULT_BOUNDS_S
from domain.model.market import Channel, Exchange
from domain.ports.clock import Clock
from domain.ports.market_source import MarketSource
from domain.ports.market_stream import MarketStream
from domain.services.board_service import BoardService

# Questions that may wait for their answers at once; then no further one is asked.
MAX_READING = 3
# A time to come back that has just passed must not make the loop spin.
LEAST_HOLD_S = 0.05
STREAM_IS_BACK = "the stream is back"
NOTHING_TOLD = "an answer without a price of any market watched"

_log = logging.getLogger(__name__)


class MarketService:
    """One venue: its stream feeds the board, REST seeds it and stands in for it.

    Every session of the stream is seeded: a stream that carries only changes would
    leave quiet markets stale until their next trade. While the stream is missing, REST
    is polled as a session of its own (`FallbackPlan` says when).
    """

    def __init__(
        self,
        source: MarketSource,
        stream: MarketStream,
        board: BoardService,
        clock: Clock,
        policy: FallbackPolicy | None = None,
    ) -> None:
        self._source = source
        self._stream = stream
        self._board = board
        self._clock = clock
        self._watched: frozenset[str] = frozenset()
        bound_s = DEFAULT_BOUNDS_S[source.exchange]
        self.fallback = FallbackPlan(policy or FallbackPolicy(bound_s))
        self._news = asyncio.Event()

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._source.exchange

    def set_coins(self, coins: Sequence[Coin]) -> None:
        """Watch the markets of the coins on the board; new ones are seeded."""
        wanted = frozenset(markets_of(coins, self.exchange))
        if wanted == self._watched:
            return
        news = wanted - self._watched
        self._watched = wanted
        self._stream.watch(wanted)
        self.fallback.started(self._clock.monotonic())
        if news:
            self.fallback.want_seed()
        self._news.set()

    def observe(self, event: FeedEvent) -> None:
        """Pass an event of the stream to the board and learn from it."""
        self._board.observe(event)
        plan = self.fallback
        if isinstance(event, FeedBatch):
            if plan.is_stream_missing:
                self._hand_over(event)
        elif isinstance(event, FeedDown):
            plan.stream_down(event.at_s)
            self._news.set()
        elif not event.renewed:
            plan.stream_up(event.at_s)
            self._news.set()

    def wake(self) -> None:
        """Ask again as soon as the pace allows: the venue seems to be back."""
        self.fallback.woken()
        self._news.set()

    async def run_stream(self) -> None:
        """Run the stream for ever."""
        await self._stream.run(self.observe)

    async def run_rest(self) -> None:
        """Ask by REST whenever the plan says so, for ever."""
        reading: set[asyncio.Task[FeedBatch]] = set()
        try:
            while True:
                self._news.clear()
                due_s = self._due_s(reading)
                now_s = self._clock.monotonic()
                if due_s is not None and due_s <= now_s:
                    reading.add(self._ask(now_s))
                    continue
                await self._wait(None if due_s is None else due_s - now_s, reading)
                for task in [task for task in reading if task.done()]:
                    reading.discard(task)
                    self._take(task)
        finally:
            await _stop(reading)

    def _due_s(self, reading: set[asyncio.Task[FeedBatch]]) -> float | None:
        if not self._watched or len(reading) >= MAX_READING:
            return None
        return self.fallback.due_s(self._clock.monotonic(), reading=bool(reading))

    def _ask(self, now_s: float) -> asyncio.Task[FeedBatch]:
        self.fallback.asked(now_s)
        name = f"{self.exchange.lower()}.read"
        return asyncio.create_task(self._read(self._watched), name=name)

    async def _read(self, markets: frozenset[str]) -> FeedBatch:
        return await self._source.quotes(markets)

    def _take(self, task: asyncio.Task[FeedBatch]) -> None:
        try:
            batch = task.result()
        except UpstreamUnavailable as exc:
            self._missed(exc.reason, exc.retry_at_ms)
            return
        if not _tells(batch):
            self._missed(NOTHING_TOLD)
            return
        # A stamp ahead of our clock would keep the stream waiting until that time.
        newest_ms = min(_newest_ms(batch), batch.received_ms)
        if self.fallback.answered(batch.received_s, newest_ms):
            _log.warning("fallback.began", extra={"venue": self.exchange})
            self._board.observe(FeedUp(self.exchange, Channel.REST, batch.received_s))
        self._board.observe(replace(batch, seed=not self.fallback.is_polling))

    def _missed(self, why: str, retry_at_ms: int | None = None) -> None:
        _log.warning("market.unread", extra={"venue": self.exchange, "why": why})
        held_s = None
        if retry_at_ms is not None:
            held_s = max(LEAST_HOLD_S, (retry_at_ms - self._clock.now_ms()) / 1000)
        now_s = self._clock.monotonic()
        if self.fallback.failed(now_s, held_s):
            self._end_polling(why)
        due_s = self.fallback.due_s(now_s) or now_s
        wait_ms = round((due_s - now_s) * 1000)
        self._source.will_ask(self._clock.now_ms() + wait_ms)

    def _hand_over(self, batch: FeedBatch) -> None:
        if _tells(batch) and self.fallback.stream_told(_newest_ms(batch)):
            self._end_polling(STREAM_IS_BACK)

    def _end_polling(self, why: str) -> None:
        _log.warning("fallback.ended", extra={"venue": self.exchange, "why": why})
        now_s = self._clock.monotonic()
        self._board.observe(FeedDown(self.exchange, Channel.REST, now_s, why))

    async def _wait(
        self, seconds: float | None, reading: set[asyncio.Task[FeedBatch]]
    ) -> None:
        name = f"{self.exchange.lower()}.wait"
        own = {asyncio.create_task(self._news.wait(), name=name)}
        waits: set[asyncio.Task[Any]] = {*own, *reading}
        if seconds is not None:
            waits.add(asyncio.create_task(self._clock.sleep(seconds), name=name))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _stop(waits - reading)


def markets_of(coins: Sequence[Coin], exchange: Exchange) -> list[str]:
    """Return the venue's markets that stand on the board, as domestic or global leg."""
    sides = [side for coin in coins if coin.domestic for side in _sides(coin)]
    return [market for venue, market in sides if venue is exchange]


def _sides(coin: Coin) -> list[tuple[Exchange, str]]:
    found = (coin.domestic, coin.global_)
    return [(side.exchange, side.market) for side in found if side is not None]


def _tells(batch: FeedBatch) -> bool:
    """Whether a price is in it: an empty answer with status 200 proves nothing."""
    return any(update.price is not None for update in batch.updates)


def _newest_ms(batch: FeedBatch) -> int:
    stamps = (update.exchange_ms for update in batch.updates if update.exchange_ms)
    return max(stamps, default=batch.received_ms)


async def _stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    found = list(tasks)
    for task in found:
        task.cancel()
    await asyncio.gather(*found, return_exceptions=True)
