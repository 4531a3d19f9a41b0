"""A venue's live side without a venue."""

import asyncio
from collections.abc import Collection

from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.market import Channel, Exchange
from domain.ports.clock import Clock
from domain.ports.market_stream import FeedSink


class MemoryMarketStream:
    """`MarketStream` whose ups, downs and messages are made by hand.

    Like the real ones it comes up by itself once it runs and a market is watched, tells
    of watched markets only, and says that it is down when it stops. After a `cut` it
    waits for `connect`.
    """

    def __init__(
        self, exchange: Exchange, clock: Clock, channel: Channel = Channel.WEBSOCKET
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._channel = channel
        self._sink: FeedSink | None = None
        self._running = asyncio.Event()
        self._reachable = True
        self._up = False
        self.watched: frozenset[str] = frozenset()

    # What the venue does

    @property
    def is_up(self) -> bool:
        """Whether a session is up."""
        return self._up

    async def until_running(self) -> None:
        """Wait until somebody runs the stream; bound it with `asyncio.timeout`."""
        await self._running.wait()

    def connect(self) -> None:
        """Let the stream come up, now or as soon as it runs."""
        self._reachable = True
        self._come_up()

    def renew(self) -> None:
        """Continue the session that is up on another connection."""
        if self._up:
            self._tell_up(renewed=True)

    def cut(self, reason: str = "cut") -> None:
        """Break the connection, and let none come up until `connect`."""
        self._reachable = False
        self._go_down(reason)

    def send(self, *updates: QuoteUpdate) -> None:
        """Send one message; nothing arrives while no session is up.

        A message of markets that nobody watches arrives empty: it proves the feed.
        """
        if self._up:
            self._tell(
                FeedBatch(
                    exchange=self._exchange,
                    channel=self._channel,
                    received_ms=self._clock.now_ms(),
                    received_s=self._clock.monotonic(),
                    updates=tuple(u for u in updates if u.market in self.watched),
                )
            )

    # What the stream does

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return self._exchange

    def watch(self, markets: Collection[str]) -> None:
        """Set all markets wanted; may change later."""
        self.watched = frozenset(markets)
        self._come_up()

    async def run(self, sink: FeedSink) -> None:
        """Feed the sink until cancelled."""
        self._sink = sink
        self._running.set()
        try:
            self._come_up()
            await asyncio.Event().wait()
        finally:
            self._go_down("stopped")
            self._sink = None
            self._running.clear()

    def _come_up(self) -> None:
        if self._sink and self.watched and self._reachable and not self._up:
            self._up = True
            self._tell_up(renewed=False)

    def _tell_up(self, *, renewed: bool) -> None:
        at_s = self._clock.monotonic()
        self._tell(FeedUp(self._exchange, self._channel, at_s, renewed))

    def _go_down(self, reason: str) -> None:
        if self._up:
            self._up = False
            at_s = self._clock.monotonic()
            self._tell(FeedDown(self._exchange, self._channel, at_s, reason))

    def _tell(self, event: FeedEvent) -> None:
        if self._sink is not None:
            self._sink(event)
