"""Both fake venues and the rate sources behind one port, in a thread."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from email.utils import formatdate
from typing import Any, Final, Self, TypeVar

from aiohttp import web
from aiohttp.typedefs import Middleware

from tests.e2e.semantics.binance import Binance
from tests.e2e.semantics.upbit import Upbit
from tests.e2e.semantics.venue import Raw, write

T = TypeVar("T")
CALL_LIMIT_S: Final = 10.0
BEAT_S: Final = 0.25
Body = Callable[[], object]


def settings_at(url: str, desk: str, sources: str) -> dict[str, str]:
    """Return the environment for venues at `url` and the rate sources of a desk."""
    stream = url.replace("http", "ws", 1)
    rates = f"{url}/fx/{desk}"
    return {
        "KIMP_UPBIT__REST_URL": f"{url}/upbit",
        "KIMP_UPBIT__WS_URL": f"{stream}/upbit/websocket/v1",
        "KIMP_UPBIT__ICON_URL": "",
        "KIMP_BINANCE__REST_URL": f"{url}/binance",
        "KIMP_BINANCE__WS_URL": f"{stream}/binance",
        "KIMP_FX__SOURCES": json.dumps(sources.split(",")),
        "KIMP_FX__DUNAMU_URL": rates,
        "KIMP_FX__FRANKFURTER_URL": rates,
        "KIMP_FX__OPEN_ER_API_URL": rates,
    }


class World:
    """Both venues and any number of rate desks behind one port.

    They run in a thread of their own; `do` returns when a frame is handed to the
    sockets.
    """

    def __init__(self) -> None:
        self.upbit = Upbit()
        self.binance = Binance()
        # Paths below /fx, such as "main/v1/latest", and what they answer.
        self.rates: dict[str, Body] = {}
        self.rates_fail = False
        self.url = ""
        # Whoever stands before every answer: what watches, what misbehaves.
        self.middlewares: list[Middleware] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._beating: asyncio.Task[None] | None = None

    def coin(self, symbol: str, krw: str | None, usdt: str | None, **more: Any) -> None:
        """List a coin under the same ticker on both venues."""
        self.upbit.add(symbol, krw, **more)
        self.binance.add(symbol, usdt)

    def settings(self, desk: str = "main", sources: str = "dunamu") -> dict[str, str]:
        """Return the environment that points a server at these venues."""
        return settings_at(self.url, desk, sources)

    def __enter__(self) -> Self:
        self._thread.start()
        self.do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_LIMIT_S)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of the venues to its end and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_LIMIT_S)

    async def _start(self) -> None:
        app = web.Application(middlewares=self.middlewares)
        app.on_response_prepare.append(self._date)
        self.upbit.rest(app)
        self.binance.rest(app)
        app.router.add_get("/fx/{path:.+}", self._rate)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self._beating = asyncio.create_task(self._beat())

    async def _stop(self) -> None:
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating
        for venue in (self.upbit, self.binance):
            await venue.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)  # the pace of a venue, not a wait of a test
            for venue in (self.upbit, self.binance):
                if venue.beats:
                    await venue.beat()

    async def _date(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write the time of the venue's own clock, on refusals too."""
        clocks = {"/upbit": self.upbit, "/binance": self.binance}
        for prefix, venue in clocks.items():
            if request.path.startswith(prefix):
                told = time.time() + venue.clock_offset_s
                response.headers["Date"] = formatdate(told, usegmt=True)

    async def _rate(self, request: web.Request) -> web.Response:
        body = self.rates.get(request.match_info["path"])
        if self.rates_fail:
            return web.Response(status=503)
        if body is None:
            return web.Response(status=404)
        return web.Response(text=write(body()), content_type="application/json")


def dunamu(rate: str, as_of_ms: int | None = None, **more: object) -> Body:
    """Return Dunamu's answer; without `as_of_ms` as of the moment of asking."""

    def body() -> object:
        told = int(time.time() * 1000) if as_of_ms is None else as_of_ms
        row = {
            "code": "FRX.KRWUSD",
            "currencyCode": "USD",
            "currencyName": "달러",
            "country": "미국",
            "name": "미국 (KRW/USD)",
            "date": "2026-11-20",
            "time": "15:30:00",
            "recurrenceCount": 512,
            "basePrice": Raw(rate),
            "openingPrice": Raw(rate),
            "timestamp": told,
            **more,
        }
        return [{k: v for k, v in row.items() if v is not ...}]

    return body


def frankfurter(rate: str, day: str) -> Body:
    """Return Frankfurter's answer."""
    rates = {"KRW": Raw(rate)}
    return lambda: {"amount": 1.0, "base": "USD", "date": day, "rates": rates}
