"""The encoding of news: arrays of MessagePack, decimals as their exact text.

A coin is sent when it is new or has changed, each rate once per message; versions refer
to both. `VERSION` stands in a header of every message: what a process cannot read, it
does not guess.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from domain.model.health import UpstreamStatus
from domain.model.market import Channel, Exchange, MarketWarning, Quality, Reason

VERSION = "1"


class ListingRow(msgspec.Struct, array_like=True, frozen=True):
    """A coin's market on a venue."""

    exchange: Exchange
    market: str
    base_symbol: str
    quote: str
    multiplier: Decimal
    tradable: bool
    warnings: tuple[MarketWarning, ...]
    since: datetime | None
    until: datetime | None
    curated: bool


class CoinRow(msgspec.Struct, array_like=True, frozen=True):
    """A coin with all its markets."""

    symbol: str
    korean_name: str
    english_name: str
    listings: tuple[ListingRow, ...]
    icon_url: str | None


class RateRow(msgspec.Struct, array_like=True, frozen=True):
    """A rate; versions refer to it by its place in the message."""

    base: str
    quote: str
    rate: Decimal
    source: str
    as_of_ms: int
    quality: Quality


class QuoteRow(msgspec.Struct, array_like=True, frozen=True):
    """One side of a premium."""

    exchange: Exchange
    market: str
    price: Decimal
    exchange_ms: int
    received_ms: int
    channel: Channel
    quality: Quality
    bid: Decimal | None
    ask: Decimal | None
    base_volume_24h: Decimal | None
    quote_volume_24h: Decimal | None
    change_utc: Decimal | None
    change_24h: Decimal | None
    skew_ms: int


class BasisRow(msgspec.Struct, array_like=True, frozen=True):
    """The premium on one basis, in the order of the vocabulary."""

    percent: Decimal | None
    absolute_krw: Decimal | None
    rate: int | None
    quality: Quality
    reason: Reason | None


class VersionRow(msgspec.Struct, array_like=True, frozen=True):
    """A published version of a coin's premium."""

    symbol: str
    domestic: QuoteRow | None
    global_: QuoteRow | None
    bases: tuple[BasisRow, ...]
    at_ms: int
    last_live_ms: int | None
    seq: int
    tick: int


class SignsRow(msgspec.Struct, array_like=True, frozen=True):
    """What changes without a version; rates by their places in the message."""

    used: int | None
    rates: tuple[int, ...]
    skew_ms: dict[Exchange, int]
    carried: tuple[tuple[Exchange, str, int], ...]
    upstreams: tuple[UpstreamStatus, ...]


class NewsRow(msgspec.Struct, array_like=True, frozen=True):
    """News, or a whole state: then `since` is 0 and `changed` is all."""

    term: int
    since: int
    seq: int
    at_ms: int
    rates: tuple[RateRow, ...]
    coins: tuple[CoinRow, ...]
    changed: tuple[VersionRow, ...]
    removed: tuple[str, ...]
    signs: SignsRow | None


class HeadRow(msgspec.Struct, array_like=True, frozen=True):
    """Where a kept state is: so many parts with this tag, in this slot.

    `position` is that of the news up to which the state goes.
    """

    term: int
    number: int
    slot: int
    parts: int
    position: int

    @property
    def tag(self) -> bytes:
        """What each part begins with."""
        return b"%016x%016x" % (self.term, self.number)
