"""Upbit's REST side. Implements `domain.ports.market_source.MarketSource`.

Source: exchanges.md A1 "REST basics". `market/all` and `ticker/all` are essential; what
else fails costs only its own fields.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

from adapters.resilience.error import RequestRejected, UndecodableAnswer
from adapters.resilience.http import NOT_FOUND, HttpAnswer, UpstreamHttp
from adapters.resilience.question import BAD_ROW, RejectSink, ignore
from adapters.resilience.session import Reject
from adapters.upbit.answer import (
    CANDLES,
    MARKETS,
    TICKERS,
    CandleRow,
    RowReader,
    TickerRow,
    row_text,
)
from adapters.upbit.candle import EPOCH, BadCandle, closes, day_open
from adapters.upbit.listing import QUOTE_CURRENCY, krw_markets
from adapters.upbit.question import ANSWER_RULE, UPSTREAM
from adapters.upbit.quote import of_ticker_row
from adapters.upbit.wire import UndecodableFrame
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange, VenueMarket
from domain.model.number import MalformedNumber
from domain.ports.clock import Clock
from domain.ports.market_source import PricePoint

# The venue counts requests per group; these are our names, it tells its own.
MARKET_GROUP: Final = "market"
TICKER_GROUP: Final = "ticker"
CANDLE_GROUP: Final = "candle"
# Codes in one request where the venue has no `ticker/all`: 1 KB of address.
CODES_PER_REQUEST: Final = 100
# For so long it is not asked for again then.
ALL_ABSENT_S: Final = 3_600.0
# The venue gives at most 200 candles: 33 hours of ten minutes.
POINT_MINUTES: Final = 10
POINT_COUNT: Final = 200

Row = TypeVar("Row")


class UpbitSource:
    """Upbit's lists, quotes and candles.

    `on_reject` hears of every row that could not be used (`UpstreamMonitor.rejected`).
    """

    def __init__(
        self, http: UpstreamHttp, clock: Clock, on_reject: RejectSink = ignore
    ) -> None:
        self._http = http
        self._clock = clock
        self._on_reject = on_reject
        self._all_absent_until_s: float | None = None

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        return Exchange.UPBIT

    async def markets(self) -> Sequence[VenueMarket]:
        """Return every KRW market with its names and warnings.

        Raises:
            UpstreamUnavailable: no usable answer to the one try of the catalogue's
                own loop; a list without any KRW market is
                none, because it would close every coin there is.
        """
        params = {"is_details": "true"}
        return await self._http.read(
            self._read_markets,
            "/v1/market/all",
            params,
            group=MARKET_GROUP,
            tries=1,
            probe=True,
        )

    async def quotes(self, markets: Collection[str]) -> FeedBatch:
        """Return the latest quotes of the markets, asked by a feed's own loop.

        One try, made although a breaker may be open: the loop has its own patience.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        wanted = frozenset(markets)
        rows = await self._ticker_rows(wanted)
        return FeedBatch(
            exchange=Exchange.UPBIT,
            channel=Channel.REST,
            received_ms=self._clock.now_ms(),
            received_s=self._clock.monotonic(),
            updates=tuple(self._updates(rows, wanted)),
        )

    def will_ask(self, at_ms: int) -> None:
        """Let health tell when the next question comes, Unix ms."""
        self._http.will_ask(at_ms)

    async def utc_open(self, market: str, utc_day: int) -> Decimal | None:
        """Return the last price before 00:00 UTC of a day, None: never traded.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        ends = EPOCH + timedelta(days=utc_day + 1)
        params = {"to": f"{ends:%Y-%m-%dT%H:%M:%S}Z", "count": "1"}  # exclusive
        rows = await self._candles("/v1/candles/days", market, params)
        try:
            return day_open(rows, utc_day)
        except BadCandle as exc:
            raise UndecodableAnswer(UPSTREAM, f"day candle of {market}: {exc}") from exc

    async def price_points(self, market: str) -> Sequence[PricePoint]:
        """Return the closes of the last 200 ten-minute candles, ascending.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        path = f"/v1/candles/minutes/{POINT_MINUTES}"
        rows = await self._candles(path, market, {"count": str(POINT_COUNT)})
        now_ms = self._clock.now_ms()
        return closes(rows, POINT_MINUTES, now_ms, self._reject)

    async def _ticker_rows(self, wanted: frozenset[str]) -> list[TickerRow]:
        until_s = self._all_absent_until_s
        if until_s is None or self._clock.monotonic() >= until_s:
            try:
                params = {"quote_currencies": QUOTE_CURRENCY}
                return await self._tickers("/v1/ticker/all", params)
            except RequestRejected as exc:
                if exc.status != NOT_FOUND:
                    raise
            self._all_absent_until_s = self._clock.monotonic() + ALL_ABSENT_S
        codes = sorted(wanted)
        rows: list[TickerRow] = []
        for start in range(0, len(codes), CODES_PER_REQUEST):
            part = codes[start : start + CODES_PER_REQUEST]
            rows += await self._ticker_rows_of(part)
        return rows

    async def _ticker_rows_of(self, codes: list[str]) -> list[TickerRow]:
        """Ask by codes; one unknown code fails them all, so halves are tried then."""
        try:
            return await self._tickers("/v1/ticker", {"markets": ",".join(codes)})
        except RequestRejected as exc:
            if exc.status != NOT_FOUND:
                raise
        if len(codes) == 1:
            return []
        middle = len(codes) // 2
        first = await self._ticker_rows_of(codes[:middle])
        return first + await self._ticker_rows_of(codes[middle:])

    async def _tickers(self, path: str, params: Mapping[str, str]) -> list[TickerRow]:
        read = partial(self._read_rows, TICKERS)
        return await self._http.read(
            read, path, params, group=TICKER_GROUP, tries=1, probe=True
        )

    async def _candles(
        self, path: str, market: str, params: Mapping[str, str]
    ) -> list[CandleRow]:
        read = partial(self._read_rows, CANDLES)
        params = {"market": market, **params}
        return await self._http.read(read, path, params, group=CANDLE_GROUP)

    def _updates(
        self, rows: Iterable[TickerRow], wanted: frozenset[str]
    ) -> Iterable[QuoteUpdate]:
        for row in rows:
            if row.market in wanted:
                try:
                    yield of_ticker_row(row)
                except (UndecodableFrame, MalformedNumber) as exc:
                    self._reject(row, exc)

    def _read_markets(self, answer: HttpAnswer) -> list[VenueMarket]:
        found = krw_markets(self._read_rows(MARKETS, answer))
        if not found:
            raise UndecodableAnswer(UPSTREAM, "the list has no KRW market")
        return found

    def _read_rows(self, reader: RowReader[Row], answer: HttpAnswer) -> list[Row]:
        return ANSWER_RULE.good_rows(reader, answer, self._on_reject)

    def _reject(self, row: TickerRow | CandleRow, why: Exception) -> None:
        detail = f"{row.market}: {why}"
        self._on_reject(Reject.of(BAD_ROW, detail, row_text(row)))
