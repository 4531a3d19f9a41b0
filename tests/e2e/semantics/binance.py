"""A fake Binance: `exchangeInfo`, `ticker/24hr` and `!miniTicker@arr`."""

import json
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from tests.e2e.semantics.venue import Client, Venue, stamp_ms, write


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
