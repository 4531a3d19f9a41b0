"""Binance's REST side for one-off reads. Implements `domain.ports.market_reader`.

Source: exchanges.md A2 "REST"; weights are of 6,000 a minute for the address. One
unknown symbol fails a whole list with -1121.
"""

import asyncio
import re
from collections.abc import Awaitable, Collection, Sequence
from functools import partial
from typing import Final, NoReturn, TypeVar

import msgspec

from adapters.binance.answer import (
    DAYS,
    DEPTHS,
    KLINES,
    TRADES,
    DayRow,
    Depth,
    KlineRow,
    TradeRow,
)
from adapters.binance.book import order_book
from adapters.binance.candle import candle
from adapters.binance.question import ANSWER_RULE, UPSTREAM, is_unknown_symbol
from adapters.binance.quote import of_day_row
from adapters.binance.rest import ALL_TICKERS_WEIGHT, KLINES_WEIGHT
from adapters.binance.trade import trade
from adapters.binance.wire import UndecodableFrame
from adapters.resilience.candle_page import (
    AskPage,
    CandlePage,
    candles_between,
    last_candles,
)
from adapters.resilience.culprit import unknown_code
from adapters.resilience.error import RequestRejected, UndecodableAnswer
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.pause import stop
from adapters.resilience.question import Question, RejectSink, ignore
from adapters.resilience.read_bound import (
    MAX_LINE_S,
    check_candles,
    check_depth,
    check_markets,
    check_span,
    check_trades,
    cut,
)
from domain.model.candle import Candle, CandleRun
from domain.model.error import UnknownMarket
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import OrderBook
from domain.model.quote import MAX_AHEAD_MS
from domain.model.trade import Trade
from domain.ports.clock import Clock

KLINES_PER_PAGE: Final = 1_000
# At any count.
TRADES_WEIGHT: Final = 25
# A read has a caller who waits: the other channel is the second try.
READ_TRIES: Final = 1
# Symbols named in one request; for more of them all tickers cost the same.
MAX_NAMED: Final = 100
INTERVALS: Final = {
    Interval.S1: "1s",
    Interval.M1: "1m",
    Interval.M3: "3m",
    Interval.M5: "5m",
    Interval.M15: "15m",
    Interval.M30: "30m",
    Interval.H1: "1h",
    Interval.H4: "4h",
    Interval.D1: "1d",
    Interval.W1: "1w",
}
# Letters of any script, as `exchangeInfo` lists them; no list in one text.
_is_symbol = re.compile(r"[\w.\-]{1,50}").fullmatch

T = TypeVar("T")


def ticker_weight(symbols: int) -> int:
    """Return what `ticker/24hr` of so many symbols costs."""
    if symbols <= 20:
        return 2
    return 40 if symbols <= MAX_NAMED else ALL_TICKERS_WEIGHT


def depth_weight(limit: int) -> int:
    """Return what a book of so many steps a side costs."""
    for most, weight in ((100, 5), (500, 25), (1_000, 50)):
        if limit <= most:
            return weight
    return 250


def known_symbols(markets: Collection[str]) -> list[str]:
    """Return each symbol once, in order; they need not be ASCII.

    Raises:
        UnknownMarket: a text that is no symbol of this venue.
        InvalidArgument: too many.
    """
    symbols = sorted(set(markets))
    check_markets(len(symbols))
    for symbol in symbols:
        if _is_symbol(symbol) is None:
            raise UnknownMarket(Exchange.BINANCE, symbol)
    return symbols


class BinanceReader:
    """Binance's tickers, books, candles and trades by REST.

    `on_reject` hears of every row that could not be used (`UpstreamMonitor.rejected`).
    """

    def __init__(
        self,
        http: UpstreamHttp,
        clock: Clock,
        on_reject: RejectSink = ignore,
        *,
        tries: int = READ_TRIES,
        max_wait_s: float = MAX_LINE_S,
    ) -> None:
        """Compose; `tries` and `max_wait_s` are how patient whoever asks is."""
        self._clock = clock
        self._tries = tries
        self._question = partial(
            Question, ANSWER_RULE, http, clock, on_reject, max_wait_s=max_wait_s
        )

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange.BINANCE

    @property
    def channel(self) -> Channel:
        """REST."""
        return Channel.REST

    async def tickers(self, markets: Collection[str]) -> Sequence[QuoteUpdate]:
        """Return the latest ticker of each market; a bad row is counted and left out.

        A market without a trade in the last 24 hours has none and is left out, too.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got one of them.
        """
        symbols = known_symbols(markets)
        if not symbols:
            return ()
        if len(symbols) > MAX_NAMED:
            return await self._of_all(symbols)
        try:
            return await self._named(symbols)
        except RequestRejected as exc:
            if not is_unknown_symbol(exc):
                raise
            unknown = await unknown_code(symbols, self._named, is_unknown_symbol)
            _raise_unknown(unknown, exc)

    async def order_books(
        self, markets: Collection[str], depth: int
    ) -> Sequence[OrderBook]:
        """Return the book of each market with at most `depth` levels a side (1..30).

        One request per market, side by side; they bear the time they were received at.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got one of them.
        """
        check_depth(depth)
        symbols = known_symbols(markets)
        asking = [
            asyncio.create_task(
                self._order_book(symbol, depth), name=f"binance.book.{symbol}"
            )
            for symbol in symbols
        ]
        try:
            return await asyncio.gather(*asking)
        finally:
            await stop(asking)

    async def candles(
        self,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
    ) -> Sequence[Candle]:
        """Return the last candles opened before an instant, ascending (1..10,000).

        By pages of 1,000, one after the other. Whether a candle is closed is told by
        the venue's clock at the moment it was asked.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got it.
        """
        check_candles(count)
        (symbol,) = known_symbols([market])
        if before_ms is not None and before_ms <= 0:
            return ()
        ask = self._candle_page(symbol, interval)
        pages = last_candles(ask, count, before_ms, KLINES_PER_PAGE)
        return await _known(pages, symbol)

    async def past_candles(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Return the candles of a span of at most 10,000 openings, by pages of 1,000.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got it.
        """
        check_span(interval, from_ms, to_ms)
        (symbol,) = known_symbols([market])
        ask = self._candle_page(symbol, interval)
        pages = candles_between(ask, interval, from_ms, to_ms, KLINES_PER_PAGE)
        return await _known(pages, symbol)

    async def trades(self, market: str, count: int) -> Sequence[Trade]:
        """Return the last trades, oldest first, at most `count` (1..500).

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got it.
        """
        check_trades(count)
        (symbol,) = known_symbols([market])

        def convert(row: TradeRow, asked_ms: int) -> Trade:
            return trade(symbol, row, asked_ms)

        asked = self._question(TRADES, convert).ask(
            "/api/v3/trades",
            {"symbol": symbol, "limit": str(count)},
            weight=TRADES_WEIGHT,
            tries=self._tries,
        )
        found = await _known(asked, symbol)
        by_id = {trade.id: trade for trade in found.values}
        return sorted(by_id.values(), key=lambda trade: int(trade.id))

    def _candle_page(self, symbol: str, interval: Interval) -> AskPage:
        def convert(row: KlineRow, asked_ms: int) -> Candle:
            return candle(row, symbol, interval, asked_ms)

        question = self._question(KLINES, convert)

        async def ask(many: int, before_ms: int | None) -> CandlePage:
            params = {"symbol": symbol, "interval": INTERVALS[interval]}
            params["limit"] = str(many)
            if before_ms is not None:
                params["endTime"] = str(before_ms - 1)  # inclusive
            found = await question.ask(
                "/api/v3/klines", params, weight=KLINES_WEIGHT, tries=self._tries
            )
            return CandlePage(found.values, found.rows, found.bad)

        return ask

    async def _named(self, symbols: Sequence[str]) -> Sequence[QuoteUpdate]:
        found = await self._question(DAYS, _ticker).ask(
            "/api/v3/ticker/24hr",
            {"symbols": msgspec.json.encode(symbols).decode()},
            weight=ticker_weight(len(symbols)),
            tries=self._tries,
        )
        return [update for update in found.values if update.market in symbols]

    async def _of_all(self, symbols: Sequence[str]) -> Sequence[QuoteUpdate]:
        wanted = frozenset(symbols)
        listed: set[str] = set()

        def convert(row: DayRow, asked_ms: int) -> QuoteUpdate | None:
            if row.symbol not in wanted:
                return None  # not judged: nobody asked for it
            listed.add(row.symbol)
            return _ticker(row, asked_ms)

        found = await self._question(DAYS, convert).ask(
            "/api/v3/ticker/24hr", {}, weight=ALL_TICKERS_WEIGHT, tries=self._tries
        )
        unlisted = [symbol for symbol in symbols if symbol not in listed]
        # A row that could not be read may be the one that is missing.
        if unlisted and not found.bad:
            raise UnknownMarket(Exchange.BINANCE, unlisted[0])
        return found.values

    async def _order_book(self, symbol: str, depth: int) -> OrderBook:
        def convert(row: Depth, asked_ms: int) -> OrderBook:
            return cut(order_book(symbol, row, self._clock.now_ms()), depth)

        asked = self._question(DEPTHS, convert).ask(
            "/api/v3/depth",
            {"symbol": symbol, "limit": str(depth)},
            weight=depth_weight(depth),
            tries=self._tries,
        )
        found = await _known(asked, symbol)
        if not found.values:
            raise UndecodableAnswer(UPSTREAM, f"no book of {symbol}")
        return found.values[0]


def _ticker(row: DayRow, asked_ms: int) -> QuoteUpdate | None:
    update = of_day_row(row)
    if update is not None and (update.exchange_ms or 0) > asked_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    return update


async def _known(asked: Awaitable[T], symbol: str) -> T:
    try:
        return await asked
    except RequestRejected as exc:
        if is_unknown_symbol(exc):
            _raise_unknown(symbol, exc)
        raise


def _raise_unknown(symbol: str, exc: RequestRejected) -> NoReturn:
    raise UnknownMarket(Exchange.BINANCE, symbol) from exc
