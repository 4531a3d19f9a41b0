"""A fake Upbit: `market/all`, `ticker/all` and the WebSocket `ticker`."""

import json
from typing import Any, Final

from aiohttp import web

from tests.e2e.semantics.venue import Client, Raw, Venue, stamp_ms, write

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
