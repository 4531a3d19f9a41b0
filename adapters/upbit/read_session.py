"""One-off reads over an Upbit connection, as a pure state machine.

Source: exchanges.md A1 "WebSocket". Every message replaces the subscription before, so
each carries all that is still missed, as snapshots: nothing stays subscribed after
them. Implements `adapters.resilience.stream_read.ReadSession`.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from adapters.resilience.session import NOTHING, Received, Reject
from adapters.resilience.stream_read import Answered
from adapters.upbit.book import of_book_message
from adapters.upbit.candle import BadCandle, candle
from adapters.upbit.message import (
    Candle,
    ErrorReply,
    Message,
    Orderbook,
    ShortCandle,
    ShortOrderbook,
    ShortTicker,
    ShortTrade,
    Ticker,
    Trade,
)
from adapters.upbit.quote import of_ticker
from adapters.upbit.trade import of_trade_message
from adapters.upbit.wire import CANDLE_PREFIX, Format, UndecodableFrame, decode
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.number import MalformedNumber
from domain.model.quote import MAX_AHEAD_MS

TICKER: Final = "ticker"
TRADE: Final = "trade"
BOOK: Final = "orderbook"
# There are no days and weeks on the stream.
CANDLES: Final = {
    Interval.S1: f"{CANDLE_PREFIX}1s",
    Interval.M1: f"{CANDLE_PREFIX}1m",
    Interval.M3: f"{CANDLE_PREFIX}3m",
    Interval.M5: f"{CANDLE_PREFIX}5m",
    Interval.M15: f"{CANDLE_PREFIX}15m",
    Interval.M30: f"{CANDLE_PREFIX}30m",
    Interval.H1: f"{CANDLE_PREFIX}60m",
    Interval.H4: f"{CANDLE_PREFIX}240m",
}
_INTERVALS: Final = {channel: interval for interval, channel in CANDLES.items()}
# The venue takes 5 messages a second and 100 a minute on a connection. A burst and what
# comes back in a minute stay below that, and who reads without pause waits 0.8 s for
# his turn and not, with all of them spent, for the minute's end.
MESSAGE_INTERVAL_S: Final = 0.25
BURST_MESSAGES: Final = 20
MESSAGES_PER_S: Final = 1.25
# What is still missed is asked again: another message may have replaced the first.
REPEAT_S: Final = 1.0
FORMAT: Final[Format] = "SIMPLE"


def topic(channel: str, code: str) -> str:
    """Return the word for a market's channel: `ticker:KRW-BTC`."""
    return f"{channel}:{code}"


def request(ticket: str, topics: frozenset[str]) -> str:
    """Write the message that asks for a snapshot of each topic.

    `[{"ticket":"…"},{"type":"ticker","codes":["KRW-BTC"],"is_only_snapshot":true},
    {"format":"SIMPLE"}]`; a book without a number of units has all 30.
    """
    codes: dict[str, list[str]] = {}
    for channel, _, code in sorted(each.partition(":") for each in topics):
        codes.setdefault(channel, []).append(code)
    parts: list[dict[str, object]] = [{"ticket": ticket}]
    parts += [
        {"type": channel, "codes": listed, "is_only_snapshot": True}
        for channel, listed in codes.items()
    ]
    parts.append({"format": FORMAT})
    return msgspec.json.encode(parts).decode()


class UpbitReadSession:
    """One connection's conversation: ask for snapshots until all have come.

    `ticket` names the connection to the venue; `offset_ms` is our clock minus theirs.
    Values are `QuoteUpdate`, `OrderBook`, `Trade` and `Candle` of the domain.
    """

    def __init__(self, ticket: str, offset_ms: Callable[[], int | None]) -> None:
        self._ticket = ticket
        self._offset_ms = offset_ms
        self._wanted: frozenset[str] = frozenset()
        self._asked_s: dict[str, float] = {}
        self._left = float(BURST_MESSAGES)
        self._sent_s = 0.0
        self._earliest_s = 0.0

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        """Set all topics that are missed now."""
        self._wanted = markets
        self._asked_s = {
            word: at_s for word, at_s in self._asked_s.items() if word in markets
        }

    def frames_to_send(self, now_s: float) -> list[str]:
        """Take the message due now: all that is missed, in one."""
        at_s = self.wake_at_s()
        if at_s is None or at_s > now_s:
            return []
        self._asked_s = dict.fromkeys(self._wanted, now_s)
        self._count(now_s)
        return [request(self._ticket, self._wanted)]

    def wake_at_s(self) -> float | None:
        """Return when the next message is due; None: nothing is missed."""
        if not self._wanted:
            return None
        if not self._asked_s.keys() >= self._wanted:
            return self._earliest_s
        return max(self._earliest_s, min(self._asked_s.values()) + REPEAT_S)

    def _count(self, now_s: float) -> None:
        """Take a message from the bucket, and tell when the next one may go."""
        back = (now_s - self._sent_s) * MESSAGES_PER_S
        self._left = min(BURST_MESSAGES, self._left + back) - 1
        self._sent_s = now_s
        wait_s = max(MESSAGE_INTERVAL_S, (1 - self._left) / MESSAGES_PER_S)
        self._earliest_s = now_s + wait_s

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        """Decode one frame; one that cannot be used answers its topic with None."""
        try:
            message = decode(frame, FORMAT)
        except UndecodableFrame as exc:
            return Received(rejects=(Reject.of(exc.kind, exc.detail, frame),))
        if isinstance(message, ErrorReply):
            reason = f"{message.error.name}: {message.error.message}"
            return Answered(error=reason, refused=frozenset(self._asked_s))
        word = _topic_of(message)
        if word not in self._wanted:
            return NOTHING
        now_ms = received_ms - (self._offset_ms() or 0)
        try:
            return Answered(values=((word, _value_of(message, now_ms)),))
        except UndecodableFrame as exc:
            reject = Reject.of(exc.kind, exc.detail, frame)
        except MalformedNumber as exc:
            reject = Reject.of("number", str(exc), frame)
        except BadCandle as exc:
            reject = Reject.of("candle", str(exc), frame)
        return Answered(rejects=(reject,), values=((word, None),))


def _topic_of(message: Message) -> str:
    if isinstance(message, Ticker | ShortTicker):
        return topic(TICKER, message.code)
    if isinstance(message, Orderbook | ShortOrderbook):
        return topic(BOOK, message.code)
    if isinstance(message, Trade | ShortTrade):
        return topic(TRADE, message.code)
    if isinstance(message, Candle | ShortCandle):
        return topic(message.type, message.code)
    return ""


def _value_of(message: Message, now_ms: int) -> Any:  # noqa: ANN401 (four kinds of values, told apart by their topics)
    if isinstance(message, Ticker | ShortTicker):
        return _ticker(message, now_ms)
    if isinstance(message, Orderbook | ShortOrderbook):
        return of_book_message(message, now_ms)
    if isinstance(message, Trade | ShortTrade):
        return of_trade_message(message, now_ms)
    if isinstance(message, Candle | ShortCandle):
        return candle(message, message.code, _INTERVALS[message.type], now_ms)
    raise UndecodableFrame("unknown", type(message).__name__)


def _ticker(message: Ticker | ShortTicker, now_ms: int) -> QuoteUpdate:
    update = of_ticker(message)
    if (update.exchange_ms or 0) > now_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    return update
