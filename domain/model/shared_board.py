"""A board that several processes publish and follow in turn.

While it follows, what is published is the leader's words, under the leader's numbers.
When it leads, it evaluates its own markets and publishes what differs from those words:
nobody who follows is told anything twice, or misses anything. Own feeds are taken in
all the time, so that leading begins with live prices. Pure, as `PremiumBoard` is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from domain.model.board import PremiumBoard, Tick
from domain.model.board_news import BoardNews, BoardSigns, BoardState
from domain.model.feed import DEFAULT_BOUNDS_S
from domain.model.fx import (
    DEFAULT_MAX_AGE_S,
    FxChain,
    FxQuote,
    FxRate,
    PremiumBasis,
)
from domain.model.kept import KeptPremium
from domain.model.market import Exchange, MarketKey, Reason
from domain.model.premium import Legs, Premium
from domain.model.quote import Quote
from domain.model.silence import silenced, stale_rate

# A leader that was not heard for so long may be gone: nothing it said is live. It
# speaks twice a second; venues have bounds of 5 and 10 s of their own.
SILENCE_BOUND_S: Final = 5.0
# How often silence is looked at again: rates grow too old, days end.
LOOK_INTERVAL_S: Final = 0.5
# The way of news takes longer or shorter; what is later than this is another clock.
MAX_LATE_S: Final = 1.0
# The least way known is forgotten this slowly, a tick at a time: clocks drift.
FORGOTTEN_S: Final = 0.0005


class SharedBoard(PremiumBoard):
    """Follows until `lead` is called, and again after `step_down`."""

    def __init__(
        self,
        fx: FxChain,
        bounds_s: Mapping[Exchange, float] = DEFAULT_BOUNDS_S,
        *,
        silence_bound_s: float = SILENCE_BOUND_S,
        max_rate_age_s: float = DEFAULT_MAX_AGE_S,
    ) -> None:
        super().__init__(fx, bounds_s)
        self.leads = False
        self.signs = BoardSigns()
        self._silence_bound_s = silence_bound_s
        self._max_rate_age_ms = round(max_rate_age_s * 1000)
        self._heard_s: float | None = None
        self._heard_ms = 0
        self._is_restored = False
        # What was stored: counts with the versions that may never have been stored.
        self._stored_seq = 0
        self._floors: dict[str, int] = {}
        # The leader's words that were not published yet, the newest of each coin.
        self._told: dict[str, Premium | None] = {}
        self._told_seq = 0
        self._told_ms = 0
        self._way_s: float | None = None
        self._at_s = 0.0
        self._is_held = False
        # The leader's last words on coins that we had to silence.
        self._silenced: dict[str, Premium] = {}
        self._looked_s = -LOOK_INTERVAL_S

    # What goes in

    def restore(
        self,
        quotes: Iterable[Quote],
        rates: Iterable[FxQuote],
        kept: Iterable[KeptPremium],
        seq: int,
        unseen: int = 0,
    ) -> None:
        """Put back what was stored; the larger count of a coin is the one that stays.

        Counts are those stored, without the `unseen` ones: a leader that lives has
        told of all. They count from the moment that we lead.
        """
        kept = tuple(kept)
        self._stored_seq = max(self._stored_seq, seq)
        for item in kept:
            self._floors[item.symbol] = max(self._floors.get(item.symbol, 0), item.seq)
        counts = {symbol: own.seq for symbol, own in self._kept.items()}
        missing = (
            replace(k, seq=max(0, k.seq - unseen - counts.get(k.symbol, 0)))
            for k in kept
        )
        super().restore(quotes, rates, missing, max(0, seq - unseen - self.seq))
        self._unseen = max(self._unseen, unseen)
        self._dirty.update(self._seats)
        self._is_restored = True
        if self.leads:
            self._raise_counts()

    def hear(self, now_ms: int, now_s: float) -> None:
        """Take that the leader was heard just now."""
        self._heard_ms, self._heard_s = now_ms, now_s

    def adopt(self, state: BoardState) -> None:
        """Take the whole board as the leader told it; published with the next tick."""
        self._told = dict.fromkeys(self._published.keys())
        self._told.update((premium.symbol, premium) for premium in state.premiums)
        self._told_seq, self._told_ms = state.seq, state.at_ms
        self._is_restored, self._is_held = False, True
        self._take_signs(state.signs)

    def follow(self, news: BoardNews) -> None:
        """Take news in; they are published with the next tick."""
        self._told.update(dict.fromkeys(news.removed))
        self._told.update((premium.symbol, premium) for premium in news.changed)
        self._told_seq, self._told_ms = news.seq, news.at_ms
        if news.signs is not None:
            self._take_signs(self.signs.then(news.signs))

    def lead(self) -> None:
        """Publish by our own markets from the next tick on, which tells what differs.

        Counts go on above those told and those stored. A pair that the leader doubted
        is doubted on.
        """
        self.leads = True
        self._raise_counts()
        self._is_restored = False
        self._told.clear()
        self._silenced.clear()
        for symbol, premium in self._published.items():
            seat = self._seats.get(symbol)
            if seat is None:
                self._left[symbol] = None
            elif premium.reason is Reason.IDENTITY_UNSURE and seat.is_guessed:
                self.guard.doubt(symbol)
        self._dirty.update(self._seats)

    def step_down(self, now_ms: int, now_s: float) -> None:
        """Publish a leader's words again; until one is heard, ours are the last."""
        self.leads = False
        self.hear(now_ms, now_s)

    # What comes out

    def tick(self, now_ms: int, now_s: float) -> Tick | None:
        """Publish what changed: our own while we lead, else the leader's words."""
        if self.leads:
            return super().tick(now_ms, now_s)
        restored, self._is_restored = self._is_restored, False
        if restored and not (self._told or self._published):
            # Nobody was heard yet: better old numbers than none.
            return super().tick(now_ms, now_s)
        # Doubts take a minute to come: they are to be there when we lead.
        self._mark_guarded(self._moment(now_ms, now_s))
        self._dirty.clear()
        self._left.clear()
        if self._waits():
            return None
        at_ms, at_s = now_ms, now_s
        if self._told:
            at_ms, at_s = self._told_ms, self._leaders_s(self._told_ms, now_s)
        drafts = dict(self._told)
        self._told.clear()
        drafts.update(self._turned(drafts, now_ms, now_s))
        return self._publish_all(drafts, at_ms, at_s)

    def is_silent(self, now_s: float) -> bool:
        """Whether a leader is followed and was not heard within the bound."""
        if self.leads:
            return False
        heard_s = self._heard_s
        return heard_s is None or now_s - heard_s > self._silence_bound_s

    def heard_ms(self) -> int:
        """Return when the leader was heard last, Unix ms; 0: never."""
        return self._heard_ms

    def received_ms(self, quote: Quote) -> int:
        """Return when its market was carried last, by the leader's words or our own."""
        if self.leads:
            return super().received_ms(quote)
        return max(quote.received_ms, self.signs.carried.get(quote.key, 0))

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        """Return how old a quote's price is; by the leader's skew without our own."""
        if quote.exchange in self._skew_ms:
            return super().age_ms(quote, now_ms)
        return quote.age_ms(now_ms, self.signs.skew_ms.get(quote.exchange, 0))

    def rates(self, now_ms: int, now_s: float) -> list[FxRate]:
        """Return the rates: official sources, the used one first, then USDT, USDC."""
        known = self.signs.rates
        if self.leads or not (known or self._heard_ms):
            return super().rates(now_ms, now_s)
        if not self.is_silent(now_s):
            return list(known)
        oldest_ms = now_ms - self._max_rate_age_ms
        aged = (stale_rate(rate, oldest_ms) for rate in known)
        return [rate for rate in aged if rate is not None]

    def state(self, term: int, position: int, at_ms: int) -> BoardState:
        """Return everything published, as the state after a position of the row.

        Its signs have no rates and no upstreams: whoever keeps it knows them.
        """
        signs = BoardSigns(
            used=self._rates.get(PremiumBasis.OFFICIAL_FX),
            skew_ms=self.skews_ms(),
            carried=dict(self.carried_since(0)),
        )
        published = tuple(self._published.values())
        return BoardState(term, self.seq, at_ms, position, published, signs)

    def carried_since(self, after_ms: int) -> Iterator[tuple[MarketKey, int]]:
        """Yield markets carried after an instant and later than their quote tells."""
        for premium in self._published.values():
            for quote in (premium.domestic, premium.global_):
                if quote is None:
                    continue
                received_ms = super().received_ms(quote)
                if received_ms > max(after_ms, quote.received_ms):
                    yield quote.key, received_ms

    # How

    def _take_signs(self, signs: BoardSigns) -> None:
        keys = {
            quote.key
            for premium in self._published.values()
            for quote in (premium.domestic, premium.global_)
            if quote is not None
        }
        known = keys or signs.carried.keys()
        # Bounded by the board: stamps of coins that left go with them.
        carried = {key: ms for key, ms in signs.carried.items() if key in known}
        self.signs = replace(signs, carried=carried)
        self._rates = {PremiumBasis.OFFICIAL_FX: signs.used}

    def _waits(self) -> bool:
        """Whether the leader's words wait for more, to be told under its number.

        Where we had to count by ourselves its number may be one that was used here.
        They wait for one tick at most.
        """
        behind = bool(self._told) and self._told_seq <= self.seq
        self._is_held = behind and not self._is_held
        return self._is_held

    def _turned(
        self, told: Mapping[str, Premium | None], now_ms: int, now_s: float
    ) -> dict[str, Premium]:
        """Return what silence, or its end, makes of coins."""
        used = self.signs.used
        if not self.is_silent(now_s):
            if self._silenced and self._heard_ms:
                self._rates = {PremiumBasis.OFFICIAL_FX: used}
            ended = {s: p for s, p in self._silenced.items() if s not in told}
            self._silenced.clear()
            return {s: p for s, p in ended.items() if s in self._published}
        if not told and now_s - self._looked_s < LOOK_INTERVAL_S:
            return {}
        self._looked_s = now_s
        if used is not None:
            oldest_ms = now_ms - self._max_rate_age_ms
            self._rates = {PremiumBasis.OFFICIAL_FX: stale_rate(used, oldest_ms)}
        found = {}
        for symbol in self._published.keys() | told.keys():
            known = self._silenced.get(symbol) or self._published.get(symbol)
            word = told.get(symbol, known)
            if word is None:
                self._silenced.pop(symbol, None)
                continue
            self._silenced[symbol] = word
            heard_ms = self._heard_ms or self._told_ms
            said = silenced(word, heard_ms, now_ms, self._max_rate_age_ms)
            # A version of its own, and the same one wherever the leader is missed.
            found[symbol] = said if _tells(word, said) else _counted_on(said)
        return found

    def _leaders_s(self, at_ms: int, now_s: float) -> float:
        """Return when the leader's tick was, by our monotonic clock.

        Ticks are paced by the leader: throttles that counted from one arrival to the
        next would wait for what was only faster on its way.
        """
        way_s = now_s - at_ms / 1000
        known_s = self._way_s
        if known_s is None or not 0 <= way_s - known_s <= MAX_LATE_S:
            self._way_s = way_s
        else:
            self._way_s = min(way_s, known_s + FORGOTTEN_S)
        return max(self._at_s, min(now_s, at_ms / 1000 + self._way_s))

    def _publish_all(
        self, drafts: Mapping[str, Premium | None], at_ms: int, at_s: float
    ) -> Tick | None:
        number = max(self._told_seq, self.seq + 1)
        fresh = (
            self._renumbered(draft, number)
            for draft in drafts.values()
            if draft is not None
        )
        changed = tuple(premium for premium in fresh if premium is not None)
        removed = tuple(
            symbol
            for symbol, draft in drafts.items()
            if draft is None and self._published.pop(symbol, None) is not None
        )
        if not changed and not removed:
            return None
        self.seq = number
        for premium in changed:
            self._published.pop(premium.symbol, None)
            self._published[premium.symbol] = premium
            symbol = premium.symbol
            known = self._kept.get(symbol) or KeptPremium(symbol, 0)
            self._kept[symbol] = known.then(premium)
        self._at_s = at_s
        return Tick(number, at_ms, at_s, changed, removed)

    def _renumbered(self, draft: Premium, tick: int) -> Premium | None:
        """Return a version to publish, None where it says nothing new.

        Its count is the leader's, or one more than ours where we have counted ahead.
        """
        known = self._kept.get(draft.symbol)
        before = self._published.get(draft.symbol)
        count = 0 if known is None else known.seq
        if before is not None and before.seq >= draft.seq and _tells(before, draft):
            return None
        return replace(draft, seq=max(draft.seq, count + 1), tick=tick)

    def _raise_counts(self) -> None:
        # A row that goes further than the store holds every version ever told.
        spare = self._unseen if self._told_seq >= self._stored_seq - self._unseen else 0
        self._unseen -= spare
        self.seq = max(self.seq, self._stored_seq - spare, self._told_seq)
        for symbol, floor in self._floors.items():
            known = self._kept.get(symbol)
            if known is not None and known.seq < floor - spare:
                self._kept[symbol] = replace(known, seq=floor - spare)
        self._stored_seq = 0
        self._floors.clear()


def _counted_on(premium: Premium) -> Premium:
    return replace(premium, seq=premium.seq + 1)


def _tells(known: Premium, draft: Premium) -> bool:
    legs = Legs(draft.domestic, draft.global_, has_global_market=True)
    return known.tells(draft.coin, legs, draft.bases)
