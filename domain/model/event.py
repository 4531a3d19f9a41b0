"""What venues tell: one stream of values per feed, disconnects included.

Times are integers: `*_ms` is Unix time in milliseconds (UTC), `*_s` of a monotonic
clock is in seconds. Prices are per one unit of the market, as the venue writes them;
the board turns them into prices per coin.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.model.market import Channel, Exchange


@dataclass(frozen=True, slots=True)
class QuoteUpdate:
    """What one message or REST answer says about one market; None is "not said".

    `exchange_ms` belongs to `price` and is None where the venue gives no stamp: the
    receive time is used then. `open_24h` is the price 24 hours ago, `open_utc` the
    price at 00:00 UTC of the current UTC day.
    """

    market: str
    price: Decimal | None = None
    exchange_ms: int | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    base_volume_24h: Decimal | None = None
    quote_volume_24h: Decimal | None = None
    open_24h: Decimal | None = None
    open_utc: Decimal | None = None
    tradable: bool | None = None


@dataclass(frozen=True, slots=True)
class FeedUp:
    """A session of a feed begins; `renewed` continues the one before (overlap)."""

    exchange: Exchange
    channel: Channel
    at_s: float
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class FeedDown:
    """A session of a feed has ended; what depended on it is no longer live."""

    exchange: Exchange
    channel: Channel
    at_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """The content of one data message or one REST answer.

    `seed` marks a single REST answer that fills the board but is no polling session.
    """

    exchange: Exchange
    channel: Channel
    received_ms: int
    received_s: float
    updates: tuple[QuoteUpdate, ...]
    seed: bool = False


FeedEvent = FeedUp | FeedDown | FeedBatch
