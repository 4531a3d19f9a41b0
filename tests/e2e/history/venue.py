"""The fake venues of tests/e2e/semantics with candles, and historical rates.

Written from exchanges.md: Upbit's `candles/minutes/{unit}` and `candles/days` (`to`
exclusive, 200 at most, newest first, nothing where nothing was traded), Binance's
`klines` (both ends inclusive, 1000 at most, oldest first), Frankfurter's range.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.e2e.history.tape import DAY_S, MINUTE_S, Candle, Rates, Series, at
from tests.e2e.semantics.binance import Binance
from tests.e2e.semantics.upbit import Upbit
from tests.e2e.semantics.venue import Raw, Venue, stamp_ms, write
from tests.e2e.semantics.world import World

UPBIT_PAGE: Final = 200
BINANCE_PAGE: Final = 1_000
# Above so many days Frankfurter answers weekly means (lineofflight/frankfurter#22).
DAILY_SPAN: Final = 365
LENGTHS: Final = {"1m": 60, "5m": 300, "15m": 900, "30m": 1_800, "1h": 3_600}
LENGTHS_ABOVE: Final = {"4h": 14_400, "1d": DAY_S, "1w": 7 * DAY_S}

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass(frozen=True)
class Asked:
    """A question for candles or historical rates, and what came of it."""

    venue: str
    path: str
    query: dict[str, str]
    status: int
    at_s: float


class _Past(Venue):
    """What each venue has besides: a past, and a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.tape: dict[str, Series] = {}
        self.spoils: Callable[[list[Any]], list[Any]] = list

    def now_ms(self) -> int:
        """Return the venue's time."""
        return stamp_ms() + round(self.clock_offset_s * 1000)


class HistoryUpbit(_Past, Upbit):
    """Upbit with candles."""

    def rest(self, app: web.Application) -> None:
        super().rest(app)
        app.router.add_get("/upbit/v1/candles/minutes/{unit}", self._minutes)
        app.router.add_get("/upbit/v1/candles/days", self._days)

    async def push(self, symbol: str, **changes: Any) -> None:
        now = self.now_ms()
        stamps = {"trade_timestamp": now, "timestamp": now}
        await super().push(symbol, **{**stamps, **changes})

    async def _minutes(self, request: web.Request) -> web.Response:
        return self._candles(request, int(request.match_info["unit"]) * MINUTE_S)

    async def _days(self, request: web.Request) -> web.Response:
        return self._candles(request, DAY_S)

    def _candles(self, request: web.Request, length_s: int) -> web.Response:
        code = request.query.get("market", "")
        series = self.tape.get(code)
        if series is None:
            error = {"name": 404, "message": "Code not found"}
            return web.json_response({"error": error}, status=404)
        count = min(int(request.query.get("count", "1")), UPBIT_PAGE)
        now_s = self.now_ms() / 1000
        to_s = min(_instant(request.query.get("to"), now_s), now_s)
        rows: list[Any] = []
        opened_s = (-(-to_s // length_s) - 1) * length_s
        while len(rows) < count and opened_s + length_s > series.listed_s:
            candle = series.candle(length_s, int(opened_s))
            if candle is not None:
                rows.append(_upbit_row(code, length_s, int(opened_s), candle))
            opened_s -= length_s
        return self.answer(self.spoils(rows))


class HistoryBinance(_Past, Binance):
    """Binance with klines."""

    def rest(self, app: web.Application) -> None:
        super().rest(app)
        app.router.add_get("/binance/api/v3/klines", self._klines)

    def change(self, symbol: str, **changes: Any) -> None:
        super().change(symbol, **{"closeTime": self.now_ms(), **changes})

    async def _klines(self, request: web.Request) -> web.Response:
        query = request.query
        series = self.tape.get(query.get("symbol", ""))
        if series is None:
            error = {"code": -1121, "msg": "Invalid symbol."}
            return web.json_response(error, status=400)
        length_s = (LENGTHS | LENGTHS_ABOVE)[query["interval"]]
        limit = min(int(query.get("limit", "500")), BINANCE_PAGE)
        now_ms = self.now_ms()
        end_ms = min(int(query.get("endTime", now_ms)), now_ms)
        last_s = end_ms // 1000 // length_s * length_s
        start_ms = query.get("startTime")
        rows: list[Any] = []
        if start_ms is not None:
            opened_s = -(-int(start_ms) // (1000 * length_s)) * length_s
            opened_s = max(opened_s, series.listed_s // length_s * length_s)
            while len(rows) < limit and opened_s <= last_s:
                _add(rows, series, length_s, opened_s)
                opened_s += length_s
        else:
            while len(rows) < limit and last_s + length_s > series.listed_s:
                _add(rows, series, length_s, last_s)
                last_s -= length_s
            rows.reverse()
        return self.answer(self.spoils(rows))


class HistoryWorld(World):
    """Both venues with their past, ECB rates, and a diary of who asked for it."""

    upbit: HistoryUpbit
    binance: HistoryBinance

    def __init__(self, shift_s: float = 0.0) -> None:
        super().__init__()
        self.upbit, self.binance = HistoryUpbit(), HistoryBinance()
        self.ecb = Rates()
        self.diary: list[Asked] = []
        self.faults: dict[str, Fault] = {}
        self.move(shift_s)
        self.middlewares.append(self._keep)

    def move(self, shift_s: float) -> None:
        """Set both venues' clocks so far ahead of ours."""
        self.upbit.clock_offset_s = self.binance.clock_offset_s = shift_s

    def now_s(self) -> float:
        """Return the venues' time, Unix seconds."""
        return time.time() + self.upbit.clock_offset_s

    def asked(self, venue: str, path: str = "", status: int = 200) -> list[Asked]:
        """Return the questions for a venue's past whose path ends so."""
        kept = [a for a in self.diary if a.venue == venue and a.status == status]
        return [a for a in kept if path in a.path]

    def market(self, symbol: str, base: str, places: int, **more: Any) -> None:
        """List a KRW market that trades now at `base`, and has a past."""
        code, live = f"KRW-{symbol}", more.pop("live", base)
        self.upbit.add(symbol, live)
        if live is not None:
            now = self.upbit.now_ms()
            self.upbit.rows[code] |= {"trade_timestamp": now, "timestamp": now}
        self.upbit.tape[code] = Series(code, base, places, **more)

    def pair(self, symbol: str, base: str, places: int, **more: Any) -> None:
        """List a USDT market that trades now at `base`, and has a past."""
        name, live = f"{symbol}USDT", more.pop("live", base)
        self.binance.add(symbol, live)
        if live is not None:
            self.binance.rows[name]["closeTime"] = self.binance.now_ms()
        self.binance.tape[name] = Series(name, base, places, **more)

    @web.middleware
    async def _keep(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        venue = request.path.split("/")[1]
        is_past = any(word in request.path for word in ("candles", "klines", ".."))
        if not is_past:
            return await handler(request)
        fault = self.faults.get(venue)
        answer = await fault(request) if fault is not None else None
        if answer is None:
            answer = await handler(request)
        query = dict(request.query)
        self.diary.append(
            Asked(venue, request.path, query, answer.status, time.monotonic())
        )
        return answer

    async def _rate(self, request: web.Request) -> web.Response:
        span = request.match_info["path"].rsplit("/", 1)[-1]
        if ".." not in span:
            return await super()._rate(request)
        if self.rates_fail:
            return web.Response(status=503)
        first, _, last = span.partition("..")
        begin = date.fromisoformat(first)
        # The ECB's rate of a day comes at 16:00 in Frankfurt.
        today = datetime.fromtimestamp(self.now_s() - 15 * 3600, UTC).date()
        end = min(date.fromisoformat(last), today) if last else today
        found = self._dated(begin, end)
        if not found:
            return web.json_response({"message": "not found"}, status=404)
        told = {day: {"KRW": Raw(rate)} for day, rate in found.items()}
        body = {"amount": 1.0, "base": "USD", "start_date": min(told)}
        body |= {"end_date": max(told), "rates": told}
        return web.Response(text=write(body), content_type="application/json")

    def _dated(self, begin: date, end: date) -> dict[str, str]:
        first = begin
        while self.ecb.on(first) is None and (begin - first).days < 10:
            first -= timedelta(1)
        span = [first + timedelta(n) for n in range((end - first).days + 1)]
        known = {day: rate for day in span if (rate := self.ecb.on(day)) is not None}
        if (end - begin).days <= DAILY_SPAN:
            return {day.isoformat(): rate for day, rate in known.items()}
        weeks: dict[date, list[Fraction]] = {}
        for day, rate in known.items():
            weeks.setdefault(day - timedelta(day.weekday()), []).append(Fraction(rate))
        return {
            monday.isoformat(): f"{float(sum(rates) / len(rates)):.2f}"
            for monday, rates in weeks.items()
        }


def refusing(status: int, after: int = 0, times: int | None = None) -> Fault:
    """Return a fault that lets `after` questions pass and refuses the next ones."""
    seen = 0

    async def fault(_: web.Request) -> web.StreamResponse | None:
        nonlocal seen
        seen += 1
        over = times is not None and seen > after + times
        if seen <= after or over:
            return None
        headers = {"Retry-After": "1"} if status in (418, 429) else {}
        return web.Response(status=status, headers=headers)

    return fault


def slow(delay_s: float) -> Fault:
    """Return a fault that lets everything pass, later."""

    async def fault(_: web.Request) -> web.StreamResponse | None:
        await asyncio.sleep(delay_s)  # the pace of a venue, not a wait of a test
        return None

    return fault


def _instant(text: str | None, now_s: float) -> float:
    return now_s if text is None else float(at(text.replace("Z", "+00:00")))


def _upbit_row(code: str, length_s: int, opened_s: int, candle: Candle) -> Any:
    moment = datetime.fromtimestamp(opened_s, UTC).replace(tzinfo=None)
    row: dict[str, Any] = {
        "market": code,
        "candle_date_time_utc": moment.isoformat(),
        "candle_date_time_kst": (moment + timedelta(hours=9)).isoformat(),
        "opening_price": Raw(candle.open),
        "high_price": Raw(candle.high),
        "low_price": Raw(candle.low),
        "trade_price": Raw(candle.close),
        "timestamp": (opened_s + length_s) * 1000 - 137,
        "candle_acc_trade_price": Raw(candle.value),
        "candle_acc_trade_volume": Raw(candle.volume),
    }
    if length_s < DAY_S:
        return {**row, "unit": length_s // MINUTE_S}
    day = {"prev_closing_price": Raw(candle.open), "change_price": Raw("0E-8")}
    return {**row, **day, "change_rate": 0}


def _add(rows: list[Any], series: Series, length_s: int, opened_s: int) -> None:
    candle = series.candle(length_s, opened_s)
    if candle is None:
        return
    rows.append(
        [
            opened_s * 1000,
            *(candle.open, candle.high, candle.low, candle.close, candle.volume),
            (opened_s + length_s) * 1000 - 1,
            candle.value,
            *(100, candle.volume, candle.value, "0"),
        ]
    )
