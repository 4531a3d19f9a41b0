"""Repositories that forget everything when the process ends.

One `MemoryStore` is what a database is: give it to new repositories, and they find
what the old ones left, as after a restart.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from adapters.memory.bar_book import BarBook
from domain.model.access import ApiKey
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.daily_rate import DailyRate
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.model.fx import FxQuote
from domain.model.interval import Interval
from domain.model.kept import KeptPremium
from domain.model.market import Channel, Exchange, MarketKey, Quality
from domain.model.quote import Quote
from domain.model.snapshot import AuditEntry, CurrentRow, DailySnapshot
from domain.ports.store import CoinMark, Icon, Latest

Spell = tuple[Exchange, str, datetime | None]
# Venue, market, interval, opening (Unix ms).
CandleKey = tuple[Exchange, str, Interval, int]


@dataclass(slots=True)
class MemoryStore:
    """The content of the store; while `down` holds a reason nobody reaches it."""

    down: str | None = None
    coins: dict[str, Coin] = field(default_factory=dict)
    coin_changes: int = 0
    quotes: dict[MarketKey, Quote] = field(default_factory=dict)
    rates: dict[str, FxQuote] = field(default_factory=dict)
    premiums: dict[str, KeptPremium] = field(default_factory=dict)
    tick_seq: int = 0
    clean: bool = True
    icons: dict[str, Icon] = field(default_factory=dict)
    daily_rates: dict[date, DailyRate] = field(default_factory=dict)
    candles: dict[CandleKey, Candle] = field(default_factory=dict)
    current: dict[str, CurrentRow] = field(default_factory=dict)
    snapshots: dict[tuple[date, str], DailySnapshot] = field(default_factory=dict)
    audits: list[AuditEntry] = field(default_factory=list)
    bars: BarBook = field(default_factory=BarBook)
    keys: dict[str, ApiKey] = field(default_factory=dict)

    def reach(self) -> None:
        """Do nothing, or say that nobody reaches the store.

        Raises:
            StoreUnavailable: it is down.
        """
        if self.down is not None:
            raise StoreUnavailable(self.down)


class MemoryCoinRepository:
    """`CoinRepository` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def load(self) -> Sequence[Coin]:
        """Return every coin ever known, by symbol."""
        self.store.reach()
        return sorted(self.store.coins.values(), key=lambda coin: coin.symbol)

    async def save(self, coins: Collection[Coin]) -> None:
        """Store coins with their listings; nothing is deleted."""
        self.store.reach()
        for coin in coins:
            for listing in coin.listings:
                _refuse_naive(listing)
        for coin in coins:
            known = self.store.coins.get(coin.symbol)
            self._put(coin if known is None else _on(known, coin))

    async def mark(self) -> CoinMark:
        """Return how the coins stand; a count of changes stands for their time."""
        store = self.store
        store.reach()
        listings = sum(len(coin.listings) for coin in store.coins.values())
        changed = store.coin_changes if store.coins else None
        return CoinMark(len(store.coins), listings, changed)

    async def set_icon_url(self, symbol: str, url: str) -> bool:
        """Store where a coin's icon is; False: no such coin."""
        self.store.reach()
        coin = self.store.coins.get(symbol)
        if coin is None:
            return False
        self._put(replace(coin, icon_url=url))
        return True

    def _put(self, coin: Coin) -> None:
        if self.store.coins.get(coin.symbol) != coin:
            self.store.coins[coin.symbol] = coin
            self.store.coin_changes += 1


class MemoryLatestRepository:
    """`LatestRepository` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def load(self) -> Latest:
        """Return what was stored last: quotes as CACHE and STALE, without changes."""
        self.store.reach()
        return Latest(
            quotes=tuple(map(_cached, self.store.quotes.values())),
            rates=tuple(self.store.rates.values()),
            premiums=tuple(self.store.premiums.values()),
            tick_seq=self.store.tick_seq,
            clean=self.store.clean,
        )

    async def save(self, latest: Latest) -> None:
        """Upsert the values given, only what is newer and different."""
        store = self.store
        store.reach()
        for quote in latest.quotes:
            if _is_newer(quote, store.quotes.get(quote.key)):
                store.quotes[quote.key] = quote
        for rate in latest.rates:
            known = store.rates.get(rate.source)
            if known is None or rate.as_of_ms >= known.as_of_ms:
                store.rates[rate.source] = rate
        for kept in latest.premiums:
            before = store.premiums.get(kept.symbol)
            if before is None or kept.seq > before.seq:
                store.premiums[kept.symbol] = kept
        store.tick_seq = max(store.tick_seq, latest.tick_seq)
        store.clean = latest.clean


class MemoryIconRepository:
    """`IconRepository` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def load(self, symbol: str) -> Icon | None:
        """Return the kept icon of a coin."""
        self.store.reach()
        return self.store.icons.get(symbol)

    async def load_all(self, limit: int) -> Sequence[Icon]:
        """Return the kept icons by symbol, the first so many."""
        self.store.reach()
        return [self.store.icons[symbol] for symbol in sorted(self.store.icons)][:limit]

    async def save(self, icon: Icon) -> None:
        """Keep an icon, in place of an earlier one."""
        self.store.reach()
        self.store.icons[icon.symbol] = icon


class MemoryIconSource:
    """`IconSource` with the pictures it was given, by URL; counts what was fetched."""

    def __init__(self) -> None:
        self._pictures: dict[str, tuple[bytes, str]] = {}
        self.fetched = 0

    def put(self, url: str, content: bytes, media_type: str = "image/png") -> None:
        """Put a picture at a URL."""
        self._pictures[url] = (content, media_type)

    async def fetch(self, symbol: str, url: str) -> Icon:
        """Return the picture.

        Raises:
            UpstreamUnavailable: no picture there.
        """
        self.fetched += 1
        if url not in self._pictures:
            raise UpstreamUnavailable("icons", "no picture there")
        content, media_type = self._pictures[url]
        return Icon(symbol, content, media_type, url)


def _refuse_naive(listing: Listing) -> None:
    for instant in (listing.since, listing.until):
        if instant is not None and instant.utcoffset() is None:
            raise ValueError(f"{instant!r} has no offset")


def _on(known: Coin, told: Coin) -> Coin:
    """Return a stored coin with what was told laid over it."""
    spells = {_spell(listing): listing for listing in known.listings}
    spells.update((_spell(listing), listing) for listing in told.listings)
    icon_url = told.icon_url if known.icon_url is None else known.icon_url
    return replace(told, listings=tuple(spells.values()), icon_url=icon_url)


def _spell(listing: Listing) -> Spell:
    return (listing.exchange, listing.market, listing.since)


def _is_newer(quote: Quote, known: Quote | None) -> bool:
    """Whether a quote is not older and differs in more than its receive time."""
    if known is None:
        return True
    return quote.exchange_ms >= known.exchange_ms and _told(quote) != _told(known)


def _told(quote: Quote) -> tuple[object, ...]:
    book = (quote.bid, quote.ask)
    volumes = (quote.base_volume_24h, quote.quote_volume_24h)
    return (quote.price, quote.exchange_ms, *book, *volumes)


def _cached(quote: Quote) -> Quote:
    return replace(
        quote,
        channel=Channel.CACHE,
        quality=Quality.STALE,
        change_percent_since_utc_midnight=None,
        change_percent_rolling_24h=None,
        skew_ms=0,
    )
