"""Upbit's REST side for one-off reads. Implements `domain.ports.market_reader`.

Source: exchanges.md A1 "REST basics". One unknown code fails a whole list with 404.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NoReturn, TypeVar

from adapters.resilience.candle_page import (
    AskPage,
    CandlePage,
    candles_between,
    last_candles,
)
from adapters.resilience.culprit import unknown_code
from adapters.resilience.error import RequestRejected
from adapters.resilience.http import UpstreamHttp
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
from adapters.upbit.answer import (
    BOOKS,
    CANDLES,
    TICKERS,
    TRADES,
    CandleRow,
    TickerRow,
    TradeRow,
)
from adapters.upbit.book import of_book_row
from adapters.upbit.candle import EPOCH, candle
from adapters.upbit.question import ANSWER_RULE, is_unknown_code
from adapters.upbit.quote import of_ticker_row
from adapters.upbit.rest import CANDLE_GROUP, CODES_PER_REQUEST, TICKER_GROUP
from adapters.upbit.trade import of_trade_row
from adapters.upbit.wire import UndecodableFrame
from domain.model.candle import Candle, CandleRun
from domain.model.error import UnknownMarket
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import OrderBook
from domain.model.quote import MAX_AHEAD_MS
from domain.model.trade import Trade
from domain.ports.clock import Clock

# Our names of the venue's groups of requests; it tells its own.
BOOK_GROUP: Final = "orderbook"
TRADE_GROUP: Final = "trade"
# Who asks for more candles gets this many.
CANDLES_PER_PAGE: Final = 200
# A read has a caller who waits: the other channel is the second try.
READ_TRIES: Final = 1
CANDLE_PATHS: Final = {
    Interval.S1: "/v1/candles/seconds",
    Interval.M1: "/v1/candles/minutes/1",
    Interval.M3: "/v1/candles/minutes/3",
    Interval.M5: "/v1/candles/minutes/5",
    Interval.M15: "/v1/candles/minutes/15",
    Interval.M30: "/v1/candles/minutes/30",
    Interval.H1: "/v1/candles/minutes/60",
    Interval.H4: "/v1/candles/minutes/240",
    Interval.D1: "/v1/candles/days",
    Interval.W1: "/v1/candles/weeks",
}
# QUOTE-BASE; whatever else stands in a list of codes would be read as two of them.
_is_code = re.compile(r"[A-Z0-9]{1,20}-[A-Z0-9]{1,20}").fullmatch

T = TypeVar("T")


def known_codes(markets: Collection[str]) -> list[str]:
    """Return each code once, in order.

    Raises:
        UnknownMarket: a text that is no code of this venue.
        InvalidArgument: too many.
    """
    codes = sorted(set(markets))
    check_markets(len(codes))
    for code in codes:
        if _is_code(code) is None:
            raise UnknownMarket(Exchange.UPBIT, code)
    return codes


class UpbitReader:
    """Upbit's tickers, books, candles and trades by REST.

    `on_reject` hears of every row that could not be used (`UpstreamMonitor.rejected`).
    A list of more than 100 codes is asked in pieces, one after the other.
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
        return Exchange.UPBIT

    @property
    def channel(self) -> Channel:
        """REST."""
        return Channel.REST

    async def tickers(self, markets: Collection[str]) -> Sequence[QuoteUpdate]:
        """Return the latest ticker of each market; a bad row is counted and left out.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got one of them.
        """
        question = self._question(TICKERS, _ticker)

        async def ask(codes: Sequence[str]) -> Sequence[QuoteUpdate]:
            params = {"markets": ",".join(codes)}
            found = await question.ask(
                "/v1/ticker", params, group=TICKER_GROUP, tries=self._tries
            )
            return [update for update in found.values if update.market in codes]

        return await self._in_pieces(known_codes(markets), ask)

    async def order_books(
        self, markets: Collection[str], depth: int
    ) -> Sequence[OrderBook]:
        """Return the book of each market with at most `depth` levels a side (1..30).

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got one of them.
        """
        check_depth(depth)
        question = self._question(BOOKS, of_book_row)

        async def ask(codes: Sequence[str]) -> Sequence[OrderBook]:
            params = {"markets": ",".join(codes), "count": str(depth)}
            found = await question.ask(
                "/v1/orderbook", params, group=BOOK_GROUP, tries=self._tries
            )
            return [cut(book, depth) for book in found.values if book.market in codes]

        return await self._in_pieces(known_codes(markets), ask)

    async def candles(
        self,
        market: str,
        interval: Interval,
        count: int,
        before_ms: int | None = None,
    ) -> Sequence[Candle]:
        """Return the last candles opened before an instant, ascending (1..10,000).

        By pages of 200, one after the other. Whether a candle is closed is told by the
        venue's clock at the moment it was asked.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got it.
        """
        check_candles(count)
        (code,) = known_codes([market])
        if before_ms is not None and before_ms <= 0:
            return ()
        ask = self._candle_page(code, interval)
        pages = last_candles(ask, count, before_ms, CANDLES_PER_PAGE)
        return await _known(pages, code)

    async def past_candles(
        self, market: str, interval: Interval, from_ms: int, to_ms: int
    ) -> CandleRun:
        """Return the candles of a span of at most 10,000 openings, by pages of 200.

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got it.
        """
        check_span(interval, from_ms, to_ms)
        (code,) = known_codes([market])
        ask = self._candle_page(code, interval)
        pages = candles_between(ask, interval, from_ms, to_ms, CANDLES_PER_PAGE)
        return await _known(pages, code)

    async def trades(self, market: str, count: int) -> Sequence[Trade]:
        """Return the last trades, oldest first, at most `count` (1..500).

        Raises:
            UpstreamUnavailable: no usable answer.
            UnknownMarket: the venue has not got it.
        """
        check_trades(count)
        (code,) = known_codes([market])

        def convert(row: TradeRow, asked_ms: int) -> Trade:
            _check_market(row, code)
            return of_trade_row(row, asked_ms)

        asked = self._question(TRADES, convert).ask(
            "/v1/trades/ticks",
            {"market": code, "count": str(count)},
            group=TRADE_GROUP,
            tries=self._tries,
        )
        found = await _known(asked, code)
        # Their order is not guaranteed; ids are unique.
        by_id = {trade.id: trade for trade in found.values}
        return sorted(by_id.values(), key=lambda trade: (trade.at_ms, int(trade.id)))

    def _candle_page(self, code: str, interval: Interval) -> AskPage:
        def convert(row: CandleRow, asked_ms: int) -> Candle:
            _check_market(row, code)
            return candle(row, code, interval, asked_ms)

        question = self._question(CANDLES, convert)

        async def ask(many: int, before_ms: int | None) -> CandlePage:
            params = {"market": code, "count": str(many), **self._to(before_ms)}
            found = await question.ask(
                CANDLE_PATHS[interval], params, group=CANDLE_GROUP, tries=self._tries
            )
            return CandlePage(found.values, found.rows, found.bad)

        return ask

    def _to(self, before_ms: int | None) -> dict[str, str]:
        """Return the exclusive end of a page; candles begin with whole seconds."""
        if before_ms is None or before_ms > self._clock.now_ms():
            return {}
        ends = EPOCH + timedelta(seconds=-(-before_ms // 1000))
        return {"to": f"{ends:%Y-%m-%dT%H:%M:%S}Z"}

    async def _in_pieces(
        self,
        codes: Sequence[str],
        ask: Callable[[Sequence[str]], Awaitable[Sequence[T]]],
    ) -> list[T]:
        found: list[T] = []
        for start in range(0, len(codes), CODES_PER_REQUEST):
            piece = codes[start : start + CODES_PER_REQUEST]
            try:
                found += await ask(piece)
            except RequestRejected as exc:
                if not is_unknown_code(exc):
                    raise
                unknown = await unknown_code(piece, ask, is_unknown_code)
                _raise_unknown(unknown, exc)
        return found


def _ticker(row: TickerRow, asked_ms: int) -> QuoteUpdate:
    update = of_ticker_row(row)
    if (update.exchange_ms or 0) > asked_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    return update


def _check_market(row: CandleRow | TradeRow, code: str) -> None:
    if row.market != code:
        raise UndecodableFrame("shape", f"{row.market[:40]!r} was not asked for")


async def _known(asked: Awaitable[T], code: str) -> T:
    try:
        return await asked
    except RequestRejected as exc:
        if is_unknown_code(exc):
            _raise_unknown(code, exc)
        raise


def _raise_unknown(code: str, exc: RequestRejected) -> NoReturn:
    raise UnknownMarket(Exchange.UPBIT, code) from exc
