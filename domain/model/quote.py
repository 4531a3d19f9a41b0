"""The latest known state of every market, and the quote read from it.

Source: semantics.md "Quotes".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from domain.model.event import FeedBatch, QuoteUpdate
from domain.model.market import Channel, Exchange, MarketKey, Quality
from domain.model.number import multiply, per_coin, percent_change, saturate_int32
from domain.model.stamp_guard import MAX_AHEAD_MS as MAX_AHEAD_MS
from domain.model.stamp_guard import StampGuard

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Quote:
    """One side of a premium: prices per one coin, volumes in coins and quote money."""

    exchange: Exchange
    market: str
    price: Decimal
    exchange_ms: int
    received_ms: int
    channel: Channel
    quality: Quality
    bid: Decimal | None = None
    ask: Decimal | None = None
    base_volume_24h: Decimal | None = None
    quote_volume_24h: Decimal | None = None
    change_percent_since_utc_midnight: Decimal | None = None
    change_percent_rolling_24h: Decimal | None = None
    skew_ms: int = 0

    @property
    def key(self) -> MarketKey:
        """The venue and its code of the market."""
        return MarketKey(self.exchange, self.market)

    def says_same(self, other: "Quote") -> bool:
        """Whether nothing differs but `received_ms` and what only ages are made of."""
        return (
            self.price == other.price
            and self.exchange_ms == other.exchange_ms
            and self.bid == other.bid
            and self.ask == other.ask
            and self.quality is other.quality
            and self.channel is other.channel
            and self.base_volume_24h == other.base_volume_24h
            and self.quote_volume_24h == other.quote_volume_24h
            and self.change_percent_rolling_24h == other.change_percent_rolling_24h
            and self.change_percent_since_utc_midnight
            == other.change_percent_since_utc_midnight
            and self.market == other.market
            and self.exchange is other.exchange
        )

    def age_ms(self, now_ms: int, skew_ms: int | None = None) -> int:
        """How old the price is by the venue's clock, in ms, 0..2147483647.

        `skew_ms` is a later measure of how far our clock is ahead of it.
        """
        ahead_ms = self.skew_ms if skew_ms is None else skew_ms
        return saturate_int32(now_ms - ahead_ms - self.exchange_ms)


@dataclass(slots=True)
class MarketState:
    """Everything last said about one market, per coin; mutable, owned by the book."""

    key: MarketKey
    multiplier: Decimal
    price: Decimal | None = None
    exchange_ms: int = 0
    received_ms: int = 0
    carried_s: float | None = None
    channel: Channel = Channel.CACHE
    bid: Decimal | None = None
    ask: Decimal | None = None
    base_volume_24h: Decimal | None = None
    quote_volume_24h: Decimal | None = None
    open_24h: Decimal | None = None
    open_utc: Decimal | None = None
    open_utc_day: int = -1
    tradable: bool = True

    def quote(self, quality: Quality, now_ms: int, skew_ms: int = 0) -> Quote | None:
        """Return the quote of this market, or None while no price is known."""
        if self.price is None:
            return None
        return Quote(
            exchange=self.key.exchange,
            market=self.key.market,
            price=self.price,
            exchange_ms=self.exchange_ms,
            received_ms=self.received_ms,
            channel=self.channel,
            quality=quality,
            bid=self.bid,
            ask=self.ask,
            base_volume_24h=self.base_volume_24h,
            quote_volume_24h=self.quote_volume_24h,
            change_percent_since_utc_midnight=self._change_utc(now_ms, quality),
            change_percent_rolling_24h=self._change(self.price, self.open_24h),
            skew_ms=skew_ms,
        )

    def _change_utc(self, now_ms: int, quality: Quality) -> Decimal | None:
        price = self.price
        if price is None or self.open_utc is None:
            return None
        if self.open_utc_day == now_ms // DAY_MS:
            return self._change(price, self.open_utc)
        # The UTC day has changed since the base was told. Where a live feed has told
        # of no trade since, the price is that of midnight; else the base is not known.
        untraded = self.exchange_ms // DAY_MS < now_ms // DAY_MS
        return Decimal(0) if untraded and quality is Quality.LIVE else None

    @staticmethod
    def _change(price: Decimal, base: Decimal | None) -> Decimal | None:
        return None if not base else percent_change(price, base)


@dataclass(slots=True)
class RejectCount:
    """How many updates were not taken, by reason."""

    older: int = 0
    future: int = 0
    not_positive: int = 0
    crossed: int = 0
    unknown_market: int = 0


class QuoteBook:
    """Latest state per market: an older exchange stamp never replaces a newer one."""

    def __init__(self) -> None:
        self._states: dict[MarketKey, MarketState] = {}
        self.rejects = RejectCount()
        self._stamps = StampGuard()

    def watch(self, key: MarketKey, multiplier: Decimal) -> MarketState:
        """Return the state of a market, empty at first and when its unit changes."""
        state = self._states.get(key)
        if state is None or state.multiplier != multiplier:
            state = self._states[key] = MarketState(key, multiplier)
        return state

    def get(self, key: MarketKey) -> MarketState | None:
        """Return the state of a watched market."""
        return self._states.get(key)

    def __iter__(self) -> Iterator[MarketState]:
        return iter(self._states.values())

    def restore(self, quote: Quote) -> None:
        """Put a stored quote (per coin) back: channel CACHE, carried by no session."""
        state = self._states.get(quote.key)
        if state is None or state.price is not None:
            return
        state.price = quote.price
        state.exchange_ms = quote.exchange_ms
        state.received_ms = quote.received_ms
        state.channel = Channel.CACHE
        state.bid, state.ask = quote.bid, quote.ask
        state.base_volume_24h = quote.base_volume_24h
        state.quote_volume_24h = quote.quote_volume_24h

    def set_open_24h(self, key: MarketKey, price: Decimal) -> bool:
        """Tell the price 24 hours ago, per venue unit; False: no such market."""
        state = self._states.get(key)
        if state is None or price <= 0:
            return False
        state.open_24h = per_coin(price, state.multiplier)
        return True

    def set_open_utc(self, key: MarketKey, price: Decimal, utc_day: int) -> bool:
        """Tell the price at 00:00 UTC of a day, per venue unit; False: no market.

        `utc_day` counts days since 1970-01-01.
        """
        state = self._states.get(key)
        if state is None or price <= 0:
            return False
        state.open_utc = per_coin(price, state.multiplier)
        state.open_utc_day = utc_day
        return True

    def set_skew(self, exchange: Exchange, skew_ms: int) -> None:
        """Tell by how much our clock is ahead of a venue's, however much that is."""
        self._stamps.set_clock(exchange, -skew_ms)

    def apply(self, batch: FeedBatch) -> list[MarketKey]:
        """Take a batch in and return the markets that were carried by it."""
        carried = []
        self._stamps.observe(batch.exchange, batch.updates, batch.received_ms)
        for update in batch.updates:
            key = MarketKey(batch.exchange, update.market)
            state = self._states.get(key)
            if state is None:
                self.rejects.unknown_market += 1
                continue
            if self._take(state, update, batch):
                carried.append(key)
        return carried

    def _take(self, state: MarketState, update: QuoteUpdate, batch: FeedBatch) -> bool:
        if self._refuses(update, batch):
            return False
        price = update.price
        state.received_ms = max(state.received_ms, batch.received_ms)
        if price is not None:
            # A book alone does not: the price beside it may be from before a cut.
            state.carried_s = batch.received_s
            if not self._take_price(state, price, update.exchange_ms, batch):
                return True  # carried all the same: its feed is alive
        if update.tradable is not None:
            state.tradable = update.tradable
        self._take_book(state, update)
        self._take_window(state, update, batch.received_ms)
        return True

    def _refuses(self, update: QuoteUpdate, batch: FeedBatch) -> bool:
        if update.price is None:
            return False
        if update.price <= 0:
            self.rejects.not_positive += 1
            return True
        stamp = update.exchange_ms
        if stamp is None:
            return False
        ahead_ms = stamp - batch.received_ms
        if self._stamps.is_from_future(batch.exchange, ahead_ms):
            self.rejects.future += 1
            return True
        return False

    def _take_price(
        self,
        state: MarketState,
        price: Decimal,
        exchange_ms: int | None,
        batch: FeedBatch,
    ) -> bool:
        stamp = batch.received_ms if exchange_ms is None else exchange_ms
        if state.price is not None and stamp < state.exchange_ms:
            self.rejects.older += 1
            return False
        price = per_coin(price, state.multiplier)
        # A seed that says what the stream has said already brings nothing new.
        known = (price, stamp) == (state.price, state.exchange_ms)
        if not (batch.seed and known and state.channel is Channel.WEBSOCKET):
            state.channel = batch.channel
        state.price = price
        state.exchange_ms = stamp
        return True

    def _take_book(self, state: MarketState, update: QuoteUpdate) -> None:
        bid, ask = update.bid, update.ask
        if bid is None or ask is None:
            return
        if bid <= 0 or ask <= 0:
            state.bid = state.ask = None  # an empty side is unknown, not zero
        elif bid > ask:
            self.rejects.crossed += 1
        else:
            state.bid = per_coin(bid, state.multiplier)
            state.ask = per_coin(ask, state.multiplier)

    @staticmethod
    def _take_window(state: MarketState, update: QuoteUpdate, received_ms: int) -> None:
        multiplier = state.multiplier
        if update.base_volume_24h is not None:
            state.base_volume_24h = multiply(update.base_volume_24h, multiplier)
        if update.quote_volume_24h is not None:
            state.quote_volume_24h = update.quote_volume_24h
        if update.open_24h is not None and update.open_24h > 0:
            state.open_24h = per_coin(update.open_24h, multiplier)
        if update.open_utc is not None and update.open_utc > 0:
            state.open_utc = per_coin(update.open_utc, multiplier)
            state.open_utc_day = received_ms // DAY_MS
