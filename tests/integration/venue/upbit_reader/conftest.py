"""One-off reads from Upbit over a real connection."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from adapters.resilience.clock import SystemClock
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.monitor import UpstreamMonitor
from adapters.upbit.reader import UpbitReader

MINUTE_MS = 60_000


# 2024-10-04 00:00 UTC, long over.
MIDNIGHT_MS = 20_000 * 86_400_000


NOT_FOUND = '{"error":{"name":404,"message":"Code not found"}}'


MakeHttp = Callable[..., UpstreamHttp]


@pytest.fixture
def reader(make_http: MakeHttp, monitor: UpstreamMonitor) -> UpbitReader:
    return UpbitReader(make_http(), SystemClock(), monitor.rejected)


def text_of(opened_ms: int) -> str:
    return f"{datetime.fromtimestamp(opened_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}"


def candle(opened_ms: int, **changed: Any) -> dict[str, Any]:
    row = {
        "market": "KRW-BTC",
        "candle_date_time_utc": text_of(opened_ms),
        "opening_price": 10,
        "high_price": 12,
        "low_price": 9,
        "trade_price": 11,
        "timestamp": opened_ms + 17,
        "candle_acc_trade_price": 20.5,
        "candle_acc_trade_volume": 2,
    }
    return row | changed


class CandleHistory:
    """Answers as the venue does: newest first, an exclusive `to`, 200 at most."""

    def __init__(self, opened: Collection[int], market: str = "KRW-BTC") -> None:
        self.rows = [candle(opened_ms) for opened_ms in sorted(opened, reverse=True)]
        self.market = market

    async def answer(self, request: web.Request) -> web.Response:
        query = request.query
        if query["market"] != self.market:
            return web.Response(status=404, text=NOT_FOUND)
        to = query.get("to", "9999-01-01T00:00:00Z")
        assert to.endswith("Z")
        rows = [
            row for row in self.rows if row["candle_date_time_utc"] < to.rstrip("Z")
        ]
        count = min(200, int(query.get("count", "1")))
        return web.json_response(rows[:count])


def ticker(code: str, **changed: Any) -> dict[str, Any]:
    row = {"market": code, "trade_price": 1.5, "trade_timestamp": 17}
    return row | changed


def refuses(known: Collection[str], make: Callable[[str], Any]) -> Any:
    async def answer(request: web.Request) -> web.Response:
        codes = request.query["markets"].split(",")
        if not set(codes) <= set(known):
            return web.Response(status=404, text=NOT_FOUND)
        return web.json_response([make(code) for code in codes])

    return answer


def status(code: int, text: str = "{}") -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=code, text=text)

    return answer
