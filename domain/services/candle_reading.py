"""Reads candles: closed ones and the running one each their own way, then joined.

Closed candles do not change: a cache keeps them long. The running one is never older
than its own time to live, and is left out rather than told of when it cannot be had.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from domain.model.candle import Candle
from domain.model.candle_series import (
    CandleSeries,
    CandleSpan,
    joined,
    lacks_running,
)
from domain.model.error import UnsupportedRead, UpstreamUnavailable
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange, Quality
from domain.model.route import Decision, Question, ReadKind
from domain.model.shelf import Shelf
from domain.ports.clock import Clock
from domain.ports.market_reader import MarketReader
from domain.services.cache import Cache, CacheReporter
from domain.services.channel_line import ChannelLine
from domain.services.channel_router import ChannelRouter, Served

# The running candle and the one before it: a new one may begin while it is asked for.
RUNNING_READ = 2

Candles = tuple[Candle, ...]
CandleKey = tuple[Exchange, str, Interval, int, int | None]


@dataclass(frozen=True, slots=True)
class CandleLimits:
    """Times in seconds, and how many series are kept; at the cap the oldest goes.

    `closed_ttl_s`, `running_ttl_s`: how long REST answers are good. For `settle_s`
    after a candle's end closed ones are only as good as running ones: the venue may
    still be putting its last trades into them. `streamed`: so many candles a venue's
    stream is taken to have, the running one among them, until it refuses them.
    """

    closed_ttl_s: float = 60.0
    running_ttl_s: float = 1.0
    settle_s: float = 2.0
    streamed: int = 1
    max_series: int = 128


class CandleReading:
    """Candles of all venues by the router's decisions."""

    def __init__(
        self, router: ChannelRouter, clock: Clock, limits: CandleLimits
    ) -> None:
        self._router = router
        self._clock = clock
        self._limits = limits
        self._closed: Cache[CandleKey, Candles] = Cache(
            "candles.closed",
            ttl_s=limits.closed_ttl_s,
            max_entries=limits.max_series,
            clock=clock,
        )
        self._running: Cache[CandleKey, Candles] = Cache(
            "candles.running",
            ttl_s=limits.running_ttl_s,
            max_entries=limits.max_series,
            clock=clock,
        )
        self._kept: Shelf[CandleKey, Candles] = Shelf(
            ttl_s=inf, max_entries=limits.max_series
        )
        # What a venue's stream turned out to have, by interval: less than was thought.
        self._streamed_most: dict[tuple[Exchange, Interval], int] = {}

    @property
    def caches(self) -> Sequence[CacheReporter]:
        """The caches, for metrics."""
        return (self._closed, self._running)

    async def read(self, span: CandleSpan, forced: Channel | None) -> CandleSeries:
        """Return the candles of a span.

        Raises:
            UpstreamUnavailable: no channel answered and nothing is stored.
            UnsupportedRead: no channel has such candles.
            UnknownMarket: the venue has no such market.
        """
        question = Question(
            ReadKind.CANDLES,
            span.count,
            forced,
            streamable=self._is_streamable(span),
        )
        decision = self._router.decide(span.exchange, question)
        if decision.open_candle and span.running and span.count > 1:
            return await self._parted(span, decision)
        channels = decision.channels
        if decision.open_candle and span.running:
            channels = decision.open_candle
        return await self._whole(span, channels, forced)

    async def _whole(
        self, span: CandleSpan, channels: Sequence[Channel], forced: Channel | None
    ) -> CandleSeries:
        stored = partial(self._stored, span) if forced is None else _nothing
        if span.running and span.count == 1:
            channels = self._fresh_first(span, channels)
        served = await self._ask(span, channels, partial(self._any, span), stored)
        return _series(span, joined(span, (), served.value), [served])

    async def _parted(self, span: CandleSpan, decision: Decision) -> CandleSeries:
        closed, running = await asyncio.gather(
            self._ask(
                span,
                decision.channels,
                partial(self._closed_by, span),
                partial(self._stored, span),
            ),
            self._running_one(span, decision.open_candle),
        )
        if running is not None and lacks_running(span, running.value):
            running = await self._running_one(span, (Channel.REST,))
        if running is None:
            lame = _series(span, joined(span, closed.value, ()), [closed])
            return replace(lame, quality=Quality.STALE)
        candles = joined(span, closed.value, running.value)
        return _series(span, candles, [closed, running])

    async def _running_one(
        self, span: CandleSpan, channels: Sequence[Channel]
    ) -> Served[Candles] | None:
        """Return the running candle, None where it cannot be had."""
        ways = self._fresh_first(span, channels)
        try:
            return await self._ask(
                span, ways, partial(self._running_by, span), _nothing
            )
        except (UpstreamUnavailable, UnsupportedRead):
            return None

    async def _ask(
        self,
        span: CandleSpan,
        channels: Sequence[Channel],
        read: Callable[[ChannelLine], Awaitable[Candles]],
        stored: Callable[[], Served[Candles] | None],
    ) -> Served[Candles]:
        return await self._router.ask(
            span.exchange, ReadKind.CANDLES, channels, read, stored
        )

    # What one channel is asked for

    async def _any(self, span: CandleSpan, line: ChannelLine) -> Candles:
        """Return all that is wanted from one channel."""
        if not span.running:
            return await self._closed_by(span, line)
        if line.channel is not Channel.REST:
            return await self._streamed(span, line)
        if span.count == 1:
            return await self._running_by(span, line)
        closed, running = await asyncio.gather(
            self._closed_by(span, line), self._running_by(span, line)
        )
        return joined(span, closed, running)

    async def _streamed(self, span: CandleSpan, line: ChannelLine) -> Candles:
        try:
            if span.count == 1:
                return await self._running_by(span, line)
            return await _call(line, span, span.count, None)
        except UnsupportedRead:
            key = (span.exchange, span.interval)
            known = self._streamed_most.get(key, self._limits.streamed)
            self._streamed_most[key] = min(known, span.count - 1)
            raise

    async def _closed_by(self, span: CandleSpan, line: ChannelLine) -> Candles:
        load = partial(_call, line, span, span.count, span.end_ms)
        if line.channel is not Channel.REST:
            return await load()
        key = _key(span, span.end_ms)
        cache = self._running if self._is_settling(span) else self._closed
        found = await cache.get(key, load)
        self._kept.put(_kept_key(span), found, self._clock.monotonic())
        return found

    async def _running_by(self, span: CandleSpan, line: ChannelLine) -> Candles:
        key = _running_key(span, line.channel)
        return await self._running.get(key, partial(_call, line, span, key[3], None))

    def _fresh_first(
        self, span: CandleSpan, channels: Sequence[Channel]
    ) -> Sequence[Channel]:
        """Put a channel first whose last word is still good: nobody need be asked."""
        stale = {c: self._running.peek(_running_key(span, c)) is None for c in channels}
        return sorted(channels, key=stale.__getitem__)

    def _stored(self, span: CandleSpan) -> Served[Candles] | None:
        kept = self._kept.look(_kept_key(span), self._clock.monotonic())
        return None if kept is None else Served(kept.value, Channel.CACHE)

    def _is_streamable(self, span: CandleSpan) -> bool:
        key = (span.exchange, span.interval)
        most = self._streamed_most.get(key, self._limits.streamed)
        return span.running and span.count <= most

    def _is_settling(self, span: CandleSpan) -> bool:
        """Whether the newest of the closed candles has only just ended."""
        since_ms = span.asked_ms - span.end_ms
        return since_ms < self._limits.settle_s * 1_000


async def _call(
    line: ChannelLine, span: CandleSpan, count: int, before_ms: int | None
) -> Candles:
    async def read(reader: MarketReader) -> Candles:
        found = await reader.candles(span.market, span.interval, count, before_ms)
        return tuple(found)

    return await line.call(ReadKind.CANDLES, read)


def _series(
    span: CandleSpan, candles: Candles, served: Sequence[Served[Candles]]
) -> CandleSeries:
    channels = tuple(dict.fromkeys(part.channel for part in served))
    stored = Channel.CACHE in channels
    quality = Quality.STALE if stored else Quality.LIVE
    return CandleSeries(
        span.exchange, span.market, span.interval, candles, channels, quality
    )


def _key(span: CandleSpan, end_ms: int) -> CandleKey:
    return (span.exchange, span.market, span.interval, span.count, end_ms)


def _running_key(span: CandleSpan, channel: Channel) -> CandleKey:
    # The counts differ: what one channel told is not told for the other one.
    count = RUNNING_READ if channel is Channel.REST else 1
    return (span.exchange, span.market, span.interval, count, None)


def _kept_key(span: CandleSpan) -> CandleKey:
    # The last ones before now, whenever that was; else those before a fixed instant.
    end_ms = None if span.running else span.end_ms
    return (span.exchange, span.market, span.interval, span.count, end_ms)


def _nothing() -> None:
    return None
