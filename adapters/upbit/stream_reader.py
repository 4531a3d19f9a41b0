"""Upbit's stream for one-off reads. Implements `domain.ports.market_reader`.

Source: exchanges.md A1 "WebSocket". The stream tells the present only: one trade, and
the candle that runs now (or ran last, where nothing was traded since).
"""

from collections.abc import Collection, Sequence

from adapters.resilience.read_bound import (
    check_candles,
    check_depth,
    check_trades,
    cut,
)
from adapters.resilience.stream_read import StreamReads
from adapters.upbit.read_session import BOOK, CANDLES, TICKER, TRADE, topic
from adapters.upbit.reader import known_codes
from domain.model.candle import Candle, CandleRun
from domain.model.error import UnsupportedRead
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import OrderBook
from domain.model.trade import Trade


class UpbitStreamReader:
    """Upbit's tickers, books, last candles and last trades by WebSocket.

    Unlike REST it cannot tell a market that is unknown from one that is silent: of
    either nothing comes in time, which is `UpstreamUnavailable`.
    """

    def __init__(self, reads: StreamReads) -> None:
        self._reads = reads

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange.UPBIT

    @property
    def channel(self) -> Channel:
        """WEBSOCKET."""
        return Channel.WEBSOCKET

    async def tickers(self, markets: Collection[str]) -> Sequence[QuoteUpdate]:
        """Return the latest ticker of each market; a bad one is counted and left out.

        Raises:
            UpstreamUnavailable: not all came in time, or none that can be used.
            UnknownMarket: a text that is no code of this venue.
        """
        words = [topic(TICKER, code) for code in known_codes(markets)]
        return list((await self._reads.read(words)).values())

    async def order_books(
        self, markets: Collection[str], depth: int
    ) -> Sequence[OrderBook]:
        """Return the book of each market with at most `depth` levels a side (1..30).

        Raises:
            UpstreamUnavailable: not all came in time, or none that can be used.
            UnknownMarket: a text that is no code of this venue.
        """
        check_depth(depth)
        words = [topic(BOOK, code) for code in known_codes(markets)]
        found = await self._reads.read(words)
        return [cut(book, depth) for book in found.values()]

    async def candles(
        self,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
    ) -> Sequence[Candle]:
        """Return the last candle, of up to four hours.

        Raises:
            UnsupportedRead: more than one, one of the past, a day or a week.
            UpstreamUnavailable: nothing came in time, or nothing that can be used.
            UnknownMarket: a text that is no code of this venue.
        """
        check_candles(count)
        if count > 1 or before_ms is not None:
            raise UnsupportedRead("the stream of UPBIT has the last candle only")
        if interval not in CANDLES:
            raise UnsupportedRead(f"the stream of UPBIT has no candles of {interval}")
        (code,) = known_codes([market])
        return list((await self._reads.read([topic(CANDLES[interval], code)])).values())

    async def past_candles(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Tell that the stream has none.

        Raises:
            UnsupportedRead: always.
        """
        raise UnsupportedRead("the stream of UPBIT has the last candle only")

    async def trades(self, market: str, count: int) -> Sequence[Trade]:
        """Return the last trade.

        Raises:
            UnsupportedRead: more than one.
            UpstreamUnavailable: nothing came in time, or nothing that can be used.
            UnknownMarket: a text that is no code of this venue.
        """
        check_trades(count)
        if count > 1:
            raise UnsupportedRead("the stream of UPBIT has the last trade only")
        (code,) = known_codes([market])
        return list((await self._reads.read([topic(TRADE, code)])).values())

    async def close(self) -> None:
        """End the connection and every read; nothing can be read afterwards."""
        await self._reads.close()
