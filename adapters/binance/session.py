"""The WebSocket conversation with Binance, as a pure state machine.

Source: exchanges.md A2 "WebSocket"; which streams and why: COVERAGE.md. The connection
is opened at `{WS_URL}/stream` without streams, then they are subscribed in pieces.
Implements `adapters.resilience.session.StreamSession`.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from adapters.binance.message import (
    Message,
    MiniTicker,
    MiniTickers,
    Refusal,
    Reply,
    ServerShutdown,
)
from adapters.binance.quote import QUOTES, of_mini_ticker
from adapters.binance.wire import (
    MINI_TICKERS,
    MarketStreamName,
    UndecodableFrame,
    decode,
    item_text,
    request,
    stream_name,
)
from adapters.resilience.session import NOTHING, Received, Reject
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange
from domain.model.number import MalformedNumber

# The venue takes 5 messages a second on a connection, our pongs included: at most four
# of ours fall into one second.
REQUEST_INTERVAL_S: Final = 0.3
# The venue's limit is 1,024; the array is one of them.
MAX_STREAMS: Final = 1_024
# Names per message: some 3 KB of text.
STREAMS_PER_REQUEST: Final = 150
# Requests of which the meaning is remembered until they are answered; the oldest are
# forgotten beyond, which costs only the words of a later refusal.
MAX_OPEN_REQUESTS: Final = 64


class BinanceSession:
    """One connection's conversation: the mini-ticker array, and a stream per market.

    `market_streams` are asked for every market watched, beside the array. Beyond 1,024
    streams the markets last in the alphabet have the array only.
    """

    def __init__(
        self, market_streams: Sequence[MarketStreamName] = ("aggTrade",)
    ) -> None:
        self._market_streams = tuple(market_streams)
        self._wanted: frozenset[str] = frozenset()
        self._streams: frozenset[str] = frozenset()
        self._asked: set[str] = set()
        self._earliest_s: float | None = None
        self._due_s: float | None = None
        self._request_id = 0
        self._open: dict[int, str] = {}

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        """Set all markets wanted, by symbol (`BTCUSDT`)."""
        self._wanted = markets
        names = (
            stream_name(market, name)
            for market in sorted(markets)
            for name in self._market_streams
        )
        # dict: without doubles, in order.
        room = list(dict.fromkeys((MINI_TICKERS, *names)))[:MAX_STREAMS]
        self._streams = frozenset(room)
        if self._earliest_s is None:
            self._earliest_s = now_s
        self._schedule()

    def frames_to_send(self, now_s: float) -> list[str]:
        """Take the one request due now."""
        if self._due_s is None or self._due_s > now_s:
            return []
        gone = self._asked - self._streams
        frame = self._unsubscribe(gone) if gone else self._subscribe()
        self._earliest_s = now_s + REQUEST_INTERVAL_S
        self._schedule()
        return [frame]

    def wake_at_s(self) -> float | None:
        """Return when the next request is due; None: all is asked."""
        return self._due_s

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        """Decode one frame; a frame or item that cannot be used is a reject."""
        try:
            message = decode(frame)
            if isinstance(message, MiniTickers):
                return self._array(message, received_ms, received_s)
            quote_of = QUOTES.get(type(message))
            if quote_of is None:
                return self._control(message)
            if message.symbol in self._wanted:  # type: ignore[union-attr]  # every type in QUOTES has a symbol
                updates: tuple[QuoteUpdate, ...] = (quote_of(message),)
            else:
                updates = ()
        except UndecodableFrame as exc:
            return Received(rejects=(Reject.of(exc.kind, exc.detail, frame),))
        except MalformedNumber as exc:
            return Received(rejects=(Reject.of("number", str(exc), frame),))
        return Received((_batch(updates, received_ms, received_s),))

    def _array(
        self, array: MiniTickers, received_ms: int, received_s: float
    ) -> Received:
        wanted = self._wanted
        updates: list[QuoteUpdate] = []
        rejects = [Reject.of("shape", bad.detail, bad.body) for bad in array.bad]
        for item in array.items:
            if item.symbol in wanted:
                try:
                    updates.append(of_mini_ticker(item))
                except UndecodableFrame as exc:
                    rejects.append(_reject(exc.kind, exc.detail, item))
                except MalformedNumber as exc:
                    rejects.append(_reject("number", str(exc), item))
        # An array of markets that nobody watches proves the feed as well; one of which
        # nothing could be read does not.
        if rejects and not updates and not array.items:
            return Received(rejects=tuple(rejects))
        batch = _batch(tuple(updates), received_ms, received_s)
        return Received((batch,), tuple(rejects))

    def _control(self, message: Message) -> Received:
        if isinstance(message, ServerShutdown):
            return Received(reconnect="serverShutdown")
        if isinstance(message, Refusal):
            # What was refused is not asked again: it costs only its own fields.
            asked = self._take_open(message.id)
            return Received(error=f"{asked}: {message.reason}")
        if isinstance(message, Reply):
            self._take_open(message.id)
        return NOTHING

    def _schedule(self) -> None:
        # Kept and not computed when asked: that happens after every frame.
        self._due_s = None if self._asked == self._streams else self._earliest_s

    def _subscribe(self) -> str:
        # The net goes first and alone: what happens to the rest cannot harm it.
        first = MINI_TICKERS not in self._asked
        missing = sorted(self._streams - self._asked)
        streams = [MINI_TICKERS] if first else missing[:STREAMS_PER_REQUEST]
        self._asked.update(streams)
        return self._ask("SUBSCRIBE", streams)

    def _unsubscribe(self, gone: Iterable[str]) -> str:
        streams = sorted(gone)[:STREAMS_PER_REQUEST]
        self._asked.difference_update(streams)
        return self._ask("UNSUBSCRIBE", streams)

    def _ask(
        self, method: Literal["SUBSCRIBE", "UNSUBSCRIBE"], streams: Sequence[str]
    ) -> str:
        self._request_id += 1
        self._open[self._request_id] = f"{method} {streams[0]} and {len(streams) - 1}"
        if len(self._open) > MAX_OPEN_REQUESTS:
            del self._open[next(iter(self._open))]
        return request(method, streams, self._request_id)

    def _take_open(self, request_id: object) -> str:
        known = self._open.pop(request_id, None) if type(request_id) is int else None
        return "request" if known is None else f"{known} more"


def _batch(
    updates: tuple[QuoteUpdate, ...], received_ms: int, received_s: float
) -> FeedBatch:
    return FeedBatch(
        Exchange.BINANCE, Channel.WEBSOCKET, received_ms, received_s, updates
    )


def _reject(kind: str, detail: str, item: MiniTicker) -> Reject:
    return Reject.of(kind, f"{item.symbol}: {detail}", item_text(item))
