"""Small fake venues, written from exchanges.md alone: one port, all words scripted.

They serve what the premium needs and nothing else: Upbit `market/all`, `ticker/all` and
the WebSocket `ticker`; Binance `exchangeInfo`, `ticker/24hr` and `!miniTicker@arr`; the
rate sources. Every other path is a 404, every other stream is refused, unless a test
asks for more (`extras`). They run in a thread of their own; methods called from tests
return when the frame is handed to the sockets.
"""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final, TypeVar

from aiohttp import WSMsgType, web

T = TypeVar("T")
CALL_LIMIT_S: Final = 10.0
BEAT_S: Final = 0.25

SHORT: Final = {
    "type": "ty",
    "code": "cd",
    "opening_price": "op",
    "high_price": "hp",
    "low_price": "lp",
    "trade_price": "tp",
    "prev_closing_price": "pcp",
    "change": "c",
    "change_price": "cp",
    "signed_change_price": "scp",
    "change_rate": "cr",
    "signed_change_rate": "scr",
    "trade_volume": "tv",
    "acc_trade_volume": "atv",
    "acc_trade_volume_24h": "atv24h",
    "acc_trade_price": "atp",
    "acc_trade_price_24h": "atp24h",
    "trade_date": "tdt",
    "trade_time": "ttm",
    "trade_timestamp": "ttms",
    "ask_bid": "ab",
    "market_state": "ms",
    "is_trading_suspended": "its",
    "delisting_date": "dd",
    "market_warning": "mw",
    "timestamp": "tms",
    "stream_type": "st",
}
_STAMPS = threading.Lock()
_last_stamp = 0


@dataclass(frozen=True)
class Raw:
    """JSON text that is written as it stands: `0E-8`, 26 digits, `NaN`."""

    text: str


def write(value: object) -> str:
    """Return JSON text; a `Raw` keeps its digits."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        parts = (f"{json.dumps(k)}:{write(v)}" for k, v in value.items())
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def stamp_ms() -> int:
    """Return now in Unix ms; later than every stamp returned before."""
    global _last_stamp
    with _STAMPS:
        _last_stamp = max(int(time.time() * 1000), _last_stamp + 1)
        return _last_stamp


@dataclass(eq=False)
class Client:
    """A connected socket and what it asked for."""

    socket: web.WebSocketResponse
    request: web.Request
    format: str = "DEFAULT"
    wanted: dict[str, set[str]] = field(default_factory=dict)
    said: list[Any] = field(default_factory=list)


class Venue:
    """What both venues share: who is connected, and how to misbehave."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.dials = 0
        self.dialled_s = self.seeded_s = 0.0
        self.rest_status = 200
        self.accepts = True
        self.mute = False
        self.beats = True
        self.extras = False
        self.clock_offset_s = 0.0
        self.headers: list[dict[str, str]] = []
        self.asked: list[str] = []

    def answer(self, body: object) -> web.Response:
        """Return a REST answer, or the failure that is scripted."""
        if self.rest_status != 200:
            return web.Response(status=self.rest_status)
        return web.Response(text=write(body), content_type="application/json")

    def seed(self, rows: list[dict[str, Any]]) -> web.Response:
        """Return all tickers, and remember when they were told."""
        if self.rest_status == 200:
            self.seeded_s = time.monotonic()
        return self.answer(rows)

    async def converse(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it is gone."""
        self.headers.append(dict(request.headers))
        self.dials += 1
        if not self.accepts:
            return web.Response(status=503)
        self.dialled_s = time.monotonic()
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = Client(socket, request)
        self.clients.append(client)
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    await self.hear(client, message.data)
        finally:
            with suppress(ValueError):
                self.clients.remove(client)
        return socket

    async def hear(self, client: Client, said: str) -> None:
        """Take a client's message."""
        raise NotImplementedError

    async def say(self, client: Client, text: str | bytes) -> None:
        """Send one frame; a socket that is just going away hears nothing."""
        if self.mute:
            return
        with suppress(ConnectionError, RuntimeError):
            if isinstance(text, bytes):
                await client.socket.send_bytes(text)
            else:
                await client.socket.send_str(text)

    async def cut(self) -> None:
        """Drop every connection without a farewell."""
        for client in list(self.clients):
            transport = client.request.transport
            if transport is not None:
                transport.abort()

    async def beat(self) -> None:
        """Send something that says nothing new."""
        raise NotImplementedError


class Upbit(Venue):
    """`KRW-*` markets; `rows` are full REST tickers by code."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.unseeded: set[str] = set()
        self.beat_code = "KRW-DOGE"

    def add(self, symbol: str, price: str | None, **more: Any) -> None:
        """List a market, with a last trade unless the price is None."""
        code = f"KRW-{symbol}"
        cautions = more.pop("cautions", ())
        warning = more.pop("warning", False)
        self.listed[code] = {
            "market": code,
            "korean_name": more.pop("korean", symbol),
            "english_name": more.pop("english", symbol),
            "market_event": {
                "warning": warning,
                "caution": {
                    name: name in cautions
                    for name in (
                        "PRICE_FLUCTUATIONS",
                        "TRADING_VOLUME_SOARING",
                        "DEPOSIT_AMOUNT_SOARING",
                        "GLOBAL_PRICE_DIFFERENCES",
                        "CONCENTRATION_OF_SMALL_ACCOUNTS",
                    )
                },
            },
        }
        if price is not None:
            self.rows[code] = self._row(price, **more)

    @staticmethod
    def _row(price: str, **more: Any) -> dict[str, Any]:
        now = stamp_ms()
        return {
            "trade_date": "20261121",
            "trade_time": "000000",
            "trade_timestamp": now,
            "opening_price": Raw(price),
            "high_price": Raw(price),
            "low_price": Raw(price),
            "trade_price": Raw(price),
            "prev_closing_price": Raw(price),
            "change": "EVEN",
            "change_price": Raw("0E-8"),
            "change_rate": 0,
            "signed_change_price": Raw("0E-8"),
            "signed_change_rate": 0,
            "trade_volume": Raw("0.00100000"),
            "acc_trade_price": Raw("1000000.0000000000000000"),
            "acc_trade_price_24h": Raw("1000000.5000000000000000"),
            "acc_trade_volume": Raw("10.00000000"),
            "acc_trade_volume_24h": Raw("20.00000000"),
            "timestamp": now,
            **more,
        }

    def rest(self, app: web.Application) -> None:
        """Add the paths."""
        app.router.add_get("/upbit/v1/market/all", self._markets)
        app.router.add_get("/upbit/v1/ticker/all", self._tickers)
        app.router.add_get("/upbit/websocket/v1", self.converse)

    async def _markets(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        return self.answer(list(self.listed.values()))

    async def _tickers(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        # Fields of the stream's ticker alone are not in the REST one.
        only_stream = ("market_state", "is_trading_suspended", "delisting_date")
        rows = [
            {"market": code, **{k: v for k, v in row.items() if k not in only_stream}}
            for code, row in self.rows.items()
            if code not in self.unseeded
        ]
        return self.seed(rows)

    async def hear(self, client: Client, said: str) -> None:
        """Take the subscription, which replaces the one before."""
        if said == "PING":
            await self.say(client, '{"status":"UP"}')
            return
        parts = json.loads(said)
        client.said.append(parts)
        client.format = next((p["format"] for p in parts if "format" in p), "DEFAULT")
        types = {p["type"]: set(p["codes"]) for p in parts if "type" in p}
        if not self.extras and set(types) != {"ticker"}:
            error = {"name": "INVALID_PARAM", "message": "only ticker is served"}
            await self.say(client, write({"error": error}))
            return
        client.wanted = types
        for code in sorted(types.get("ticker", ())):
            if code in self.rows and code not in self.unseeded:
                await self._tell(client, code, "SNAPSHOT")

    def frame(self, code: str, stream_type: str, format_: str, **changes: Any) -> bytes:
        """Return the ticker of a market as the stream writes it: binary JSON."""
        full = {
            "type": "ticker",
            "code": code,
            "market_state": "ACTIVE",
            "is_trading_suspended": False,
            "delisting_date": None,
            "market_warning": "NONE",
            "ask_bid": "BID",
            **self.rows[code],
            "stream_type": stream_type,
            **changes,
        }
        if format_ == "SIMPLE":
            full = {SHORT[key]: value for key, value in full.items()}
        return write(full).encode()

    async def _tell(self, client: Client, code: str, stream_type: str) -> None:
        if code in client.wanted.get("ticker", ()):
            await self.say(client, self.frame(code, stream_type, client.format))

    async def push(self, symbol: str, **changes: Any) -> None:
        """Change a market's row and send its realtime ticker."""
        code = f"KRW-{symbol}"
        now = stamp_ms()
        fresh = {"trade_timestamp": now, "timestamp": now, **changes}
        self.rows[code] = {**self.rows.get(code, self._row("1")), **fresh}
        for client in list(self.clients):
            await self._tell(client, code, "REALTIME")

    async def book(self, symbol: str, bid: str, ask: str) -> None:
        """Send a book to whom it was granted."""
        code = f"KRW-{symbol}"
        unit = {"ap": Raw(ask), "bp": Raw(bid), "as": Raw("1.5"), "bs": Raw("2.5")}
        short = {
            "ty": "orderbook",
            "cd": code,
            "tms": stamp_ms(),
            "tas": Raw("1.5"),
            "tbs": Raw("2.5"),
            "obu": [unit],
            "st": "REALTIME",
        }
        for client in list(self.clients):
            codes = {c.split(".")[0] for c in client.wanted.get("orderbook", ())}
            if code in codes:
                await self.say(client, write(short).encode())

    async def raw(self, frame: bytes) -> None:
        """Send bytes as they are, to everyone."""
        for client in list(self.clients):
            await self.say(client, frame)

    async def beat(self) -> None:
        """Repeat one market's last ticker."""
        if self.beat_code in self.rows:
            for client in list(self.clients):
                await self._tell(client, self.beat_code, "REALTIME")


class Binance(Venue):
    """USDT markets; `rows` are 24-hour tickers by symbol."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.beat_symbol = "DOGEUSDT"

    def add(self, base: str, price: str | None, **more: Any) -> None:
        """List a market, with a 24-hour row unless the price is None."""
        symbol = f"{base}USDT"
        self.listed[symbol] = {
            "symbol": symbol,
            "status": more.pop("status", "TRADING"),
            "baseAsset": base,
            "quoteAsset": "USDT",
            "isSpotTradingAllowed": True,
        }
        if price is not None:
            now = stamp_ms()
            self.rows[symbol] = {
                "lastPrice": price,
                "openPrice": price,
                "highPrice": price,
                "lowPrice": price,
                "bidPrice": price,
                "askPrice": price,
                "volume": "1000.00000000",
                "quoteVolume": "2000.00000000",
                "openTime": now - 86_400_000,
                "closeTime": now,
                **more,
            }

    def rest(self, app: web.Application) -> None:
        """Add the paths."""
        app.router.add_get("/binance/api/v3/exchangeInfo", self._info)
        app.router.add_get("/binance/api/v3/ticker/24hr", self._day)
        app.router.add_get("/binance/stream", self.converse)

    async def _info(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        body = {"timezone": "UTC", "serverTime": stamp_ms()}
        return self.answer({**body, "symbols": list(self.listed.values())})

    async def _day(self, request: web.Request) -> web.Response:
        self.asked.append(str(request.rel_url))
        return self.seed([{"symbol": s, **row} for s, row in self.rows.items()])

    async def hear(self, client: Client, said: str) -> None:
        """Take SUBSCRIBE and UNSUBSCRIBE."""
        asked = json.loads(said)
        client.said.append(asked)
        streams = set(asked.get("params", ()))
        mine = client.wanted.setdefault("streams", set())
        if not self.extras and streams - {"!miniTicker@arr"}:
            error = {"code": 2, "msg": "Invalid request: not served"}
            await self.say(client, write({"error": error, "id": asked["id"]}))
            return
        if asked["method"] == "SUBSCRIBE":
            mine |= streams
        else:
            mine -= streams
        await self.say(client, write({"result": None, "id": asked["id"]}))

    def item(self, symbol: str) -> dict[str, Any]:
        """Return a mini ticker of a market's row."""
        row = self.rows[symbol]
        return {
            "e": "24hrMiniTicker",
            "E": row["closeTime"],
            "s": symbol,
            "c": row["lastPrice"],
            "o": row["openPrice"],
            "h": row["highPrice"],
            "l": row["lowPrice"],
            "v": row["volume"],
            "q": row["quoteVolume"],
        }

    def change(self, symbol: str, **changes: Any) -> None:
        """Change a market's row, under a fresh stamp."""
        self.rows[symbol] = {
            **self.rows[symbol],
            "closeTime": stamp_ms(),
            **changes,
        }

    async def push(self, base: str, **changes: Any) -> None:
        """Change a market's row and send an array with it alone."""
        symbol = f"{base}USDT"
        self.change(symbol, **changes)
        await self.array([self.item(symbol)])

    async def array(self, items: Iterable[object]) -> None:
        """Send a mini-ticker array of these items."""
        await self.stream("!miniTicker@arr", list(items))

    async def stream(self, name: str, data: object) -> None:
        """Send a combined frame to those who subscribed to the stream."""
        frame = write({"stream": name, "data": data})
        for client in list(self.clients):
            if name in client.wanted.get("streams", ()) or name.startswith("!server"):
                await self.say(client, frame)

    async def raw(self, frame: str) -> None:
        """Send text as it is, to everyone."""
        for client in list(self.clients):
            await self.say(client, frame)

    async def beat(self) -> None:
        """Repeat one market's last mini ticker."""
        if self.beat_symbol in self.rows:
            await self.array([self.item(self.beat_symbol)])


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
    """Both venues and any number of rate desks behind one port, in a thread."""

    def __init__(self) -> None:
        self.upbit = Upbit()
        self.binance = Binance()
        # Paths below /fx, such as "main/v1/latest", and what they answer.
        self.rates: dict[str, Body] = {}
        self.rates_fail = False
        self.url = ""
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

    def __enter__(self) -> "World":
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
        app = web.Application()
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
