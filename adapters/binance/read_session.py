"""One-off reads over a Binance connection, as a pure state machine.

Source: exchanges.md A2 "WebSocket". Streams are subscribed while somebody misses a
value of them and left afterwards. Topics are the streams' names. Implements
`adapters.resilience.stream_read.ReadSession`.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, Literal

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from adapters.binance.book import order_book
from adapters.binance.candle import BadCandle, candle
from adapters.binance.message import (
    DayTicker,
    Kline,
    PartialBook,
    Refusal,
    Reply,
    ServerShutdown,
)
from adapters.binance.quote import of_day_ticker
from adapters.binance.reader import INTERVALS
from adapters.binance.session import (
    MAX_OPEN_REQUESTS,
    REQUEST_INTERVAL_S,
    STREAMS_PER_REQUEST,
)
from adapters.binance.wire import UndecodableFrame, decode, request
from adapters.resilience.session import NOTHING, Received, Reject
from adapters.resilience.stream_read import Answered
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.number import MalformedNumber
from domain.model.quote import MAX_AHEAD_MS

TICKER: Final = "ticker"
# The longest of the partial books, ten times a second: the first comes soon.
BOOK: Final = "depth20@100ms"
KLINES: Final = {interval: f"kline_{name}" for interval, name in INTERVALS.items()}
_INTERVALS: Final = {channel: interval for interval, channel in KLINES.items()}


class _Framed(Struct, gc=False):
    """`{"stream":"btcusdt@ticker","data":{…}}`; only data have a stream."""

    data: Raw
    stream: str = ""


_FRAMED = Decoder(_Framed)


def topic(channel: str, symbol: str) -> str:
    """Return the stream of a market: `btcusdt@kline_1m`."""
    return f"{symbol.lower()}@{channel}"


class BinanceReadSession:
    """One connection's conversation: subscribe to what is missed, leave what came.

    `offset_ms` is our clock minus theirs. Values are `QuoteUpdate`, `OrderBook` and
    `Candle` of the domain; a book's market is its stream's in capitals.
    """

    def __init__(self, offset_ms: Callable[[], int | None]) -> None:
        self._offset_ms = offset_ms
        self._wanted: frozenset[str] = frozenset()
        self._subscribed: set[str] = set()
        self._earliest_s = 0.0
        self._request_id = 0
        self._open: dict[int, frozenset[str]] = {}

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        """Set all streams that are missed now."""
        self._wanted = markets

    def frames_to_send(self, now_s: float) -> list[str]:
        """Take the one request due now: what is missed goes before what is left."""
        at_s = self.wake_at_s()
        if at_s is None or at_s > now_s:
            return []
        self._earliest_s = now_s + REQUEST_INTERVAL_S
        missed = self._wanted - self._subscribed
        if missed:
            streams = sorted(missed)[:STREAMS_PER_REQUEST]
            self._subscribed.update(streams)
            return [self._ask("SUBSCRIBE", streams)]
        streams = sorted(self._subscribed - self._wanted)[:STREAMS_PER_REQUEST]
        self._subscribed.difference_update(streams)
        return [self._ask("UNSUBSCRIBE", streams)]

    def wake_at_s(self) -> float | None:
        """Return when the next request is due; None: all is asked."""
        return None if self._wanted == self._subscribed else self._earliest_s

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        """Decode one frame; one that cannot be used answers its stream with None."""
        stream = _stream_of(frame)
        if stream and stream not in self._wanted and not stream.startswith("!"):
            return NOTHING
        missed = stream in self._wanted
        try:
            message = decode(frame)
            if missed:
                now_ms = received_ms - (self._offset_ms() or 0)
                value = _value_of(message, stream, now_ms, received_ms)
                return Answered(values=((stream, value),))
            return self._control(message)
        except UndecodableFrame as exc:
            reject = Reject.of(exc.kind, exc.detail, frame)
        except MalformedNumber as exc:
            reject = Reject.of("number", str(exc), frame)
        except BadCandle as exc:
            reject = Reject.of("candle", str(exc), frame)
        return Answered(rejects=(reject,), values=((stream, None),) if missed else ())

    def _control(self, message: object) -> Received:
        if isinstance(message, ServerShutdown):
            return Received(reconnect="serverShutdown")
        if isinstance(message, Reply):
            self._take_open(message.id)
        if not isinstance(message, Refusal):
            return NOTHING
        # Not subscribed after all: whoever misses it next asks anew.
        refused = self._take_open(message.id)
        self._subscribed -= refused
        return Answered(error=message.reason, refused=refused)

    def _ask(
        self, method: Literal["SUBSCRIBE", "UNSUBSCRIBE"], streams: Collection[str]
    ) -> str:
        self._request_id += 1
        if method == "SUBSCRIBE":
            self._open[self._request_id] = frozenset(streams)
            if len(self._open) > MAX_OPEN_REQUESTS:
                del self._open[next(iter(self._open))]
        return request(method, sorted(streams), self._request_id)

    def _take_open(self, request_id: object) -> frozenset[str]:
        known = self._open.pop(request_id, None) if type(request_id) is int else None
        return known or frozenset()


def _stream_of(frame: bytes | str) -> str:
    try:
        return _FRAMED.decode(frame).stream
    except (DecodeError, ValueError, RecursionError):
        return ""


def _value_of(message: object, stream: str, now_ms: int, received_ms: int) -> Any:  # noqa: ANN401 (three kinds of values, told apart by their streams)
    symbol, _, channel = stream.partition("@")
    if isinstance(message, DayTicker | Kline) and message.symbol.lower() != symbol:
        raise UndecodableFrame("shape", f"{message.symbol[:40]!r} on {stream[:40]!r}")
    if channel == TICKER and isinstance(message, DayTicker):
        return _ticker(message, now_ms)
    if channel == BOOK and isinstance(message, PartialBook):
        return order_book(symbol.upper(), message, received_ms)
    interval: Interval | None = _INTERVALS.get(channel)
    if interval is not None and isinstance(message, Kline):
        return candle(message.body, message.symbol, interval, now_ms)
    raise UndecodableFrame("unknown", f"{type(message).__name__} on {stream[:40]!r}")


def _ticker(message: DayTicker, now_ms: int) -> QuoteUpdate:
    update = of_day_ticker(message)
    if (update.exchange_ms or 0) > now_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    return update
