"""The premium board: venue events in, published premiums out.

Latest state per market, rates and sessions go in; `tick` evaluates only the coins
touched since the last one and returns what changed. Readers see published versions
only, so a query and the fold of a subscription always agree. Pure: time is an
argument (`now_ms` Unix milliseconds, `now_s` monotonic seconds).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedEvent
from domain.model.feed import DEFAULT_BOUNDS_S, FeedMonitor
from domain.model.fx import FxChain, FxQuote, FxRate, PremiumBasis
from domain.model.guard import IdentityGuard
from domain.model.market import Exchange, MarketKey, Quality
from domain.model.premium import Legs, Numbers, Premium, evaluate, guard_percent
from domain.model.quote import Quote, QuoteBook
from domain.model.summary import BoardSummary, summarise

STABLE_RATES: Mapping[PremiumBasis, tuple[str, str]] = {
    PremiumBasis.KRW_USDT: ("USDT", "KRW-USDT"),
    PremiumBasis.KRW_USDC: ("USDC", "KRW-USDC"),
}
GUARD_INTERVAL_S = 1.0
MAX_SKEW_MS = 60_000
Rates = Mapping[PremiumBasis, FxRate | None]


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick published: complete new versions, and the coins that left."""

    seq: int
    at_ms: int
    at_s: float
    changed: tuple[Premium, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptPremium:
    """What outlives a restart of one coin: its count and its last numbers."""

    symbol: str
    seq: int
    at_ms: int
    last_live_ms: int | None
    numbers: Mapping[PremiumBasis, Numbers]


class PremiumBoard:
    """All coins on the board, their markets, and the last published version of each."""

    def __init__(
        self,
        fx: FxChain,
        bounds_s: Mapping[Exchange, float] = DEFAULT_BOUNDS_S,
    ) -> None:
        self.book = QuoteBook()
        self.feeds = FeedMonitor(bounds_s)
        self.fx = fx
        self.guard = IdentityGuard()
        self.seq = 0
        self._coins: dict[str, Coin] = {}
        self._by_market: dict[MarketKey, str] = {}
        self._dirty: set[str] = set()
        self._left: dict[str, None] = {}
        self._kept: dict[str, KeptPremium] = {}
        self._published: dict[str, Premium] = {}
        self._rates: Rates = {}
        self._official: list[FxRate] = []
        self._skew_ms: dict[Exchange, int] = {}
        self._guarded_s = -GUARD_INTERVAL_S

    # What goes in

    def set_coins(self, coins: Iterable[Coin]) -> None:
        """Take the catalogue: coins with an open KRW market are on the board."""
        before = self._coins
        self._coins = {coin.symbol: coin for coin in coins if coin.domestic is not None}
        self._by_market = {}
        for coin in self._coins.values():
            for listing in _legs_of(coin):
                self.book.watch(listing.key, listing.multiplier)
                self._by_market[listing.key] = coin.symbol
            known = before.get(coin.symbol)
            if known is None or _pair_of(known) != _pair_of(coin):
                self.guard.forget(coin.symbol)
            if known != coin:
                self._dirty.add(coin.symbol)
                self._left.pop(coin.symbol, None)
        for symbol in before.keys() - self._coins.keys():
            self.guard.forget(symbol)
            self._left[symbol] = None
            self._dirty.discard(symbol)

    def observe(self, event: FeedEvent) -> None:
        """Take a feed event: quotes, a session's begin or its end."""
        self.feeds.observe(event)
        if isinstance(event, FeedBatch):
            for key in self.book.apply(event):
                self._touch(key)

    def answer_rate(self, quote: FxQuote, at_s: float) -> None:
        """Take a rate source's answer.

        Raises:
            RateRefused: outside the sanity bounds; nothing has changed then.
        """
        self.fx.answer(quote, at_s)

    def set_open_24h(self, key: MarketKey, price: Decimal) -> None:
        """Tell a market's price 24 hours ago (the base of its rolling change)."""
        if self.book.set_open_24h(key, price):
            self._touch(key)

    def set_open_utc(self, key: MarketKey, price: Decimal, utc_day: int) -> None:
        """Tell a market's price at 00:00 UTC of the day."""
        if self.book.set_open_utc(key, price, utc_day):
            self._touch(key)

    def set_skew(self, exchange: Exchange, skew_ms: int) -> None:
        """Tell by how much our clock is ahead of a venue's; at most ±60 s is used."""
        self._skew_ms[exchange] = max(-MAX_SKEW_MS, min(MAX_SKEW_MS, skew_ms))

    def restore(
        self,
        quotes: Iterable[Quote],
        rates: Iterable[FxQuote],
        kept: Iterable[KeptPremium],
        seq: int,
    ) -> None:
        """Put back what was stored, before anything is fetched; after `set_coins`."""
        for quote in quotes:
            symbol = self._by_market.get(quote.key)
            if symbol is not None:
                self.book.restore(quote)
                self._dirty.add(symbol)
        for rate in rates:
            self.fx.restore(rate)
        for item in kept:
            known = self._kept.get(item.symbol)
            self._kept[item.symbol] = item if known is None else _joined(item, known)
        # Added, not replaced: both counts were seen by clients where the store was
        # away at start, and a count never goes down.
        self.seq += seq

    # What comes out

    @property
    def has_changes(self) -> bool:
        """Whether events touched anything since the last tick."""
        return bool(self._dirty or self._left)

    def tick(self, now_ms: int, now_s: float) -> Tick | None:
        """Publish what changed; None where nothing did. At most once per 100 ms."""
        self._mark_turned_feeds(now_s)
        self._mark_changed_rates(now_ms, now_s)
        self._mark_guarded(now_ms, now_s)
        changed = []
        for symbol in sorted(self._dirty):
            fresh = self._version(symbol, now_ms, now_s)
            if fresh is not None:
                changed.append(fresh)
        removed = tuple(s for s in self._left if self._published.pop(s, None))
        self._dirty.clear()
        self._left.clear()
        if not changed and not removed:
            return None
        self.seq += 1
        for premium in changed:
            # Moved to the end: the dict's order is the order of publication.
            self._published.pop(premium.symbol, None)
            self._published[premium.symbol] = premium
        return Tick(self.seq, now_ms, now_s, tuple(changed), removed)

    def premium(self, symbol: str) -> Premium | None:
        """Return the published premium of a coin on the board."""
        return self._published.get(symbol)

    def premiums(self) -> Sequence[Premium]:
        """Return all published premiums, the least recently changed first."""
        return tuple(self._published.values())

    def changed_since(self, tick: int) -> Iterator[Premium]:
        """Yield the premiums published after a tick, the newest first."""
        for premium in reversed(self._published.values()):
            if premium.tick <= tick:
                return
            yield premium

    def rates(self, now_ms: int, now_s: float) -> list[FxRate]:
        """Return the rates: official sources, the used one first, then USDT, USDC."""
        stable = self._stable_rates(now_ms, now_s).values()
        official = self.fx.rates(now_ms, now_s)
        return official + [rate for rate in stable if rate is not None]

    def summary(self) -> BoardSummary:
        """Return the counts and leading figures of the published board."""
        official = self._rates.get(PremiumBasis.OFFICIAL_FX)
        return summarise(self._published.values(), official)

    def kept_of(self, symbols: Iterable[str]) -> list[KeptPremium]:
        """Return what should outlive a restart of the given coins."""
        return [self._kept[symbol] for symbol in symbols if symbol in self._kept]

    def quotes(self, now_ms: int, now_s: float) -> list[Quote]:
        """Return the latest quote of every market that has a price."""
        found = (self._quote(key, now_ms, now_s) for key in self._by_market)
        return [quote for quote in found if quote is not None]

    # How

    def _touch(self, key: MarketKey) -> None:
        symbol = self._by_market.get(key)
        if symbol is not None:
            self._dirty.add(symbol)

    def _mark_turned_feeds(self, now_s: float) -> None:
        turned = self.feeds.turned(now_s)
        for coin in self._coins.values() if turned else ():
            if any(listing.exchange in turned for listing in _legs_of(coin)):
                self._dirty.add(coin.symbol)

    def _mark_changed_rates(self, now_ms: int, now_s: float) -> None:
        rates: dict[PremiumBasis, FxRate | None] = {
            PremiumBasis.OFFICIAL_FX: self.fx.used(now_ms, now_s)
        }
        rates.update(self._stable_rates(now_ms, now_s))
        if rates != self._rates:
            self._rates = rates
            self._dirty.update(c.symbol for c in self._coins.values() if c.global_)

    def _mark_guarded(self, now_ms: int, now_s: float) -> None:
        guessed = [
            coin
            for coin in self._coins.values()
            if coin.global_ is not None and not coin.is_curated_pair
        ]
        if not guessed or now_s < self._guarded_s + GUARD_INTERVAL_S:
            return
        self._guarded_s = now_s
        self._dirty.update(
            self.guard.watch(
                curated=self._curated_percents(),
                guessed={
                    coin.symbol: percent
                    for coin in guessed
                    if (percent := self._guard_percent(coin, now_ms, now_s)) is not None
                },
                now_s=now_s,
            )
        )

    def _curated_percents(self) -> dict[str, Decimal]:
        return {
            premium.symbol: premium.percent
            for premium in self._published.values()
            if premium.coin.is_curated_pair
            and premium.quality is Quality.LIVE
            and premium.percent is not None
        }

    def _guard_percent(self, coin: Coin, now_ms: int, now_s: float) -> Decimal | None:
        return guard_percent(self._legs(coin, now_ms, now_s), self._rates)

    def _stable_rates(
        self, now_ms: int, now_s: float
    ) -> dict[PremiumBasis, FxRate | None]:
        found: dict[PremiumBasis, FxRate | None] = {}
        for basis, (base, market) in STABLE_RATES.items():
            quote = self._quote(MarketKey(Exchange.UPBIT, market), now_ms, now_s)
            found[basis] = None if quote is None else _rate_of(base, quote)
        return found

    def _version(self, symbol: str, now_ms: int, now_s: float) -> Premium | None:
        coin = self._coins.get(symbol)
        if coin is None:
            return None
        legs = self._legs(coin, now_ms, now_s)
        kept = self._kept.get(symbol)
        bases = evaluate(legs, self._rates, {} if kept is None else kept.numbers)
        before = self._published.get(symbol)
        draft = Premium(coin, legs.domestic, legs.global_, bases, at_ms=now_ms)
        if before is not None and draft.same_as(before):
            return None
        return self._publish(draft, legs.fresh, before)

    def _publish(self, draft: Premium, fresh: bool, before: Premium | None) -> Premium:
        kept = self._kept.get(draft.symbol)
        computed = {b.basis: b.numbers for b in draft.bases if b.numbers is not None}
        known = {} if kept is None else kept.numbers
        at_ms = draft.at_ms
        if not (fresh and computed) and kept is not None and known:
            at_ms = kept.at_ms
        live = draft.quality is Quality.LIVE
        just_ended = before is not None and before.quality is Quality.LIVE
        last_live_ms = draft.at_ms if live or just_ended else _last_live(kept)
        seq = 1 if kept is None else kept.seq + 1
        self._kept[draft.symbol] = KeptPremium(
            draft.symbol, seq, at_ms, last_live_ms, {**known, **computed}
        )
        return replace(
            draft, at_ms=at_ms, last_live_ms=last_live_ms, seq=seq, tick=self.seq + 1
        )

    def _legs(self, coin: Coin, now_ms: int, now_s: float) -> Legs:
        domestic, global_ = coin.domestic, coin.global_
        return Legs(
            domestic=self._leg(domestic, now_ms, now_s),
            global_=self._leg(global_, now_ms, now_s),
            has_global_market=global_ is not None,
            halted=self._is_halted(domestic) or self._is_halted(global_),
            unsure=self.guard.is_unsure(coin.symbol),
        )

    def _leg(self, side: Listing | None, now_ms: int, now_s: float) -> Quote | None:
        return None if side is None else self._quote(side.key, now_ms, now_s)

    def _is_halted(self, side: Listing | None) -> bool:
        if side is None:
            return False
        state = self.book.get(side.key)
        return not side.tradable or (state is not None and not state.tradable)

    def _quote(self, key: MarketKey, now_ms: int, now_s: float) -> Quote | None:
        state = self.book.get(key)
        if state is None:
            return None
        since = self.feeds.live_since(key.exchange, now_s)
        carried = state.carried_s
        live = since is not None and carried is not None and carried >= since
        quality = Quality.LIVE if live else Quality.STALE
        return state.quote(quality, now_ms, self._skew_ms.get(key.exchange, 0))


def _legs_of(coin: Coin) -> Iterator[Listing]:
    for listing in (coin.domestic, coin.global_):
        if listing is not None:
            yield listing


def _pair_of(coin: Coin) -> tuple[tuple[MarketKey, bool], ...]:
    return tuple((listing.key, listing.curated) for listing in _legs_of(coin))


def _joined(stored: KeptPremium, known: KeptPremium) -> KeptPremium:
    """Return the counts of a coin that was published before its past was read."""
    return KeptPremium(
        symbol=known.symbol,
        seq=stored.seq + known.seq,
        at_ms=known.at_ms if known.numbers else stored.at_ms,
        last_live_ms=known.last_live_ms or stored.last_live_ms,
        numbers={**stored.numbers, **known.numbers},
    )


def _last_live(kept: KeptPremium | None) -> int | None:
    return None if kept is None else kept.last_live_ms


def _rate_of(base: str, quote: Quote) -> FxRate:
    return FxRate(
        base=base,
        quote="KRW",
        rate=quote.price,
        source="upbit",
        as_of_ms=quote.exchange_ms,
        quality=quote.quality,
    )
