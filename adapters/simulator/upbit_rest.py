"""Upbit's REST endpoints."""

from collections.abc import Iterable
from datetime import UTC, datetime

from aiohttp import web

from adapters.simulator import upbit_answer
from adapters.simulator.book import DEPTH
from adapters.simulator.candle import (
    MONTH,
    WEEK,
    Interval,
    days,
    minutes,
    newest_first,
)
from adapters.simulator.clock import Clock
from adapters.simulator.gate import Handler, json_answer
from adapters.simulator.history import DAY_MS, Bar
from adapters.simulator.instrument import Instrument
from adapters.simulator.market import Market
from adapters.simulator.price_tick import UNIT, units

PAGE = 200
"""Candles per answer at most; who asks for more gets these."""
MINUTE_UNITS = (1, 3, 5, 10, 15, 30, 60, 240)

_MISSING = "Missing request parameter error. Check the required parameters!"
_INVALID = "Invalid parameter. Check the given value!"
_MISMATCH = "Type mismatch error. Check the parameters type!"


class _BadRequest(Exception):
    """A request Upbit refuses: status and words of its answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class UpbitRest:
    """Handlers over the market; `now_ms` is the simulator's clock."""

    def __init__(self, market: Market, now_ms: Clock) -> None:
        self._market = market
        self._now_ms = now_ms
        self._all = market.instruments("upbit")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the venue's prefix."""
        return [
            web.get("/v1/market/all", self._markets),
            web.get("/v1/ticker", self._ticker),
            web.get("/v1/ticker/all", self._ticker_all),
            web.get("/v1/orderbook", self._orderbook),
            web.get("/v1/orderbook/instruments", self._instruments),
            web.get("/v1/candles/minutes/{unit}", self._minutes),
            web.get("/v1/candles/days", self._days),
            web.get("/v1/candles/weeks", self._weeks),
            web.get("/v1/candles/months", self._months),
        ]

    @web.middleware
    async def refuse(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Turn a refusal, and an unknown path, into Upbit's error body."""
        try:
            return await handler(request)
        except _BadRequest as exc:
            body = upbit_answer.error(exc.status, exc.message)
            return json_answer(body, exc.status)
        except web.HTTPNotFound:
            return json_answer(upbit_answer.error(404, "no Route matched"), 404)

    async def _markets(self, request: web.Request) -> web.Response:
        asked = request.query.get("is_details", request.query.get("isDetails", ""))
        details = asked.lower() == "true"
        return json_answer(upbit_answer.markets(self._all.values(), details=details))

    async def _ticker(self, request: web.Request) -> web.Response:
        chosen = self._listed(request)
        return json_answer(upbit_answer.tickers(chosen, self._now_ms()))

    async def _ticker_all(self, request: web.Request) -> web.Response:
        quotes = set(_required(request, "quote_currencies").upper().split(","))
        chosen = [each for each in self._all.values() if each.listing.quote in quotes]
        return json_answer(upbit_answer.tickers(chosen, self._now_ms()))

    async def _orderbook(self, request: web.Request) -> web.Response:
        chosen = self._listed(request)
        many = _whole(request, "count", DEPTH)
        level = _level(request.query.get("level", "0"))
        now_ms = self._now_ms()
        body = upbit_answer.orderbooks(chosen, now_ms, min(many, DEPTH), level)
        return json_answer(body)

    async def _instruments(self, request: web.Request) -> web.Response:
        return json_answer(upbit_answer.instruments(self._listed(request)))

    async def _minutes(self, request: web.Request) -> web.Response:
        text = request.match_info["unit"]
        unit = int(text) if text.isdecimal() else 0
        if unit not in MINUTE_UNITS:
            raise _BadRequest(400, _INVALID)
        market, bars = self._page(request, minutes(unit))
        body = upbit_answer.minute_candles(market.listing.symbol, bars, unit)
        return json_answer(body)

    async def _days(self, request: web.Request) -> web.Response:
        market, bars = self._page(request, days(1))
        closed = [
            (bar, market.history.price_at(bar.open_ms - bar.open_ms % DAY_MS))
            for bar in bars
        ]
        convert = request.query.get("converting_price_unit") == "KRW"
        won = self._won(market.listing.quote) if convert else 0
        body = upbit_answer.day_candles(market.listing.symbol, closed, won)
        return json_answer(body)

    async def _weeks(self, request: web.Request) -> web.Response:
        market, bars = self._page(request, WEEK)
        return json_answer(upbit_answer.long_candles(market.listing.symbol, bars))

    async def _months(self, request: web.Request) -> web.Response:
        market, bars = self._page(request, MONTH)
        return json_answer(upbit_answer.long_candles(market.listing.symbol, bars))

    def _page(
        self, request: web.Request, interval: Interval
    ) -> tuple[Instrument, list[Bar]]:
        market = self._known(_required(request, "market"))
        many = _whole(request, "count", 1)
        now_ms = self._now_ms()
        to_ms = _to_ms(request.query.get("to", ""), now_ms + 1)
        bars = newest_first(market.history, interval, to_ms, min(many, PAGE), now_ms)
        return market, bars

    def _listed(self, request: web.Request) -> Iterable[Instrument]:
        codes = _required(request, "markets").split(",")
        return [self._known(code) for code in codes]

    def _known(self, code: str) -> Instrument:
        # One unknown code fails the whole list.
        instrument = self._all.get(code.strip().upper())
        if instrument is None:
            raise _BadRequest(404, "Code not found")
        return instrument

    def _won(self, quote: str) -> int:
        return UNIT if quote == "KRW" else self._all[f"KRW-{quote}"].price


def _required(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise _BadRequest(400, _MISSING)
    return value


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    try:
        value = int(text)
    except ValueError as exc:
        raise _BadRequest(400, _MISMATCH) from exc
    if value < 1:
        raise _BadRequest(400, _INVALID)
    return value


def _level(text: str) -> int:
    if text in ("", "0"):
        return 0
    try:
        return units(text)
    except ValueError as exc:
        raise _BadRequest(400, _MISMATCH) from exc


def _to_ms(text: str, default: int) -> int:
    """Read `to`: ISO-8601, UTC where it names no zone."""
    if not text:
        return default
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as exc:
        raise _BadRequest(400, _INVALID) from exc
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return int(instant.timestamp() * 1_000)
