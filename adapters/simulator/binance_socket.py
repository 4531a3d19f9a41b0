"""Binance's WebSockets: raw and combined streams, methods, pings, text frames."""

import json
from collections.abc import Mapping

from aiohttp import web

from adapters.simulator import binance_encoding as encoding
from adapters.simulator.bar import DAY_MS
from adapters.simulator.binance_audience import Audiences, Client
from adapters.simulator.binance_encoding import MICRO, MILLI, TimeUnit
from adapters.simulator.binance_feed import TimedFeed
from adapters.simulator.binance_request import (
    ALL_MINI,
    RefusedRequest,
    Request,
    read_request,
)
from adapters.simulator.clock import Clock
from adapters.simulator.connection import Connection
from adapters.simulator.fault import Fault
from adapters.simulator.frame import TEXT, frame
from adapters.simulator.hub import GOING_AWAY, POLICY_VIOLATION, Hub
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.limit import (
    BINANCE_MESSAGES_PER_S,
    BINANCE_STREAMS,
    MessageLimit,
)
from adapters.simulator.market import Market
from adapters.simulator.violation import ViolationLog

PING_MS = 20_000
PONG_WITHIN_MS = 60_000
"""A ping that waits longer for its pong ends the connection."""
LIFETIME_MS = DAY_MS
TICKER_MS = 1_000
_UNITS = (MILLI, MICRO)


class BinanceSocket:
    """Streams of all connections; data are made once per stream."""

    def __init__(
        self, market: Market, fault: Fault, log: ViolationLog, now_ms: Clock
    ) -> None:
        self.hub = Hub(self, now_ms)
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._clients: dict[Connection, Client] = {}
        self._audiences = Audiences()
        instruments = market.instruments("binance")
        self._feed = TimedFeed(self._audiences, instruments)
        self._changed: dict[str, Instrument] = {}
        self._second = 0

    def publish(self, trade: Trade, now_ms: int) -> None:
        """Put a trade to its listeners and remember the market for the tickers."""
        instrument = trade.instrument
        symbol = instrument.listing.symbol
        self._changed[symbol] = instrument
        if self._fault.silent:
            return
        for unit in _UNITS:
            if audience := self._audiences.get(symbol, "trade", unit):
                audience.put(encoding.trade(trade, now_ms, unit))
            if audience := self._audiences.get(symbol, "aggTrade", unit):
                audience.put(encoding.aggregate_trade(trade, now_ms, unit))
            if audience := self._audiences.get(symbol, "bookTicker", unit):
                audience.put(encoding.book_ticker(instrument))

    def publish_tickers(self, now_ms: int) -> None:
        """Put klines and books that are due, and once a second the tickers."""
        self._feed.publish(now_ms, silent=self._fault.silent)
        second = now_ms // TICKER_MS
        if second == self._second:
            return
        self._second = second
        changed, self._changed = self._changed, {}
        if not changed or self._fault.silent:
            return
        for unit in _UNITS:
            self._put_tickers(changed, now_ms, unit)

    def _put_tickers(
        self, changed: Mapping[str, Instrument], now_ms: int, unit: TimeUnit
    ) -> None:
        everyone = self._audiences.get("", ALL_MINI, unit)
        rows = []
        for symbol, instrument in changed.items():
            own = self._audiences.get(symbol, "miniTicker", unit)
            if everyone or own:
                row = encoding.mini_ticker(instrument, now_ms, unit)
                rows.append(row)
                if own:
                    own.put(row)
            if full := self._audiences.get(symbol, "ticker", unit):
                full.put(encoding.ticker(instrument, now_ms, unit))
        if everyone:
            everyone.put(f"[{','.join(rows)}]")

    def tend(self, now_ms: int) -> None:
        """Ping every 20 s; close what does not answer or is a day old."""
        for connection in self.hub.connections:
            if connection.owes_pong_ms(now_ms) > PONG_WITHIN_MS:
                self._log.add("binance", "no pong", "within a minute", now_ms)
                connection.close(POLICY_VIOLATION, "Pong timeout")
            elif now_ms - connection.opened_ms >= LIFETIME_MS:
                connection.close(GOING_AWAY, "24 hours")
            elif self._may_ping(connection, now_ms):
                connection.ping(now_ms)

    def announce_shutdown(self) -> None:
        """Tell every client that this server goes away."""
        now_ms = self._now_ms()
        for connection, client in self._clients.items():
            notice = encoding.server_shutdown(now_ms, client.unit)
            wrapped = f'{{"stream":"!serverShutdown","data":{notice}}}'
            text = wrapped if client.combined else notice
            connection.put(frame(TEXT, text.encode()))
        self.hub.flush()

    # Conversation

    def joined(self, connection: Connection, request: web.Request) -> None:
        """Begin with the streams that the URL names."""
        combined = request.path.endswith("/stream")
        named = (
            request.query.get("streams", "")
            if combined
            else request.match_info.get("streams", "")
        )
        micro = request.query.get("timeUnit", "").upper() == "MICROSECOND"
        self._clients[connection] = Client(combined, MICRO if micro else MILLI)
        self._subscribe(connection, tuple(filter(None, named.split("/"))))

    def heard(self, connection: Connection, text: str) -> None:
        """Carry out a method call and answer it."""
        try:
            request = read_request(text)
        except RefusedRequest as exc:
            self._log.add("binance", "invalid request", str(exc), self._now_ms())
            error: dict[str, object] = {"code": exc.code, "msg": str(exc)}
            if exc.id is not None:
                error["id"] = exc.id
            _answer(connection, error)
            return
        result = self._call(connection, request)
        _answer(connection, {"result": result, "id": request.id})

    def ponged(self, connection: Connection, payload: bytes) -> None:
        """Take a pong; one that answers no ping is allowed and does not help."""
        connection.pong(payload, self._now_ms())

    def crowded(self, connection: Connection) -> None:
        """Note a client that sends too much."""
        detail = f"more than {BINANCE_MESSAGES_PER_S}/s"
        self._log.add("binance", "messages per connection", detail, self._now_ms())

    def left(self, connection: Connection) -> None:
        """Forget a connection."""
        client = self._clients.get(connection)
        if client is not None:
            self._unsubscribe(connection, tuple(client.streams))
            del self._clients[connection]

    def message_limit(self) -> MessageLimit:
        """Return a new connection's limit."""
        return MessageLimit(BINANCE_MESSAGES_PER_S)

    # Streams

    def _call(
        self, connection: Connection, request: Request
    ) -> list[str] | bool | None:
        client = self._clients[connection]
        match request.method:
            case "SUBSCRIBE":
                self._subscribe(connection, request.streams)
            case "UNSUBSCRIBE":
                self._unsubscribe(connection, request.streams)
            case "SET_PROPERTY":
                self._audiences.rewrap(connection, client, combined=request.combined)
            case "GET_PROPERTY":
                return client.combined
            case "LIST_SUBSCRIPTIONS":
                return list(client.streams)
        return None

    def _subscribe(self, connection: Connection, streams: tuple[str, ...]) -> None:
        client, now_ms = self._clients[connection], self._now_ms()
        for stream in streams:
            topic = self._audiences.add(connection, client, stream)
            self._feed.begin(topic, now_ms)
        if len(client.streams) > BINANCE_STREAMS:
            detail = f"{len(client.streams)} streams"
            self._log.add("binance", "streams per connection", detail, now_ms)
            connection.close(POLICY_VIOLATION, "Too many streams")

    def _unsubscribe(self, connection: Connection, streams: tuple[str, ...]) -> None:
        client = self._clients[connection]
        for stream in streams:
            self._feed.end(self._audiences.remove(connection, client, stream))

    def _may_ping(self, connection: Connection, now_ms: int) -> bool:
        waits = connection.owes_pong_ms(now_ms) > 0
        return not waits and now_ms - connection.pinged_ms >= PING_MS


def _answer(connection: Connection, body: dict[str, object]) -> None:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    connection.put(frame(TEXT, text.encode()))
