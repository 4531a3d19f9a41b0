"""Upbit's REST endpoints."""

from collections.abc import Iterable
from itertools import islice

from aiohttp import web

from adapters.simulator import upbit_answer, upbit_query
from adapters.simulator.answer import Handler, json_answer
from adapters.simulator.bar import DAY_MS, Bar
from adapters.simulator.book import DEPTH
from adapters.simulator.candle import (
    MONTH,
    SECOND,
    WEEK,
    YEAR,
    Interval,
    days,
    minutes,
    newest_first,
)
from adapters.simulator.clock import Clock
from adapters.simulator.instrument import Instrument
from adapters.simulator.market import Market
from adapters.simulator.past import LISTED_MS
from adapters.simulator.price_tick import UNIT
from adapters.simulator.refusal import NOT_FOUND, RefusedQuery, refusing
from adapters.simulator.upbit_encoding import number_of

PAGE = 200
"""Candles per answer at most; who asks for more gets these."""
TRADE_PAGE = 500
"""Trades per answer at most; who asks for more gets these."""
MINUTE_UNITS = (1, 3, 5, 10, 15, 30, 60, 240)
SECONDS_KEPT_MS = 92 * DAY_MS
"""Candles of seconds are there for three months."""


class UpbitRest:
    """Handlers over the market; `now_ms` is the simulator's clock."""

    def __init__(self, market: Market, now_ms: Clock) -> None:
        self._now_ms = now_ms
        self._all = market.instruments("upbit")
        self._refuse = refusing(upbit_answer.error)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the venue's prefix."""
        handlers = {
            "market/all": self._markets,
            "ticker": self._ticker,
            "ticker/all": self._ticker_all,
            "orderbook": self._orderbook,
            "orderbook/instruments": self._instruments,
            "trades/ticks": self._trades,
            "candles/seconds": self._seconds,
            "candles/minutes/{unit}": self._minutes,
            "candles/days": self._days,
            "candles/weeks": self._weeks,
            "candles/months": self._months,
            "candles/years": self._years,
        }
        return [web.get(f"/v1/{path}", each) for path, each in handlers.items()]

    @web.middleware
    async def refuse(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Turn a refusal, and an unknown path, into Upbit's error body."""
        try:
            return await self._refuse(request, handler)
        except web.HTTPNotFound:
            body = upbit_answer.error(NOT_FOUND, "no Route matched")
            return json_answer(body, NOT_FOUND)

    async def _markets(self, request: web.Request) -> web.Response:
        asked = request.query.get("is_details", request.query.get("isDetails", ""))
        details = asked.lower() == "true"
        return json_answer(upbit_answer.markets(self._all.values(), details=details))

    async def _ticker(self, request: web.Request) -> web.Response:
        chosen = self._listed(request)
        return json_answer(upbit_answer.tickers(chosen, self._now_ms()))

    async def _ticker_all(self, request: web.Request) -> web.Response:
        asked = upbit_query.required(request.query, "quote_currencies")
        quotes = set(asked.upper().split(","))
        chosen = [each for each in self._all.values() if each.listing.quote in quotes]
        return json_answer(upbit_answer.tickers(chosen, self._now_ms()))

    async def _orderbook(self, request: web.Request) -> web.Response:
        chosen = self._listed(request)
        many = min(upbit_query.whole(request.query, "count", DEPTH), DEPTH)
        level = upbit_query.level(request.query)
        return json_answer(upbit_answer.orderbooks(chosen, self._now_ms(), many, level))

    async def _instruments(self, request: web.Request) -> web.Response:
        return json_answer(upbit_answer.instruments(self._listed(request)))

    async def _trades(self, request: web.Request) -> web.Response:
        query = request.query
        market = self._known(upbit_query.required(query, "market"))
        many = min(upbit_query.whole(query, "count", 1), TRADE_PAGE)
        before = upbit_query.cursor(query)
        ago = upbit_query.days_ago(query)
        # An answer is about one UTC day: without days_ago the last trade's.
        latest = self._now_ms() if ago else market.time_ms
        day_ms = latest - latest % DAY_MS - ago * DAY_MS
        to_ms = day_ms + upbit_query.time_of_day_ms(query)
        found = (
            deal
            for deal in market.history.latest(min(to_ms, self._now_ms() + 1), day_ms)
            if before is None or number_of(deal.time_ms, deal.number) < before
        )
        previous = market.history.price_at(day_ms)
        body = upbit_answer.trades(
            market.listing.symbol, list(islice(found, many)), previous
        )
        return json_answer(body)

    async def _seconds(self, request: web.Request) -> web.Response:
        oldest_ms = self._now_ms() - SECONDS_KEPT_MS
        market, bars = self._page(request, SECOND, oldest_ms)
        return json_answer(upbit_answer.second_candles(market.listing.symbol, bars))

    async def _minutes(self, request: web.Request) -> web.Response:
        text = request.match_info["unit"]
        unit = int(text) if text.isdecimal() else 0
        if unit not in MINUTE_UNITS:
            raise upbit_query.invalid()
        market, bars = self._page(request, minutes(unit))
        body = upbit_answer.minute_candles(market.listing.symbol, bars, unit)
        return json_answer(body)

    async def _days(self, request: web.Request) -> web.Response:
        market, bars = self._page(request, days(1))
        closed = [(bar, market.history.price_at(bar.open_ms)) for bar in bars]
        convert = request.query.get("converting_price_unit") == "KRW"
        won = self._won(market.listing.quote) if convert else 0
        body = upbit_answer.day_candles(market.listing.symbol, closed, won)
        return json_answer(body)

    async def _weeks(self, request: web.Request) -> web.Response:
        return self._long(request, WEEK)

    async def _months(self, request: web.Request) -> web.Response:
        return self._long(request, MONTH)

    async def _years(self, request: web.Request) -> web.Response:
        return self._long(request, YEAR)

    def _long(self, request: web.Request, interval: Interval) -> web.Response:
        market, bars = self._page(request, interval)
        return json_answer(upbit_answer.long_candles(market.listing.symbol, bars))

    def _page(
        self, request: web.Request, interval: Interval, oldest_ms: int = LISTED_MS
    ) -> tuple[Instrument, list[Bar]]:
        query = request.query
        market = self._known(upbit_query.required(query, "market"))
        many = min(upbit_query.whole(query, "count", 1), PAGE)
        now_ms = self._now_ms()
        to_ms = upbit_query.to_ms(query, now_ms + 1)
        bars = newest_first(
            market.history, interval, to_ms, many, now_ms, oldest_ms=oldest_ms
        )
        return market, bars

    def _listed(self, request: web.Request) -> Iterable[Instrument]:
        codes = upbit_query.required(request.query, "markets").split(",")
        return [self._known(code) for code in codes]

    def _known(self, code: str) -> Instrument:
        # One unknown code fails the whole list.
        instrument = self._all.get(code.strip().upper())
        if instrument is None:
            raise RefusedQuery(NOT_FOUND, "Code not found", NOT_FOUND)
        return instrument

    def _won(self, quote: str) -> int:
        return UNIT if quote == "KRW" else self._all[f"KRW-{quote}"].price
