"""A venue's live side without a venue."""

import asyncio
from collections.abc import Collection

from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.market import Channel, Exchange
from domain.ports.clock import Clock
from domain.ports.market_stream import FeedSink


class MemoryMarketStream:
    """`MarketStream` whose ups, downs and messages are made by hand.

    It connects as soon as it runs, unless it was `cut` before; like the real ones it
    tells of watched markets only.
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

    def connect(self, *, renewed: bool = False) -> None:
        """Let the stream come up; `renewed` continues the session before."""
        self._reachable = True
        if self._sink is not None and (renewed or not self._up):
            self._up = True
            at_s = self._clock.monotonic()
            self._tell(FeedUp(self._exchange, self._channel, at_s, renewed))

    def cut(self, reason: str = "cut") -> None:
        """Break the connection, and let none come up until `connect`."""
        self._reachable = False
        if self._up:
            self._up = False
            at_s = self._clock.monotonic()
            self._tell(FeedDown(self._exchange, self._channel, at_s, reason))

    def send(self, *updates: QuoteUpdate) -> None:
        """Send one message; nothing arrives while no session is up."""
        told = tuple(update for update in updates if update.market in self.watched)
        if self._up and told:
            self._tell(
                FeedBatch(
                    exchange=self._exchange,
                    channel=self._channel,
                    received_ms=self._clock.now_ms(),
                    received_s=self._clock.monotonic(),
                    updates=told,
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

    async def run(self, sink: FeedSink) -> None:
        """Feed the sink until cancelled."""
        self._sink = sink
        self._running.set()
        try:
            if self._reachable:
                self.connect()
            await asyncio.Event().wait()
        finally:
            self._sink = None
            self._up = False
            self._running.clear()

    def _tell(self, event: FeedEvent) -> None:
        if self._sink is not None:
            self._sink(event)
