"""Binance's streams for one-off reads. Implements `domain.ports.market_reader`.

Source: exchanges.md A2 "WebSocket". A stream speaks only when its market moves: of a
quiet one nothing may come in time.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from adapters.binance.read_session import BOOK, KLINES, TICKER, topic
from adapters.binance.reader import known_symbols
from adapters.resilience.read_bound import (
    check_candles,
    check_depth,
    check_trades,
    cut,
)
from adapters.resilience.stream_read import StreamReads
from domain.model.candle import Candle, CandleRun
from domain.model.error import UnsupportedRead
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import OrderBook
from domain.model.trade import Trade

# Levels a side of the partial book streams.
MAX_STREAM_DEPTH: Final = 20


class BinanceStreamReader:
    """Binance's tickers, books and last candles by WebSocket.

    Unlike REST it cannot tell a market that is unknown from one that is silent: of
    either nothing comes in time, which is `UpstreamUnavailable`.
    """

    def __init__(self, reads: StreamReads) -> None:
        self._reads = reads

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange.BINANCE

    @property
    def channel(self) -> Channel:
        """WEBSOCKET."""
        return Channel.WEBSOCKET

    async def tickers(self, markets: Collection[str]) -> Sequence[QuoteUpdate]:
        """Return the latest ticker of each market; a bad one is counted and left out.

        Raises:
            UpstreamUnavailable: not all came in time, or none that can be used.
            UnknownMarket: a text that is no symbol of this venue.
        """
        words = {topic(TICKER, symbol): symbol for symbol in known_symbols(markets)}
        found = await self._reads.read(words)
        return [replace(update, market=words[key]) for key, update in found.items()]

    async def order_books(
        self, markets: Collection[str], depth: int
    ) -> Sequence[OrderBook]:
        """Return the book of each market with at most `depth` levels a side (1..20).

        Raises:
            UnsupportedRead: more than 20 levels.
            UpstreamUnavailable: not all came in time, or none that can be used.
            UnknownMarket: a text that is no symbol of this venue.
        """
        check_depth(depth)
        if depth > MAX_STREAM_DEPTH:
            reason = f"the streams of BINANCE have {MAX_STREAM_DEPTH} levels of a book"
            raise UnsupportedRead(reason)
        words = {topic(BOOK, symbol): symbol for symbol in known_symbols(markets)}
        found = await self._reads.read(words)
        return [
            cut(replace(book, market=words[key]), depth) for key, book in found.items()
        ]

    async def candles(
        self,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
    ) -> Sequence[Candle]:
        """Return the last candle.

        Raises:
            UnsupportedRead: more than one, or one of the past.
            UpstreamUnavailable: nothing came in time, or nothing that can be used.
            UnknownMarket: a text that is no symbol of this venue.
        """
        check_candles(count)
        if count > 1 or before_ms is not None:
            raise UnsupportedRead("the streams of BINANCE have the last candle only")
        (symbol,) = known_symbols([market])
        found = await self._reads.read([topic(KLINES[interval], symbol)])
        return [replace(candle, market=symbol) for candle in found.values()]

    async def past_candles(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Tell that the stream has none.

        Raises:
            UnsupportedRead: always.
        """
        raise UnsupportedRead("the stream of BINANCE has the last candle only")

    async def trades(self, market: str, count: int) -> Sequence[Trade]:
        """Raise: a stream tells the trades to come, not those that were.

        Raises:
            UnsupportedRead: always.
        """
        check_trades(count)
        known_symbols([market])
        raise UnsupportedRead("the streams of BINANCE have no trades of the past")

    async def close(self) -> None:
        """End the connection and every read; nothing can be read afterwards."""
        await self._reads.close()
