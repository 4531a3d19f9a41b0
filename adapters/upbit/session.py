"""The WebSocket conversation with Upbit, as a pure state machine.

Source: exchanges.md A1 "WebSocket". The whole subscription goes in one message, because
a new one replaces it. Implements `adapters.resilience.session.StreamSession`.
"""

from typing import Final

from adapters.resilience.session import NOTHING, Received, Reject
from adapters.upbit.message import (
    ErrorReply,
    Message,
    Orderbook,
    ShortOrderbook,
    ShortTicker,
    ShortTrade,
    Ticker,
    Trade,
)
from adapters.upbit.quote import QUOTES
from adapters.upbit.wire import PING, Format, UndecodableFrame, decode, subscription
from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange
from domain.model.number import MalformedNumber

# The venue takes 5 messages a second and 100 a minute on a connection. One a second
# and a ping in a quiet minute stay below both; changes in between are sent together.
SUBSCRIBE_INTERVAL_S: Final = 1.0
# The venue hangs up after 120 s without traffic in either direction.
PING_IDLE_S: Final = 60.0


class UpbitSession:
    """One connection's conversation: subscribe, decode, keep alive.

    `ticket` names the connection to the venue; give each its own. `book` asks for the
    best bid and ask as well; a venue that refuses the first subscription over it is
    asked again without, so that a missing book costs only itself.
    """

    def __init__(
        self, ticket: str, *, book: bool = True, format_: Format = "SIMPLE"
    ) -> None:
        self._ticket = ticket
        self._book = book
        self._format: Format = format_
        self._expected: Format = format_
        self._wanted: frozenset[str] = frozenset()
        self._asked: tuple[frozenset[str], bool] = (frozenset(), book)
        self._earliest_s: float | None = None
        self._due_s: float | None = None
        self._traffic_s: float | None = None
        self._book_seen = False

    def watch(self, markets: frozenset[str], now_s: float) -> None:
        """Set all markets wanted, by code (`KRW-BTC`)."""
        self._wanted = markets
        if self._traffic_s is None:
            self._earliest_s = self._traffic_s = now_s
        self._schedule()

    def frames_to_send(self, now_s: float) -> list[str]:
        """Take the frame due now: the subscription if it changed, else a ping."""
        at_s = self.wake_at_s()
        if at_s is None or at_s > now_s:
            return []
        self._traffic_s = now_s
        if self._due_s is None:
            return [PING]
        self._asked = (self._wanted, self._book)
        self._earliest_s = now_s + SUBSCRIBE_INTERVAL_S
        self._schedule()
        return [
            subscription(
                self._ticket, self._wanted, book=self._book, format_=self._format
            )
        ]

    def wake_at_s(self) -> float | None:
        """Return when the next frame is due by itself."""
        # A subscription is due within a second of the last one, long before a ping.
        if self._due_s is not None or self._traffic_s is None:
            return self._due_s
        return self._traffic_s + PING_IDLE_S

    def receive(
        self, frame: bytes | str, received_ms: int, received_s: float
    ) -> Received:
        """Decode one frame; a frame that cannot be used is a reject."""
        self._traffic_s = received_s
        try:
            message = decode(frame, self._expected)
            quote_of = QUOTES.get(type(message))
            if quote_of is None:
                return self._control(message)
            if message.code in self._wanted:  # type: ignore[union-attr]  # every type in QUOTES has a code
                updates: tuple[QuoteUpdate, ...] = (quote_of(message),)
            else:
                updates = ()
        except UndecodableFrame as exc:
            return Received(rejects=(Reject.of(exc.kind, exc.detail, frame),))
        except MalformedNumber as exc:
            return Received(rejects=(Reject.of("number", str(exc), frame),))
        self._note(message)
        batch = FeedBatch(
            Exchange.UPBIT, Channel.WEBSOCKET, received_ms, received_s, updates
        )
        return Received((batch,))

    def _note(self, message: Message) -> None:
        kind = type(message)
        if kind is Orderbook or kind is ShortOrderbook:
            self._book_seen = True
        if self._expected == "SIMPLE":
            if kind is Ticker or kind is Trade or kind is Orderbook:
                self._expected = "DEFAULT"
        elif kind is ShortTicker or kind is ShortTrade or kind is ShortOrderbook:
            self._expected = "SIMPLE"

    def _control(self, message: Message) -> Received:
        if not isinstance(message, ErrorReply):
            return NOTHING
        if self._book and not self._book_seen:
            self._book = False
            self._schedule()
        return Received(error=f"{message.error.name}: {message.error.message}")

    def _schedule(self) -> None:
        # Without codes there is nothing to say: an empty list is refused (NO_CODES),
        # so what was asked before goes on and is left unread.
        changed = self._wanted and self._asked != (self._wanted, self._book)
        self._due_s = self._earliest_s if changed else None
