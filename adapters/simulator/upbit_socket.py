"""Upbit's WebSocket: subscriptions that replace each other, binary frames."""

import json
from dataclasses import dataclass, field, replace

from aiohttp import web

from adapters.simulator import upbit_encoding as encoding
from adapters.simulator.clock import Clock
from adapters.simulator.connection import Connection
from adapters.simulator.fault import Fault
from adapters.simulator.frame import BINARY, frame
from adapters.simulator.hub import GOING_AWAY, Hub
from adapters.simulator.instrument import Instrument, Trade
from adapters.simulator.limit import (
    UPBIT_MESSAGES_PER_MIN,
    UPBIT_MESSAGES_PER_S,
    MessageLimit,
)
from adapters.simulator.market import Market
from adapters.simulator.upbit_audience import Audience
from adapters.simulator.upbit_candle import CandleFeed
from adapters.simulator.upbit_encoding import Moment, supported_levels
from adapters.simulator.upbit_field import Format
from adapters.simulator.upbit_request import (
    CANDLES,
    TRADED,
    Demand,
    RefusedRequest,
    Request,
    Topic,
    read_request,
)
from adapters.simulator.violation import ViolationLog

IDLE_MS = 120_000
"""A connection without traffic in either direction for so long is closed."""
BEAT_MS = 10_000
"""After a text PING the answer is repeated this often."""

_UP = frame(BINARY, b'{"status":"UP"}')


@dataclass(slots=True)
class _Subscription:
    """What one connection gets in real time."""

    request: Request
    topics: list[Topic] = field(default_factory=list)


class UpbitSocket:
    """Subscriptions of all connections; frames are made once per topic and format."""

    def __init__(
        self, market: Market, fault: Fault, log: ViolationLog, now_ms: Clock
    ) -> None:
        self.hub = Hub(self, now_ms)
        self._instruments = market.instruments("upbit")
        self._fault, self._log, self._now_ms = fault, log, now_ms
        self._subscriptions: dict[Connection, _Subscription] = {}
        self._audience = Audience()
        self._candles = CandleFeed(self._audience, self._instruments)

    def publish(self, trade: Trade, now_ms: int) -> None:
        """Put ticker, trade and book of a market to everyone who subscribed to it."""
        self._candles.note(trade)
        if self._fault.silent:
            return
        code = trade.instrument.listing.symbol
        for channel in TRADED:
            for topic, form, connections in self._audience.of(channel, code):
                if ready := _frame(topic, form, trade, now_ms, "REALTIME"):
                    for connection in connections:
                        connection.put(ready)

    def tend(self, now_ms: int) -> None:
        """Put candles, repeat {"status":"UP"} where asked for, close what is idle."""
        self._candles.publish(now_ms, silent=self._fault.silent)
        for connection in self.hub.connections:
            if connection.beat_ms and now_ms - connection.beat_ms >= BEAT_MS:
                self._beat(connection, now_ms)
            if now_ms - max(connection.heard_ms, connection.sent_ms) >= IDLE_MS:
                connection.close(GOING_AWAY, "idle timeout")

    # Conversation

    def joined(self, connection: Connection, request: web.Request) -> None:
        """Wait for the client to ask."""

    def heard(self, connection: Connection, text: str) -> None:
        """Take a request, or a PING in words."""
        if text == "PING":
            self._beat(connection, self._now_ms())
            return
        try:
            request = read_request(text)
        except RefusedRequest as exc:
            self._log.add("upbit", exc.name, exc.message, self._now_ms())
            connection.put(frame(BINARY, _error(exc)))
            return
        if request.listing:
            self._list(connection, request)
        else:
            self._replace(connection, request)

    def ponged(self, connection: Connection, payload: bytes) -> None:
        """Upbit sends no pings; a pong is traffic and nothing else."""

    def crowded(self, connection: Connection) -> None:
        """Note a client that sends too much."""
        now_ms = self._now_ms()
        detail = f"more than {UPBIT_MESSAGES_PER_S}/s or {UPBIT_MESSAGES_PER_MIN}/min"
        self._log.add("upbit", "messages per connection", detail, now_ms)

    def left(self, connection: Connection) -> None:
        """Forget a connection."""
        subscription = self._subscriptions.pop(connection, None)
        if subscription is not None:
            self._withdraw(connection, subscription)

    def message_limit(self) -> MessageLimit:
        """Return a new connection's limit."""
        return MessageLimit(UPBIT_MESSAGES_PER_S, UPBIT_MESSAGES_PER_MIN)

    # Subscriptions

    def _replace(self, connection: Connection, request: Request) -> None:
        self.left(connection)
        subscription = _Subscription(request)
        self._subscriptions[connection] = subscription
        for demand in request.demands:
            for topic in demand.topics:
                # A code that is not listed gets no data and no error.
                instrument = self._instruments.get(topic.code)
                if instrument is None:
                    continue
                if demand.snapshot:
                    self._snapshot(connection, topic, request.form, instrument)
                if demand.realtime:
                    subscription.topics.append(topic)
        for topic in subscription.topics:
            self._audience.add(connection, topic, request.form)

    def _snapshot(
        self, connection: Connection, topic: Topic, form: Format, each: Instrument
    ) -> None:
        if self._fault.silent:
            return
        now_ms = self._now_ms()
        if topic.channel in CANDLES:
            self._candles.snapshot(connection, topic, form, now_ms)
        else:
            last = encoding.last_trade(each)
            if ready := _frame(topic, form, last, now_ms, "SNAPSHOT"):
                connection.put(ready)

    def _withdraw(self, connection: Connection, subscription: _Subscription) -> None:
        for topic in subscription.topics:
            self._audience.remove(connection, topic, subscription.request.form)

    def _list(self, connection: Connection, request: Request) -> None:
        held = self._subscriptions.get(connection)
        brief = request.form.startswith("SIMPLE")
        demands: tuple[Demand, ...] = ()
        if held is not None:
            # One format per connection: this message's, whatever it was for.
            demands = held.request.demands
            self._replace_format(connection, held, request.form)
        keys = ("mthd", "rslt", "tckt") if brief else ("method", "result", "ticket")
        result = [_listed(demand, brief=brief) for demand in demands]
        values = ("LIST_SUBSCRIPTIONS", result, request.ticket)
        connection.put(frame(BINARY, _dump(dict(zip(keys, values, strict=True)))))

    def _replace_format(
        self, connection: Connection, held: _Subscription, form: Format
    ) -> None:
        self._withdraw(connection, held)
        held.request = replace(held.request, form=form)
        for topic in held.topics:
            self._audience.add(connection, topic, form)

    def _beat(self, connection: Connection, now_ms: int) -> None:
        connection.beat_ms = now_ms
        connection.put(_UP)


def _frame(
    topic: Topic, form: Format, trade: Trade, now_ms: int, moment: Moment
) -> bytes:
    """Return what a topic tells of a trade: nothing of a level no book can have."""
    if topic.channel == "ticker":
        body = encoding.ticker(trade.instrument, now_ms, form, moment)
    elif topic.channel == "trade":
        body = encoding.trade(trade, now_ms, form, moment)
    elif topic.level not in supported_levels(trade.instrument):
        return b""
    else:
        many, level = topic.many, topic.level
        body = encoding.orderbook(
            trade.instrument, now_ms, form, moment, many=many, level=level
        )
    return frame(BINARY, body)


def _listed(demand: Demand, *, brief: bool) -> dict[str, object]:
    keys = ("ty", "cds", "lv") if brief else ("type", "codes", "level")
    values = (demand.topics[0].channel, list(demand.codes), demand.level)
    row = zip(keys, values, strict=True)
    return {key: value for key, value in row if value is not None}


def _error(refused: RefusedRequest) -> bytes:
    return _dump({"error": {"name": refused.name, "message": refused.message}})


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
