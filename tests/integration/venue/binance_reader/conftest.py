"""One-off reads from Binance over a real connection."""

import json
from collections.abc import Callable, Collection
from typing import Any

import pytest
from aiohttp import web

from adapters.binance.reader import (
    BinanceReader,
)
from adapters.resilience.clock import SystemClock
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.monitor import UpstreamMonitor

MINUTE_MS = 60_000


# 2024-10-04 00:00 UTC, long over.
MIDNIGHT_MS = 20_000 * 86_400_000


INVALID = '{"code":-1121,"msg":"Invalid symbol."}'


ILLEGAL = "Illegal characters found in parameter '{}'; legal range is '^x$'."


MakeHttp = Callable[..., UpstreamHttp]


@pytest.fixture
def reader(make_http: MakeHttp, monitor: UpstreamMonitor) -> BinanceReader:
    return BinanceReader(make_http(), SystemClock(), monitor.rejected)


def day(symbol: str, **changed: Any) -> dict[str, Any]:
    row = {
        "symbol": symbol,
        "lastPrice": "1.50",
        "closeTime": 17,
        "bidPrice": "1.4",
        "askPrice": "1.6",
        "openPrice": "1.2",
        "volume": "3",
        "quoteVolume": "4.5",
    }
    return row | changed


def status(code: int, text: str = "{}") -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=code, text=text)

    return answer


def refuses(known: Collection[str]) -> Any:
    async def answer(request: web.Request) -> web.Response:
        if "symbols" not in request.query:
            return web.json_response([day(symbol) for symbol in known])
        symbols = json.loads(request.query["symbols"])
        if not set(symbols) <= set(known):
            return web.Response(status=400, text=INVALID)
        return web.json_response([day(symbol) for symbol in symbols])

    return answer


def kline(opened_ms: int, *changed: tuple[int, Any]) -> list[Any]:
    row = [opened_ms, "10", "12", "9", "11", "2", opened_ms + 59_999, "20.5", 3, "1"]
    for index, value in changed:
        row[index] = value
    return row


class KlineHistory:
    """Answers as the venue does: oldest first, an inclusive end, 1,000 at most."""

    def __init__(self, opened: Collection[int]) -> None:
        self.opened = sorted(opened)

    async def answer(self, request: web.Request) -> web.Response:
        query = request.query
        if query["symbol"] != "BTCUSDT":
            return web.Response(status=400, text=INVALID)
        end_ms = int(query.get("endTime", "9" * 15))
        opened = [each for each in self.opened if each <= end_ms]
        limit = min(1000, int(query.get("limit", "500")))
        return web.json_response([kline(each) for each in opened[-limit:]])
