"""One-off reads of a venue's market data over one channel."""

from collections.abc import Collection, Sequence
from typing import Protocol

from domain.model.candle import Candle, CandleRun
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import OrderBook
from domain.model.trade import Trade


class MarketReader(Protocol):
    """One channel (REST, WEBSOCKET) of a venue. Markets are the venue's own codes.

    Every method raises `UpstreamUnavailable` when the venue gives no usable answer in
    time, `UnsupportedRead` where this channel cannot answer such a question at all,
    and `UnknownMarket` where the venue has no such market.
    """

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        ...

    @property
    def channel(self) -> Channel:
        """How it asks: REST or WEBSOCKET."""
        ...

    async def tickers(self, markets: Collection[str]) -> Sequence[QuoteUpdate]:
        """Return the latest ticker of each market, in no particular order."""
        ...

    async def order_books(
        self, markets: Collection[str], depth: int
    ) -> Sequence[OrderBook]:
        """Return the book of each market with at most `depth` levels a side (1..30)."""
        ...

    async def candles(
        self,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
    ) -> Sequence[Candle]:
        """Return the last candles opened before an instant (None: now), ascending.

        At most `count`, fewer where the venue has holes or no more; unordered and
        repeated answers of the venue are put right. `before_ms` is exclusive.
        """
        ...

    async def past_candles(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Return the candles with `from_ms` ≤ opened < `to_ms`, ascending.

        A span of at most 10,000 openings, asked for by the fewest questions possible.
        """
        ...

    async def trades(self, market: str, count: int) -> Sequence[Trade]:
        """Return the last trades, oldest first, at most `count` (1..500)."""
        ...
