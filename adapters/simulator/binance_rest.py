"""Binance's REST endpoints for market data."""

from collections.abc import Callable

from aiohttp import web

from adapters.simulator import binance_answer
from adapters.simulator.binance_weight import symbols_of
from adapters.simulator.book import DEPTH
from adapters.simulator.candle import (
    MONTH,
    WEEK,
    Interval,
    days,
    first_start,
    hours,
    minutes,
    oldest_first,
)
from adapters.simulator.clock import Clock
from adapters.simulator.gate import Handler, json_answer
from adapters.simulator.instrument import Instrument
from adapters.simulator.market import Market

PAGE, DEFAULT_PAGE = 1_000, 500
"""Klines per answer, at most and where the client names no limit."""

INTERVALS: dict[str, Interval] = {
    **{f"{many}m": minutes(many) for many in (1, 3, 5, 15, 30)},
    **{f"{many}h": hours(many) for many in (1, 2, 4, 6, 8, 12)},
    **{f"{many}d": days(many) for many in (1, 3)},
    "1w": WEEK,
    "1M": MONTH,
}

_Row = Callable[[Instrument, int], str]


class _BadRequest(Exception):
    """A request Binance refuses, by its code and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BinanceRest:
    """Handlers over the market; `now_ms` is the simulator's clock."""

    def __init__(self, market: Market, now_ms: Clock) -> None:
        self._now_ms = now_ms
        self._all = market.instruments("binance")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the venue's prefix."""
        return [
            web.get("/api/v3/ping", self._ping),
            web.get("/api/v3/time", self._time),
            web.get("/api/v3/exchangeInfo", self._exchange_info),
            web.get("/api/v3/ticker/24hr", self._day_ticker),
            web.get("/api/v3/ticker/price", self._price),
            web.get("/api/v3/ticker/bookTicker", self._book_ticker),
            web.get("/api/v3/klines", self._klines),
            web.get("/api/v3/uiKlines", self._klines),
            web.get("/api/v3/depth", self._depth),
        ]

    @web.middleware
    async def refuse(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Turn a refusal into Binance's error body."""
        try:
            return await handler(request)
        except _BadRequest as exc:
            return json_answer(binance_answer.error(exc.code, exc.message), 400)

    async def _ping(self, request: web.Request) -> web.Response:
        return json_answer(b"{}")

    async def _time(self, request: web.Request) -> web.Response:
        return json_answer(f'{{"serverTime":{self._now_ms()}}}'.encode())

    async def _exchange_info(self, request: web.Request) -> web.Response:
        chosen = self._chosen(request)
        status = request.query.get("symbolStatus")
        if status:
            chosen = [each for each in chosen if each.listing.status == status]
        return json_answer(binance_answer.exchange_info(chosen, self._now_ms()))

    async def _day_ticker(self, request: web.Request) -> web.Response:
        rows: dict[str, _Row] = {
            "FULL": binance_answer.full_ticker,
            "MINI": binance_answer.mini_ticker,
        }
        row = rows.get(request.query.get("type", "FULL"))
        if row is None:
            raise _BadRequest(-1139, "Invalid ticker type.")
        return self._rows(request, row)

    async def _price(self, request: web.Request) -> web.Response:
        return self._rows(request, binance_answer.price_ticker)

    async def _book_ticker(self, request: web.Request) -> web.Response:
        return self._rows(request, binance_answer.book_ticker)

    async def _klines(self, request: web.Request) -> web.Response:
        instrument = self._one(request)
        name = _required(request, "interval")
        interval = INTERVALS.get(name)
        if interval is None:
            raise _BadRequest(-1120, "Invalid interval.")
        many = min(_whole(request, "limit", DEFAULT_PAGE), PAGE)
        now_ms = self._now_ms()
        end_ms = min(_whole(request, "endTime", now_ms), now_ms)
        if "startTime" in request.query:
            start_ms = _whole(request, "startTime", 0)
            # A candle belongs to the answer where its start does.
            begins = interval.floor(start_ms)
            begins = begins if begins == start_ms else interval.following(begins)
        else:
            begins = first_start(interval, end_ms, many)
        bars = oldest_first(instrument.history, interval, begins, many, now_ms)
        bars = [(bar, end) for bar, end in bars if bar.open_ms <= end_ms]
        return json_answer(binance_answer.klines(bars))

    async def _depth(self, request: web.Request) -> web.Response:
        instrument = self._one(request)
        many = min(_whole(request, "limit", DEPTH), DEPTH)
        return json_answer(binance_answer.depth(instrument, many))

    def _rows(self, request: web.Request, row: _Row) -> web.Response:
        chosen = self._chosen(request)
        status = request.query.get("symbolStatus")
        now_ms = self._now_ms()
        if request.query.get("symbol"):
            return json_answer(row(chosen[0], now_ms).encode())
        rows = (
            row(each, now_ms)
            for each in chosen
            if not status or each.listing.status == status
        )
        return json_answer(f"[{','.join(rows)}]".encode())

    def _chosen(self, request: web.Request) -> list[Instrument]:
        query = request.query
        if query.get("symbol") and query.get("symbols"):
            raise _BadRequest(-1128, "Combination of optional parameters invalid.")
        if query.get("symbol"):
            return [self._one(request)]
        if not query.get("symbols"):
            return list(self._all.values())
        symbols = symbols_of(query["symbols"])
        if symbols is None:
            raise _BadRequest(-1100, "Illegal characters found in parameter 'symbols'.")
        return [self._known(symbol) for symbol in symbols]

    def _one(self, request: web.Request) -> Instrument:
        return self._known(_required(request, "symbol"))

    def _known(self, symbol: str) -> Instrument:
        # One unknown symbol fails the whole list.
        instrument = self._all.get(symbol)
        if instrument is None:
            raise _BadRequest(-1121, "Invalid symbol.")
        return instrument


def _required(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        problem = "was not sent, was empty/null, or malformed."
        raise _BadRequest(-1102, f"Mandatory parameter '{name}' {problem}")
    return value


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or (name == "limit" and int(text) < 1):
        raise _BadRequest(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)
