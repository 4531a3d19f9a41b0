"""Binance's REST side. Implements `domain.ports.market_source.MarketSource`.

Source: exchanges.md A2 "REST". `exchangeInfo` and `ticker/24hr` are essential; what
else fails costs only its own fields.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

from adapters.binance.answer import (
    DAYS,
    KLINES,
    SYMBOLS,
    DayRow,
    RowReader,
    row_text,
)
from adapters.binance.candle import BadCandle, day_open
from adapters.binance.listing import usdt_markets
from adapters.binance.question import ANSWER_RULE, UPSTREAM
from adapters.binance.quote import of_day_row
from adapters.binance.wire import UndecodableFrame
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from adapters.resilience.question import BAD_ROW, RejectSink, ignore
from adapters.resilience.session import Reject
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange, VenueMarket
from domain.model.number import MalformedNumber
from domain.model.quote import DAY_MS
from domain.ports.clock import Clock
from domain.ports.market_source import PricePoint

# The venue's weights, of 6,000 a minute for the address.
LIST_WEIGHT: Final = 20
ALL_TICKERS_WEIGHT: Final = 80
KLINES_WEIGHT: Final = 2

Row = TypeVar("Row")


class BinanceSource:
    """Binance's lists, quotes and candles.

    `on_reject` hears of every row that could not be used (`UpstreamMonitor.rejected`).
    """

    def __init__(
        self, http: UpstreamHttp, clock: Clock, on_reject: RejectSink = ignore
    ) -> None:
        self._http = http
        self._clock = clock
        self._on_reject = on_reject

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange.BINANCE

    async def markets(self) -> Sequence[VenueMarket]:
        """Return every USDT market, also those that do not trade now.

        Raises:
            UpstreamUnavailable: no usable answer to the one try of the catalogue's
                own loop; a list without any USDT market is
                none, because it would close every coin there is.
        """
        return await self._http.read(
            self._read_markets,
            "/api/v3/exchangeInfo",
            {"showPermissionSets": "false"},  # a tenth of the size
            weight=LIST_WEIGHT,
            tries=1,
            probe=True,
        )

    async def quotes(self, markets: Collection[str]) -> FeedBatch:
        """Return the latest quotes of the markets, asked by a feed's own loop.

        One try, made although a breaker may be open: the loop has its own patience.

        All markets are asked for: naming more than 100 costs the same weight, and one
        symbol that the venue does not know would fail the whole answer.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        rows = await self._http.read(
            partial(self._read_rows, DAYS),
            "/api/v3/ticker/24hr",
            weight=ALL_TICKERS_WEIGHT,
            tries=1,
            probe=True,
        )
        return FeedBatch(
            exchange=Exchange.BINANCE,
            channel=Channel.REST,
            received_ms=self._clock.now_ms(),
            received_s=self._clock.monotonic(),
            updates=tuple(self._updates(rows, frozenset(markets))),
        )

    def will_ask(self, at_ms: int) -> None:
        """Let health tell when the next question comes, Unix ms."""
        self._http.will_ask(at_ms)

    async def utc_open(self, market: str, utc_day: int) -> Decimal | None:
        """Return the open of a UTC day's candle, None: there is none.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        day_ms = utc_day * DAY_MS
        rows = await self._http.read(
            partial(self._read_rows, KLINES),
            "/api/v3/klines",
            {
                "symbol": market,
                "interval": "1d",
                "startTime": str(day_ms),
                "limit": "1",
            },
            weight=KLINES_WEIGHT,
        )
        try:
            return day_open(rows, day_ms)
        except BadCandle as exc:
            raise UndecodableAnswer(UPSTREAM, f"day candle of {market}: {exc}") from exc

    async def price_points(self, market: str) -> Sequence[PricePoint]:
        """Return nothing: every ticker of this venue tells its price 24 hours ago.

        There are no ten-minute candles here either.
        """
        return ()

    def _updates(
        self, rows: Iterable[DayRow], wanted: frozenset[str]
    ) -> Iterable[QuoteUpdate]:
        for row in rows:
            if row.symbol in wanted:
                try:
                    update = of_day_row(row)
                except (UndecodableFrame, MalformedNumber) as exc:
                    detail = f"{row.symbol}: {exc}"
                    self._on_reject(Reject.of(BAD_ROW, detail, row_text(row)))
                    continue
                if update is not None:
                    yield update

    def _read_markets(self, answer: HttpAnswer) -> list[VenueMarket]:
        found = usdt_markets(self._read_rows(SYMBOLS, answer))
        if not found:
            raise UndecodableAnswer(UPSTREAM, "the list has no USDT market")
        return found

    def _read_rows(self, reader: RowReader[Row], answer: HttpAnswer) -> list[Row]:
        return ANSWER_RULE.good_rows(reader, answer, self._on_reject)
