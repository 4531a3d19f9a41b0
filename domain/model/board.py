"""The premium board: venue events in, published premiums out.

Latest state per market, rates and sessions go in; `tick` evaluates only the coins
touched since the last one and returns what changed. Readers see published versions
only, so a query and the fold of a subscription always agree. Pure: time is an
argument (`now_ms` Unix milliseconds, `now_s` monotonic seconds).
"""

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.model.coin import Coin
from domain.model.event import FeedBatch, FeedEvent
from domain.model.feed import DEFAULT_BOUNDS_S, FeedMonitor
from domain.model.fx import FxChain, FxQuote, FxRate, PremiumBasis
from domain.model.guard import IdentityGuard
from domain.model.kept import KeptPremium
from domain.model.market import Exchange, MarketKey, Quality
from domain.model.premium import Legs, Premium, evaluate, guard_percent
from domain.model.quote import DAY_MS, MarketState, Quote, QuoteBook
from domain.model.seat import Seat, Side, seat_of
from domain.model.stable_rate import DOLLAR_COIN, STABLE_RATES, stable_rate
from domain.model.summary import BoardSummary, summarise

GUARD_INTERVAL_S = 1.0
MAX_SKEW_MS = 60_000


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick published: complete new versions, and the coins that left."""

    seq: int
    at_ms: int
    at_s: float
    changed: tuple[Premium, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Moment:
    """The time of an evaluation, and since when each venue's markets are live."""

    now_ms: int
    now_s: float
    live_since: Mapping[Exchange, float | None]


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
        self._seats: dict[str, Seat] = {}
        self._pairs: dict[str, object] = {}
        self._is_global_heard = False
        self._by_market: dict[MarketKey, str] = {}
        self._dirty: set[str] = set()
        self._left: dict[str, None] = {}
        self._kept: dict[str, KeptPremium] = {}
        self._published: dict[str, Premium] = {}
        self._rates: Mapping[PremiumBasis, FxRate | None] = {}
        self._skew_ms: dict[Exchange, int] = {}
        self._guarded_s = -GUARD_INTERVAL_S
        self._utc_day = 0
        self._unseen = 0

    # What goes in

    def set_coins(self, coins: Iterable[Coin]) -> None:
        """Take the catalogue: coins with an open KRW market are on the board."""
        before = self._seats
        coins = tuple(coins)
        self._hear_of_global(coins)
        found = (seat_of(coin, self.book) for coin in coins)
        self._seats = {seat.coin.symbol: seat for seat in found if seat is not None}
        self._by_market = {
            side.state.key: symbol
            for symbol, seat in self._seats.items()
            for side in seat.sides
        }
        for symbol, seat in self._seats.items():
            known = before.get(symbol)
            if known is None and symbol not in self._left:
                # Back after a while, it is live when it is carried again.
                seat.forget_carried()
            if self._pairs.setdefault(symbol, seat.pair) != seat.pair:
                self._pairs[symbol] = seat.pair
                self._forget_pair(symbol)
            if known is None or known.coin != seat.coin:
                self._dirty.add(symbol)
                self._left.pop(symbol, None)
        for symbol in before.keys() - self._seats.keys():
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
        self.book.set_skew(exchange, skew_ms)
        self._skew_ms[exchange] = max(-MAX_SKEW_MS, min(MAX_SKEW_MS, skew_ms))

    def skew_ms(self, exchange: Exchange) -> int:
        """Return by how much our clock is ahead of a venue's; 0 until measured."""
        return self._skew_ms.get(exchange, 0)

    def skews_ms(self) -> Mapping[Exchange, int]:
        """Return the skews that were measured, as they are now."""
        return dict(self._skew_ms)

    def restore(
        self,
        quotes: Iterable[Quote],
        rates: Iterable[FxQuote],
        kept: Iterable[KeptPremium],
        seq: int,
        unseen: int = 0,
    ) -> None:
        """Put back what was stored, before anything is fetched; after `set_coins`.

        `unseen` versions of any coin may have been published and never stored; the
        stored counts already hold them, coins without one count on from there. A pair
        that was doubted is doubted on until its LIVE premium says otherwise.
        """
        self._unseen = unseen
        for quote in quotes:
            symbol = self._by_market.get(quote.key)
            if symbol is not None:
                self.book.restore(quote)
                self._dirty.add(symbol)
        for rate in rates:
            self.fx.restore(rate)
        for item in kept:
            known = self._kept.get(item.symbol)
            self._kept[item.symbol] = item if known is None else known.after(item)
            if item.is_doubted:
                self._doubt_on(item.symbol)
        # Added, not replaced: both counts were seen by clients where the store was
        # away at start, and a count never goes down.
        self.seq += seq

    # What comes out

    def tick(self, now_ms: int, now_s: float) -> Tick | None:
        """Publish what changed; None where nothing did. At most once per 100 ms."""
        moment = self._moment(now_ms, now_s)
        self._mark_new_day(moment)
        self._mark_turned_feeds(moment)
        self._mark_changed_rates(moment)
        self._mark_guarded(moment)
        drafts = (self._version(symbol, moment) for symbol in sorted(self._dirty))
        changed = tuple(draft for draft in drafts if draft is not None)
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
        return Tick(self.seq, now_ms, now_s, changed, removed)

    def premium(self, symbol: str) -> Premium | None:
        """Return the published premium of a coin on the board."""
        return self._published.get(symbol)

    def premiums(self) -> Sequence[Premium]:
        """Return all published premiums, the least recently changed first."""
        return tuple(self._published.values())

    @property
    def symbols(self) -> KeysView[str]:
        """The coins on the board, as published."""
        return self._published.keys()

    def changed_among(self, symbols: Iterable[str], tick: int) -> list[Premium]:
        """Return the premiums of these coins that were published after a tick."""
        known = map(self._published.get, symbols)
        return [p for p in known if p is not None and p.tick > tick]

    def changed_since(self, tick: int) -> Iterator[Premium]:
        """Yield the premiums published after a tick, the newest first."""
        for premium in reversed(self._published.values()):
            if premium.tick <= tick:
                return
            yield premium

    def received_ms(self, quote: Quote) -> int:
        """Return when its market was carried last; that alone is no new version."""
        state = self.book.get(quote.key)
        known = 0 if state is None else state.received_ms
        return max(quote.received_ms, known)

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        """Return how old a quote's price is, by the skew measured last."""
        return quote.age_ms(now_ms, self._skew_ms.get(quote.exchange, 0))

    def rates(self, now_ms: int, now_s: float) -> list[FxRate]:
        """Return the rates: official sources, the used one first, then USDT, USDC."""
        stable = self._stable_rates(self._moment(now_ms, now_s)).values()
        official = self.fx.rates(now_ms, now_s)
        return official + [rate for rate in stable if rate is not None]

    def summary(self) -> BoardSummary:
        """Return the counts and leading figures of the published board."""
        official = self._rates.get(PremiumBasis.OFFICIAL_FX)
        return summarise(self._published.values(), official)

    def kept_of(self, symbols: Iterable[str]) -> list[KeptPremium]:
        """Return what should outlive a restart of the given coins."""
        return [self._kept[symbol] for symbol in symbols if symbol in self._kept]

    # How

    def _hear_of_global(self, coins: Iterable[Coin]) -> None:
        """Notice when the global venue's list is known: it always shares a coin.

        Until then nobody can say that a coin has no market there.
        """
        if self._is_global_heard:
            return
        venues = (listing.exchange for coin in coins for listing in coin.listings)
        self._is_global_heard = Exchange.BINANCE in venues
        if self._is_global_heard:
            self._dirty.update(self._seats)

    def _may_have_global(self, seat: Seat) -> bool:
        if seat.global_ is not None:
            return True
        return not self._is_global_heard and seat.coin.symbol != DOLLAR_COIN

    def _doubt_on(self, symbol: str) -> None:
        """Take over a doubt of before the restart, where the pair is still guessed."""
        seat = self._seats.get(symbol)
        if seat is not None and seat.is_guessed:
            self.guard.doubt(symbol)
            self._dirty.add(symbol)

    def _forget_pair(self, symbol: str) -> None:
        """Drop doubts and last numbers: they were of other markets or units."""
        self.guard.forget(symbol)
        kept = self._kept.get(symbol)
        if kept is not None:
            self._kept[symbol] = replace(kept, numbers={})

    def _moment(self, now_ms: int, now_s: float) -> _Moment:
        since = {venue: self.feeds.live_since(venue, now_s) for venue in Exchange}
        return _Moment(now_ms, now_s, since)

    def _touch(self, key: MarketKey) -> None:
        symbol = self._by_market.get(key)
        if symbol is not None:
            self._dirty.add(symbol)

    def _mark_new_day(self, moment: _Moment) -> None:
        # Without a trade, too, the change since 00:00 UTC is another one now.
        day = moment.now_ms // DAY_MS
        if day != self._utc_day:
            self._utc_day = day
            self._dirty.update(self._seats)

    def _mark_turned_feeds(self, moment: _Moment) -> None:
        turned = self.feeds.turned(moment.now_s)
        if turned:
            self._dirty.update(
                symbol for symbol, seat in self._seats.items() if seat.stands_on(turned)
            )

    def _mark_changed_rates(self, moment: _Moment) -> None:
        rates = {
            PremiumBasis.OFFICIAL_FX: self.fx.used(moment.now_ms, moment.now_s),
            **self._stable_rates(moment),
        }
        if rates != self._rates:
            self._rates = rates
            self._dirty.update(
                symbol
                for symbol, seat in self._seats.items()
                if self._may_have_global(seat)
            )

    def _mark_guarded(self, moment: _Moment) -> None:
        if moment.now_s < self._guarded_s + GUARD_INTERVAL_S:
            return
        self._guarded_s = moment.now_s
        guessed = {
            symbol: guard_percent(self._legs(seat, moment), self._rates)
            for symbol, seat in self._seats.items()
            if seat.is_guessed
        }
        if not guessed:
            return
        live = {symbol: p for symbol, p in guessed.items() if p is not None}
        turned = self.guard.watch(self._curated_percents(), live, moment.now_s)
        self._dirty.update(turned)

    def _curated_percents(self) -> dict[str, Decimal]:
        return {
            symbol: premium.percent
            for symbol, premium in self._published.items()
            if symbol in self._seats
            and self._seats[symbol].curated
            and premium.quality is Quality.LIVE
            and premium.percent is not None
        }

    def _stable_rates(self, moment: _Moment) -> dict[PremiumBasis, FxRate | None]:
        found: dict[PremiumBasis, FxRate | None] = {}
        for basis, (base, market) in STABLE_RATES.items():
            state = self.book.get(market) if market in self._by_market else None
            quote = None if state is None else self._quote(state, moment)
            found[basis] = None if quote is None else stable_rate(base, quote)
        return found

    def _version(self, symbol: str, moment: _Moment) -> Premium | None:
        seat = self._seats[symbol]
        legs = self._legs(seat, moment)
        kept = self._kept.get(symbol) or KeptPremium(symbol, self._unseen)
        bases = evaluate(legs, self._rates, kept.numbers)
        before = self._published.get(symbol)
        if before is not None and before.tells(seat.coin, legs, bases):
            return None
        made = kept.next_version(
            seat.coin, legs, bases, before, moment.now_ms, self.seq + 1
        )
        self._kept[symbol] = kept.then(made)
        return made

    def _legs(self, seat: Seat, moment: _Moment) -> Legs:
        return Legs(
            domestic=self._leg(seat.domestic, moment),
            global_=self._leg(seat.global_, moment),
            has_global_market=self._may_have_global(seat),
            halted=seat.is_halted,
            unsure=self.guard.is_unsure(seat.coin.symbol),
        )

    def _leg(self, side: Side | None, moment: _Moment) -> Quote | None:
        return None if side is None else self._quote(side.state, moment)

    def _quote(self, state: MarketState, moment: _Moment) -> Quote | None:
        exchange = state.key.exchange
        since = moment.live_since[exchange]
        carried = state.carried_s
        live = since is not None and carried is not None and carried >= since
        quality = Quality.LIVE if live else Quality.STALE
        return state.quote(quality, moment.now_ms, self._skew_ms.get(exchange, 0))
