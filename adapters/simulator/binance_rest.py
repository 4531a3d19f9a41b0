"""Binance's REST endpoints for market data."""

from collections.abc import Callable, Iterable
from itertools import islice

from aiohttp import web

from adapters.simulator import binance_answer, binance_encoding
from adapters.simulator import binance_query as query
from adapters.simulator.answer import json_answer
from adapters.simulator.bar import MINUTE_MS, Deal
from adapters.simulator.binance_encoding import TimeUnit
from adapters.simulator.book import DEEPEST
from adapters.simulator.candle import Interval, first_start, oldest_first
from adapters.simulator.clock import Clock
from adapters.simulator.instrument import Instrument
from adapters.simulator.market import Market
from adapters.simulator.past import LISTED_MS
from adapters.simulator.refusal import RefusedQuery, refusing

PAGE, DEFAULT_PAGE = 1_000, 500
"""Klines and trades per answer, at most and where the client names no limit."""
DEFAULT_DEPTH = 100
AVERAGE_MINUTES = 5

_Row = Callable[[Instrument, int, TimeUnit], str]
_TICKER = ("symbol", "symbols", "symbolStatus")
_KLINES = ("symbol", "interval", "startTime", "endTime", "timeZone", "limit")


class BinanceRest:
    """Handlers over the market; `now_ms` is the simulator's clock."""

    def __init__(self, market: Market, now_ms: Clock) -> None:
        self._now_ms = now_ms
        self._all = market.instruments("binance")
        self.refuse = refusing(binance_answer.error)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the venue's prefix."""
        handlers = {
            "ping": self._ping,
            "time": self._time,
            "exchangeInfo": self._exchange_info,
            "ticker/24hr": self._day_ticker,
            "ticker/price": self._price,
            "ticker/bookTicker": self._book_ticker,
            "avgPrice": self._average,
            "klines": self._klines,
            "uiKlines": self._klines,
            "depth": self._depth,
            "trades": self._trades,
            "aggTrades": self._aggregates,
        }
        return [web.get(f"/api/v3/{path}", each) for path, each in handlers.items()]

    async def _ping(self, request: web.Request) -> web.Response:
        query.check_names(request, ())
        return json_answer(b"{}")

    async def _time(self, request: web.Request) -> web.Response:
        query.check_names(request, ())
        tail = query.time_unit(request).tail
        return json_answer(f'{{"serverTime":{self._now_ms()}{tail}}}'.encode())

    async def _exchange_info(self, request: web.Request) -> web.Response:
        filters = ("permissions", "symbolStatus")
        query.check_names(
            request, ("symbol", "symbols", "showPermissionSets", *filters)
        )
        sent = request.query
        if ("symbol" in sent or "symbols" in sent) and any(f in sent for f in filters):
            raise query.bad_combination()
        chosen, status = self._chosen(request), query.status(request)
        if status:
            chosen = [each for each in chosen if each.listing.status == status]
        if "SPOT" not in sent.get("permissions", "SPOT"):
            chosen = []
        shown = sent.get("showPermissionSets", "true").lower() != "false"
        now = int(f"{self._now_ms()}{query.time_unit(request).tail}")
        body = binance_answer.exchange_info(chosen, now, permissions=shown)
        return json_answer(body)

    async def _day_ticker(self, request: web.Request) -> web.Response:
        query.check_names(request, ("type", *_TICKER))
        rows: dict[str, _Row] = {
            "FULL": binance_answer.full_ticker,
            "MINI": binance_answer.mini_ticker,
        }
        row = rows.get(request.query.get("type", "FULL"))
        if row is None:
            raise RefusedQuery(-1139, "Invalid ticker type.")
        return self._rows(request, row)

    async def _price(self, request: web.Request) -> web.Response:
        query.check_names(request, _TICKER)
        return self._rows(request, binance_answer.price_ticker)

    async def _book_ticker(self, request: web.Request) -> web.Response:
        query.check_names(request, _TICKER)
        return self._rows(request, binance_answer.book_ticker)

    async def _average(self, request: web.Request) -> web.Response:
        query.check_names(request, ("symbol",))
        instrument, now_ms = self._one(request), self._now_ms()
        start = now_ms - now_ms % MINUTE_MS - (AVERAGE_MINUTES - 1) * MINUTE_MS
        bar = instrument.history.bar(start, now_ms + 1)
        unit = query.time_unit(request)
        return json_answer(
            binance_answer.average_price(instrument, AVERAGE_MINUTES, bar, unit)
        )

    async def _klines(self, request: web.Request) -> web.Response:
        query.check_names(request, _KLINES)
        instrument = self._one(request)
        interval = query.interval(request)
        many = query.limit(request, DEFAULT_PAGE, PAGE)
        now_ms = self._now_ms()
        end_ms = _at_most(query.time_ms(request, "endTime"), now_ms)
        begins = _begins(query.time_ms(request, "startTime"), interval, end_ms, many)
        bars = oldest_first(
            instrument.history, interval, begins, many, now_ms, last_ms=end_ms
        )
        return json_answer(binance_answer.klines(bars, query.time_unit(request)))

    async def _depth(self, request: web.Request) -> web.Response:
        query.check_names(request, ("symbol", "limit", "symbolStatus"))
        instrument = self._one(request)
        many = query.limit(request, DEFAULT_DEPTH, DEEPEST)
        return json_answer(binance_encoding.depth(instrument, many).encode())

    async def _trades(self, request: web.Request) -> web.Response:
        query.check_names(request, ("symbol", "limit"))
        instrument = self._one(request)
        deals = self._newest(request, instrument, self._now_ms())
        return json_answer(binance_answer.trades(deals, query.time_unit(request)))

    async def _aggregates(self, request: web.Request) -> web.Response:
        names = ("symbol", "fromId", "startTime", "endTime", "limit")
        query.check_names(request, names)
        instrument, now_ms = self._one(request), self._now_ms()
        number = query.number(request, "fromId")
        start_ms = query.time_ms(request, "startTime")
        end_ms = query.time_ms(request, "endTime")
        if number is not None and (start_ms is not None or end_ms is not None):
            raise query.bad_combination()
        last_ms, history = _at_most(end_ms, now_ms), instrument.history
        found: Iterable[Deal]
        if number is not None:
            found = history.numbered(binance_encoding.trade_id(number), now_ms + 1)
        elif start_ms is not None:
            found = history.onwards(max(start_ms, LISTED_MS), last_ms + 1)
        else:
            found = self._newest(request, instrument, last_ms)
        found = islice(found, query.limit(request, DEFAULT_PAGE, PAGE))
        unit = query.time_unit(request)
        return json_answer(binance_answer.aggregate_trades(found, unit))

    def _newest(
        self, request: web.Request, instrument: Instrument, last_ms: int
    ) -> list[Deal]:
        """Return the last trades until an instant, oldest first."""
        many = query.limit(request, DEFAULT_PAGE, PAGE)
        newest = instrument.history.latest(last_ms + 1, LISTED_MS)
        return list(islice(newest, many))[::-1]

    def _rows(self, request: web.Request, row: _Row) -> web.Response:
        chosen, status = self._chosen(request), query.status(request)
        now_ms, unit = self._now_ms(), query.time_unit(request)
        if "symbol" in request.query:
            return json_answer(row(chosen[0], now_ms, unit).encode())
        rows = (
            row(each, now_ms, unit)
            for each in chosen
            if not status or each.listing.status == status
        )
        return json_answer(f"[{','.join(rows)}]".encode())

    def _chosen(self, request: web.Request) -> list[Instrument]:
        if "symbol" in request.query and "symbols" in request.query:
            raise query.bad_combination()
        if "symbol" in request.query:
            return [self._one(request)]
        symbols = query.symbols(request)
        if symbols is None:
            return list(self._all.values())
        return [self._known(symbol) for symbol in symbols]

    def _one(self, request: web.Request) -> Instrument:
        instrument = self._known(query.symbol_of(query.required(request, "symbol")))
        status = query.status(request)
        if status and instrument.listing.status != status:
            words = "The symbol's status does not match the requested symbolStatus."
            raise RefusedQuery(-1220, words)
        return instrument

    def _known(self, symbol: str) -> Instrument:
        # One unknown symbol fails the whole list.
        instrument = self._all.get(symbol)
        if instrument is None:
            raise RefusedQuery(-1121, "Invalid symbol.")
        return instrument


def _at_most(asked_ms: int | None, now_ms: int) -> int:
    return now_ms if asked_ms is None else min(asked_ms, now_ms)


def _begins(start_ms: int | None, interval: Interval, end_ms: int, many: int) -> int:
    """Return where a page begins: a candle belongs to it where its start does."""
    if start_ms is None:
        return first_start(interval, end_ms, many)
    begins = interval.floor(start_ms)
    return begins if begins == start_ms else interval.following(begins)
