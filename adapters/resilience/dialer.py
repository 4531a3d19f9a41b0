"""A venue's stream that is dialled for ever and renewed without a gap."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import structlog
import websockets.asyncio.client

from adapters.resilience.backoff import Backoff, Schedule
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import Window
from adapters.resilience.dial import Connect, Connection, Dialler, DialPlan
from adapters.resilience.error import TRANSLATED
from adapters.resilience.link import Link
from adapters.resilience.monitor import UpstreamMonitor
from adapters.resilience.pause import stop, until
from adapters.resilience.session import Received, StreamSession
from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedBatch, FeedDown, FeedUp
from domain.model.market import Channel, Exchange
from domain.ports.clock import Clock
from domain.ports.market_stream import FeedSink

__all__ = ["DialPlan", "StreamDialer"]

T = TypeVar("T")

# An older stamp tells of a market without trades, not of a slow way to us.
MAX_LATENCY_MS = 60_000


class StreamDialer:
    """Implements `domain.ports.market_stream.MarketStream` for any venue.

    At most one connection is current; an heir is dialled when the current one is old
    or the venue asks for it, and takes over with its first valid data. `on_up` runs in
    a task of its own when a session begins (not for a renewal) and ends with it; its
    `UpstreamUnavailable` is logged. `on_recovered` is called with the first valid data
    after a failure.
    """

    def __init__(
        self,
        plan: DialPlan,
        make_session: Callable[[], StreamSession],
        monitor: UpstreamMonitor,
        *,
        clock: Clock,
        random: Callable[[], float],
        breaker: AsyncBreaker,
        connect: Connect = websockets.asyncio.client.connect,
        on_up: Callable[[], Awaitable[None]] | None = None,
        on_recovered: Callable[[], None] | None = None,
        schedule: Schedule | None = None,
    ) -> None:
        self._plan = plan
        self._make_session = make_session
        self._monitor = monitor
        self._clock = clock
        self._breaker = breaker
        self._on_up = on_up
        self._on_recovered = on_recovered
        self._backoff = Backoff(schedule)
        self._dialler = Dialler(
            plan, connect, self._backoff, breaker, monitor, clock=clock, random=random
        )
        self._log = structlog.get_logger(__name__).bind(upstream=plan.name)
        self._markets: frozenset[str] = frozenset()
        self._asked = asyncio.Event()
        self._sink: FeedSink = _nothing
        self._current: Link | None = None
        self._heir: Link | None = None
        self._renewal_due = False
        self._opening: asyncio.Task[Connection] | None = None
        self._tasks: dict[asyncio.Task[Any], Callable[[Any], None]] = {}
        self._of_link: dict[Link, list[asyncio.Task[Any]]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        monitor.follow(breaker)

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._plan.exchange

    @property
    def dial_budget(self) -> Window:
        """The venue's limit of dials, for whoever else dials it."""
        return self._dialler.budget

    def watch(self, markets: Collection[str]) -> None:
        """Set all markets wanted; nothing is dialled before there is one."""
        wanted = frozenset(markets)
        if wanted == self._markets:
            return
        self._markets = wanted
        self._asked.set()
        for link in (self._current, self._heir):
            if link is not None:
                link.watch(wanted)

    def wake(self) -> None:
        """Dial at once if a dial is being waited for: the venue seems to be back."""
        if self._opening is not None:
            self._dialler.wake()

    async def run(self, sink: FeedSink) -> None:
        """Feed the sink until cancelled; a surprise in any part ends it."""
        self._sink = sink
        try:
            await self._asked.wait()
            while True:
                self._dial_if_needed()
                await self._follow_tasks()
        finally:
            await self._stop()

    # Connections

    def _dial_if_needed(self) -> None:
        wanted = self._current is None or self._renewal_due
        if wanted and self._heir is None and self._opening is None:
            self._opening = self._spawn(self._dialler.open(), "dial", self._opened)

    def _opened(self, connection: Connection) -> None:
        self._opening = None
        link = Link(
            self._plan, connection, self._make_session(), self._hear, clock=self._clock
        )
        link.watch(self._markets)
        ended = self._spawn(link.run(), "link", partial(self._ended, link))
        self._of_link[link] = [ended]
        if self._current is None:
            self._begin(link)
        else:
            self._heir = link

    def _begin(self, link: Link) -> None:
        self._take_over(link, renewed=False)
        if self._on_up is not None:
            seed = self._spawn(self._bring_up(self._on_up), "up", _nothing)
            self._of_link[link].append(seed)

    def _inherit(self, link: Link) -> None:
        old = self._current
        self._heir = None
        self._take_over(link, renewed=True)
        if old is not None:
            self._dismiss(old)

    def _take_over(self, link: Link, *, renewed: bool) -> None:
        self._current = link
        self._renewal_due = False
        self._monitor.connected(renewed=renewed)
        up = FeedUp(
            self.exchange, Channel.WEBSOCKET, self._clock.monotonic(), renewed=renewed
        )
        self._tell(up)
        timer = self._spawn(self._grow_old(link), "renew", self._renew)
        self._of_link[link].append(timer)

    async def _grow_old(self, link: Link) -> None:
        name = f"{self._plan.name}.wait"
        await until(self._clock, self._plan.renew_after_s, link.renewal, name=name)

    def _renew(self, _: None) -> None:
        self._renewal_due = True

    async def _bring_up(self, on_up: Callable[[], Awaitable[None]]) -> None:
        try:
            await on_up()
        except UpstreamUnavailable as exc:
            self._log.warning("stream.not_seeded", reason=str(exc))

    def _ended(self, link: Link, reason: str) -> None:
        if link not in self._of_link:
            return  # its heir took over in the same turn
        self._dialler.failed(reason)
        if link is self._heir:
            self._heir = None
            self._monitor.failed(f"renewal: {reason}")
        else:
            self._go_down(reason)
        self._dismiss(link)

    def _go_down(self, reason: str) -> None:
        self._current = None
        self._monitor.disconnected(reason)
        self._log.info("stream.down", reason=reason)
        self._tell(
            FeedDown(self.exchange, Channel.WEBSOCKET, self._clock.monotonic(), reason)
        )
        heir, self._heir = self._heir, None
        if heir is not None:
            self._begin(heir)

    def _dismiss(self, link: Link) -> None:
        for task in self._of_link.pop(link):
            task.cancel()
        closing = asyncio.create_task(link.close(), name=f"{self._plan.name}.close")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    # Data

    def _hear(
        self, link: Link, received: Received, received_ms: int, received_s: float
    ) -> None:
        if link not in self._of_link:
            return  # dismissed; its last frames are older than its heir's
        for reject in received.rejects:
            self._monitor.rejected(reject)
        if received.error is not None:
            self._monitor.complained(received.error)
        if received.reconnect is not None:
            link.renewal.set()
        if not received.batches:
            return
        latency_ms = _latency_ms(received.batches, received_ms)
        self._monitor.message(received_ms, received_s, latency_ms)
        if not link.delivered:
            self._delivered(link)
        if link is self._heir:
            self._inherit(link)
        for batch in received.batches:
            self._tell(batch)

    def _delivered(self, link: Link) -> None:
        link.delivered = True
        missed = self._backoff.outage_since_s is not None
        self._backoff.delivered()
        self._breaker.close()
        if missed and self._on_recovered is not None:
            self._on_recovered()

    def _tell_down(self, reason: str) -> None:
        now_s = self._clock.monotonic()
        self._tell(FeedDown(self.exchange, Channel.WEBSOCKET, now_s, reason))

    def _tell(self, event: FeedUp | FeedDown | FeedBatch) -> None:
        self._sink(event)

    # Tasks

    def _spawn(
        self, work: Coroutine[Any, Any, T], name: str, then: Callable[[T], None]
    ) -> asyncio.Task[T]:
        """Start a task of ours; `then` gets its result, in the turn of `run`."""
        task = asyncio.create_task(work, name=f"{self._plan.name}.{name}")
        self._tasks[task] = then
        return task

    async def _follow_tasks(self) -> None:
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in [task for task in self._tasks if task.done()]:
            then = self._tasks.pop(task)
            if not task.cancelled():
                then(task.result())

    async def _stop(self) -> None:
        """Cancel what runs, close what is open, and say that the feed is down."""
        tasks, self._tasks = list(self._tasks), {}
        await stop(tasks)
        opening, self._opening = self._opening, None
        if opening is not None and not opening.cancelled() and not opening.exception():
            with suppress(*TRANSLATED):
                await opening.result().close()
        for link in list(self._of_link):
            self._dismiss(link)
        await asyncio.gather(*self._closing, return_exceptions=True)
        was_up, self._current, self._heir = self._current is not None, None, None
        self._renewal_due = False
        if was_up:
            self._monitor.disconnected("stopped")
            self._tell_down("stopped")


def _nothing(_: object) -> None:
    """For what has no consequence."""


def _latency_ms(batches: tuple[FeedBatch, ...], received_ms: int) -> float | None:
    updates = batches[-1].updates
    stamp_ms = updates[-1].exchange_ms if updates else None
    if stamp_ms is None or received_ms - stamp_ms > MAX_LATENCY_MS:
        return None
    return float(max(0, received_ms - stamp_ms))
