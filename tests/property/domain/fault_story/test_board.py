"""A thousand stories of faults, and after each step the board says what is so.

The machine plays venues, rate sources, a catalogue and restarts against the pure board
(quotes, sessions, rates, premiums, guard); the `Truth` of conftest.py is told the same
and knows in a naive way what every number has to be.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from domain.model.board import PremiumBoard
from domain.model.coin import Coin
from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan, PremiumBasis, RateRefused
from domain.model.market import Channel, Exchange, MarketKey, Quality, Reason
from domain.model.premium import BasisPremium, Premium
from domain.model.premium_query import PremiumFilter
from domain.model.quote import Quote
from tests.property.domain.fault_story.conftest import Rate, Rates, Subscriber, Town

EXAMPLES = 1_000
STEPS = 12
# Ten seconds before midnight UTC, so that days change in many of the stories.
START_MS = 1_781_999_990_000
HOUR_MS = 3_600_000
LIVE, STALE, UNAVAILABLE = Quality
WEBSOCKET, REST, _ = Channel
UPBIT, BINANCE = Exchange
SYMBOLS = ("A", "B", "C", "D", "X", "USDT", "USDC")
SOURCES = ("dunamu", "frankfurter")
FILTERS = (
    PremiumFilter.of(),
    PremiumFilter.of(quality=[LIVE]),
    PremiumFilter.of(min_percent=Decimal(0)),
)
exchanges = st.sampled_from(Exchange)
channels = st.sampled_from([WEBSOCKET, WEBSOCKET, REST])


class FaultStory(RuleBasedStateMachine):
    """Venues, sources, catalogue and restarts in any order, against the truth."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town = town
        self.subscribers: list[Subscriber] = []

    @initialize(lively=st.sampled_from([True, True, True, False]))
    def begin(self, lively: bool) -> None:
        self.now_ms, self.now_s = START_MS, 100.0
        self.skew_ms = dict.fromkeys(Exchange, 0)
        self.level: dict[str, Decimal] = {}
        self.truth = self.town.truth()
        self.listed: dict[str, Coin] = {}
        self.versions: dict[str, int] = {}
        self.stamps: dict[MarketKey, int] = {}
        self.numbers: dict[tuple[str, PremiumBasis], Decimal] = {}
        self.renamed = False
        self._new_board()
        self._list({symbol: self.town.coin_of(symbol) for symbol in SYMBOLS})
        if lively:
            for exchange in Exchange:
                self.connects(exchange, WEBSOCKET)
            self.fx_answers("dunamu", Decimal(1300), 0)
            self._carry_all()

    # What venues do

    @rule(exchange=exchanges, channel=channels)
    def connects(self, exchange: Exchange, channel: Channel) -> None:
        self._observe(FeedUp(exchange, channel, self.now_s))

    @rule(exchange=exchanges)
    def renews(self, exchange: Exchange) -> None:
        self._observe(FeedUp(exchange, WEBSOCKET, self.now_s, renewed=True))

    @rule(exchange=exchanges, channel=channels)
    def is_cut(self, exchange: Exchange, channel: Channel) -> None:
        self._observe(FeedDown(exchange, channel, self.now_s, "cut"))

    @rule(exchange=exchanges, times=st.integers(1, 4))
    def accepts_then_closes(self, exchange: Exchange, times: int) -> None:
        for _ in range(times):
            self.connects(exchange, WEBSOCKET)
            self._pass(0.5)
            self.is_cut(exchange, WEBSOCKET)

    @rule(
        exchange=exchanges,
        symbols=st.lists(st.sampled_from(SYMBOLS), max_size=4),
        late_ms=st.sampled_from([0, 0, 0, 40, 5_000]),
        channel=channels,
    )
    def trades(
        self, exchange: Exchange, symbols: list[str], late_ms: int, channel: Channel
    ) -> None:
        """Trades arrive: on time, late, reordered or twice, by the draws."""
        markets = [
            listing.market
            for symbol in symbols
            if symbol in self.listed
            for listing in self.listed[symbol].listings
            if listing.exchange is exchange
        ]
        self._carry(exchange, markets, channel, late_ms)

    @rule(exchange=exchanges, seed=st.booleans(), late_ms=st.sampled_from([0, 300]))
    def is_polled(self, exchange: Exchange, seed: bool, late_ms: int) -> None:
        """A REST answer with every market: a seed, or one of the fallback's polls."""
        self._carry(exchange, self._markets(exchange), REST, late_ms, seed=seed)

    @rule(exchange=exchanges, seconds=st.sampled_from([4.9, 5.1, 9.9, 10.1]))
    def is_silent(self, exchange: Exchange, seconds: float) -> None:
        """One venue is silent while the other goes on."""
        self._pass(seconds)
        other = BINANCE if exchange is UPBIT else UPBIT
        self._carry(other, self._markets(other), WEBSOCKET)

    @rule(
        exchange=exchanges,
        kind=st.sampled_from(["zero", "negative", "future", "ancient", "unknown"]),
    )
    def sends_garbage(self, exchange: Exchange, kind: str) -> None:
        markets = self._markets(exchange)
        if not markets:
            return
        market, stamp_ms = markets[0], self.now_ms
        price = self.town.fair_price(market)
        if kind in ("zero", "negative"):
            price = -price if kind == "negative" else Decimal(0)
        elif kind == "unknown":
            market = "NOBODY"
        else:
            hours = 2 if kind == "future" else -10_000
            stamp_ms += hours * HOUR_MS
        self._tell(exchange, WEBSOCKET, (QuoteUpdate(market, price, stamp_ms),))

    @rule(
        exchange=exchanges, crossed=st.booleans(), halts=st.sampled_from([None, 0, 1])
    )
    def sends_a_book(
        self, exchange: Exchange, crossed: bool, halts: int | None
    ) -> None:
        bid = Decimal(9 if crossed else 7)
        tradable = None if halts is None else not halts
        updates = tuple(
            QuoteUpdate(market, bid=bid, ask=Decimal(8), tradable=tradable)
            for market in self._markets(exchange)[:2]
        )
        self._tell(exchange, WEBSOCKET, updates)

    @rule(symbol=st.sampled_from(SYMBOLS), factor=st.sampled_from(["0.5", "1.5", "1"]))
    def price_jumps(self, symbol: str, factor: str) -> None:
        """On one venue only; where nobody checked the pair, two coins have one name."""
        self.level[f"KRW-{symbol}"] = Decimal(factor)

    @rule(exchange=exchanges, skew_ms=st.sampled_from([0, -40_000, 40_000, 90_000]))
    def clock_is_skewed(self, exchange: Exchange, skew_ms: int) -> None:
        """The venue's stamps are off; what was measured is told a little later."""
        self.skew_ms[exchange] = -skew_ms
        self.board.set_skew(exchange, skew_ms)

    @rule(rounds=st.sampled_from([1, 2, 16]), fx=st.booleans())
    def all_is_well(self, rounds: int, fx: bool) -> None:
        """Everything is carried every four seconds, for long enough for the guard."""
        for exchange in Exchange:
            session = self.truth.sessions.get((exchange, WEBSOCKET))
            if session is None or not session.up:
                self.connects(exchange, WEBSOCKET)
        if fx:
            self.fx_answers("dunamu", Decimal(1300), 0)
        for _ in range(rounds):
            self._carry_all()
            self.says_what_is_so()
            self._pass(4.0)

    # What rate sources do

    @rule(
        source=st.sampled_from(SOURCES),
        rate=st.sampled_from([Decimal(1299), Decimal("1300.5"), Decimal(1)]),
        hours=st.sampled_from([0, 0, 119, 121, 241]),
    )
    def fx_answers(self, source: str, rate: Decimal, hours: int) -> None:
        """Fresh, frozen over days, or nonsense; where none answers, time passes."""
        quote = FxQuote(source, rate, self.now_ms - hours * HOUR_MS)
        try:
            self.board.answer_rate(quote, self.now_s)
        except RateRefused:
            assert rate < 500
        else:
            self.truth.rates[source] = quote
            self.truth.answered_s[source] = self.now_s

    @rule(hours=st.sampled_from([0.01, 0.06, 4.0, 130.0, 250.0]))
    def time_passes(self, hours: float) -> None:
        self._pass(hours * 3600)

    # What we do

    @rule(gone=st.sets(st.sampled_from(SYMBOLS), max_size=3), renamed=st.booleans())
    def is_listed_anew(self, gone: set[str], renamed: bool) -> None:
        """Delistings, new listings, and one coin whose dollar market is another."""
        rest = [symbol for symbol in SYMBOLS if symbol not in gone]
        if "C" in rest:
            if renamed is not self.renamed:
                # What was computed was of another pair.
                self.numbers = {k: n for k, n in self.numbers.items() if k[0] != "C"}
            self.renamed = renamed
        self._list({s: self.town.coin_of(s, renamed=renamed) for s in rest})

    @rule()
    def restarts(self) -> None:
        """The process is killed; the next one finds what was stored."""
        before, shown = self.board, list(self._quotes())
        self._new_board()
        self.board.set_coins(self.listed.values())
        self.board.restore(
            shown, before.fx.quotes(), before.kept_of(SYMBOLS), before.seq
        )
        assert self.board.guard.is_unsure("X") is before.guard.is_unsure("X")
        self.truth.restart({quote.key for quote in shown})
        self.stamps = {quote.key: quote.exchange_ms for quote in shown}

    @rule(number=st.integers(0, len(FILTERS) - 1), anew=st.booleans())
    def subscriber_reads(self, number: int, anew: bool) -> None:
        if anew:
            self.subscribers[number] = self.town.subscriber(FILTERS[number], self.board)
        self.subscribers[number].read()

    # What holds

    @invariant()
    def says_what_is_so(self) -> None:
        self._publish()
        premiums = {premium.symbol: premium for premium in self.board.premiums()}
        assert premiums.keys() == self.listed.keys()
        listed = self._markets(UPBIT)
        rates = {
            basis: self.truth.rate(basis, listed, self.now_ms, self.now_s)
            for basis in PremiumBasis
        }
        for premium in premiums.values():
            self._check(premium, rates)
        rejects = self.board.book.rejects
        counted = {kind: getattr(rejects, kind) for kind in rejects.__slots__}
        assert {kind: n for kind, n in counted.items() if n} == self.truth.rejected

    def teardown(self) -> None:
        for subscriber in self.subscribers:
            subscriber.read()

    # How

    def _new_board(self) -> None:
        plans = [FxSourcePlan(name, poll_s) for name, poll_s in self.town.polls.items()]
        self.board = PremiumBoard(FxChain(plans))
        self.subscribers = [self.town.subscriber(item, self.board) for item in FILTERS]

    def _observe(self, event: FeedEvent) -> None:
        self.truth.take(event)
        self.board.observe(event)

    def _tell(
        self,
        exchange: Exchange,
        channel: Channel,
        updates: Sequence[QuoteUpdate],
        seed: bool = False,
    ) -> None:
        now_ms, now_s = self.now_ms, self.now_s
        self._observe(FeedBatch(exchange, channel, now_ms, now_s, tuple(updates), seed))

    def _carry(
        self,
        exchange: Exchange,
        markets: Sequence[str],
        channel: Channel = WEBSOCKET,
        late_ms: int = 0,
        seed: bool = False,
    ) -> None:
        stamp_ms = self.now_ms + self.skew_ms[exchange] - late_ms
        updates = [QuoteUpdate(m, self._price(m), stamp_ms) for m in markets]
        self._tell(exchange, channel, updates, seed)

    def _carry_all(self) -> None:
        for exchange in Exchange:
            self._carry(exchange, self._markets(exchange))

    def _price(self, market: str) -> Decimal:
        return self.town.fair_price(market) * self.level.get(market, Decimal(1))

    def _pass(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        self.now_s += seconds

    def _list(self, coins: dict[str, Coin]) -> None:
        """List coins; one that was away is live when it is carried again."""
        for symbol, coin in coins.items():
            for listing in coin.listings:
                market = self.truth.markets.setdefault(
                    listing.key, self.town.market(listing.multiplier)
                )
                if symbol not in self.listed:
                    market.carried_s = None
        self.listed = coins
        self.board.set_coins(coins.values())

    def _markets(self, exchange: Exchange) -> list[str]:
        return [
            listing.market
            for coin in self.listed.values()
            for listing in coin.listings
            if listing.exchange is exchange
        ]

    def _quotes(self) -> Iterator[Quote]:
        for premium in self.board.premiums():
            yield from (q for q in (premium.domestic, premium.global_) if q is not None)

    def _publish(self) -> None:
        before = self.board.seq
        tick = self.board.tick(self.now_ms, self.now_s)
        assert self.board.seq == before + (tick is not None)
        if tick is None:
            return
        for premium in tick.changed:
            assert premium.seq == self.versions.get(premium.symbol, 0) + 1
            self.versions[premium.symbol] = premium.seq
        for quote in self._quotes():
            assert quote.exchange_ms >= self.stamps.get(quote.key, 0)
            self.stamps[quote.key] = quote.exchange_ms

    def _check(self, premium: Premium, rates: Rates) -> None:
        coin, symbol = self.listed[premium.symbol], premium.symbol
        self.truth.check_leg(premium.domestic, coin.domestic, self.now_s)
        self.truth.check_leg(premium.global_, coin.global_, self.now_s)
        unsure = self.board.guard.is_unsure(symbol)
        assert not unsure or symbol == "X", "only a pair that nobody checked"
        if unsure:
            self.numbers = {k: n for k, n in self.numbers.items() if k[0] != symbol}
        reasons = list(self.truth.reasons(premium, coin, self.now_s, unsure=unsure))
        assert [basis.basis for basis in premium.bases] == list(PremiumBasis)
        for basis in premium.bases:
            rate = None if coin.global_ is None else rates[basis.basis]
            self._check_basis(premium, basis, reasons, rate)

    def _check_basis(
        self,
        premium: Premium,
        basis: BasisPremium,
        reasons: Sequence[Reason],
        rate: Rate | None,
    ) -> None:
        used = basis.fx and (basis.fx.rate, basis.fx.quality is LIVE)
        assert used == rate
        absent = [reason for reason in reasons if not reason.endswith("_STALE")]
        if rate is None:
            absent.append(Reason.FX_MISSING)
        stale = [] if absent else list(reasons)
        key = (premium.symbol, basis.basis)
        if rate is not None and not absent and not stale:
            legs = (price_of(premium.domestic), price_of(premium.global_))
            self.numbers[key] = self.town.percent_of(*legs, rate[0])
        if rate is not None and not absent and not rate[1]:
            stale.append(Reason.FX_STALE)
        assert basis.reason is next(iter([*absent, *stale]), None)
        assert basis.quality is (UNAVAILABLE if absent else STALE if stale else LIVE)
        assert basis.percent == (None if absent else self.numbers.get(key))


def price_of(quote: Quote | None) -> Decimal:
    assert quote is not None
    return quote.price


def test_after_every_fault_the_board_says_what_is_so(town: Town) -> None:
    class OfTown(FaultStory):
        def __init__(self) -> None:
            super().__init__(town)

    run_state_machine_as_test(
        OfTown,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
