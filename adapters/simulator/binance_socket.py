"""Binance's WebSockets: raw and combined streams, methods, pings, text frames."""

import json

from aiohttp import web

from adapters.simulator import binance_encoding as encoding
from adapters.simulator.binance_audience import Audience, Client, Topic
from adapters.simulator.binance_request import (
    ALL_MINI,
    RefusedRequest,
    Request,
    read_request,
    topic_of,
)
from adapters.simulator.clock import Clock
from adapters.simulator.connection import Connection
from adapters.simulator.fault import Fault
from adapters.simulator.frame import TEXT, frame
from adapters.simulator.history import DAY_MS
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


class BinanceSocket:
    """Streams of all connections; data are made once per stream."""

    def __init__(
        self, market: Market, fault: Fault, log: ViolationLog, now_ms: Clock
    ) -> None:
        self.hub = Hub(self, now_ms)
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._clients: dict[Connection, Client] = {}
        self._audiences: dict[Topic, Audience] = {}
        self._changed: dict[str, Instrument] = {}
        self._second = 0

    def publish(self, trade: Trade, now_ms: int) -> None:
        """Put a trade to its listeners and remember the market for the tickers."""
        instrument = trade.instrument
        symbol = instrument.listing.symbol
        self._changed[symbol] = instrument
        if self._fault.silent:
            return
        audiences = self._audiences
        if audience := audiences.get((symbol, "trade")):
            audience.put(encoding.trade(trade, now_ms))
        if audience := audiences.get((symbol, "aggTrade")):
            audience.put(encoding.aggregate_trade(trade, now_ms))
        if audience := audiences.get((symbol, "bookTicker")):
            audience.put(encoding.book_ticker(instrument))

    def publish_tickers(self, now_ms: int) -> None:
        """Put the tickers of what changed in the last second, once a second."""
        second = now_ms // TICKER_MS
        if second == self._second:
            return
        self._second = second
        changed, self._changed = self._changed, {}
        if not changed or self._fault.silent:
            return
        everyone = self._audiences.get(("", ALL_MINI))
        rows = []
        for symbol, instrument in changed.items():
            own = self._audiences.get((symbol, "miniTicker"))
            if everyone or own:
                row = encoding.mini_ticker(instrument, now_ms)
                rows.append(row)
                if own:
                    own.put(row)
            if full := self._audiences.get((symbol, "ticker")):
                full.put(encoding.ticker(instrument, now_ms))
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
        notice = encoding.server_shutdown(self._now_ms())
        wrapped = f'{{"stream":"!serverShutdown","data":{notice}}}'
        for connection, client in self._clients.items():
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
        self._clients[connection] = Client(combined)
        self._subscribe(connection, tuple(filter(None, named.split("/"))))

    def heard(self, connection: Connection, text: str) -> None:
        """Carry out a method call and answer it."""
        try:
            request = read_request(text)
        except RefusedRequest as exc:
            self._log.add("binance", "invalid request", str(exc), self._now_ms())
            _answer(connection, {"code": 2, "msg": str(exc)})
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

    def _call(self, connection: Connection, request: Request) -> list[str] | None:
        if request.method == "SUBSCRIBE":
            self._subscribe(connection, request.streams)
        elif request.method == "UNSUBSCRIBE":
            self._unsubscribe(connection, request.streams)
        else:
            return list(self._clients[connection].streams)
        return None

    def _subscribe(self, connection: Connection, streams: tuple[str, ...]) -> None:
        client = self._clients[connection]
        for stream in streams:
            client.streams[stream] = None
            topic = topic_of(stream)
            audience = self._audiences.setdefault(topic, Audience(stream))
            audience.of(client).add(connection)
        if len(client.streams) > BINANCE_STREAMS:
            detail = f"{len(client.streams)} streams"
            self._log.add("binance", "streams per connection", detail, self._now_ms())
            connection.close(POLICY_VIOLATION, "Too many streams")

    def _unsubscribe(self, connection: Connection, streams: tuple[str, ...]) -> None:
        client = self._clients[connection]
        for stream in streams:
            client.streams.pop(stream, None)
            topic = topic_of(stream)
            audience = self._audiences.get(topic)
            if audience is not None:
                audience.of(client).discard(connection)
                if not audience.combined and not audience.raw:
                    del self._audiences[topic]

    def _may_ping(self, connection: Connection, now_ms: int) -> bool:
        waits = connection.owes_pong_ms(now_ms) > 0
        return not waits and now_ms - connection.pinged_ms >= PING_MS


def _answer(connection: Connection, body: dict[str, object]) -> None:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    connection.put(frame(TEXT, text.encode()))
