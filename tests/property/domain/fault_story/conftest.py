"""A small market, and a second, naive way to know what has to be said of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest

from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.feed import DEFAULT_BOUNDS_S
from domain.model.fx import FxQuote, PremiumBasis
from domain.model.market import Channel, Exchange, MarketKey, Quality, Reason
from domain.model.premium import Premium
from domain.model.premium_query import PremiumFilter, PremiumView
from domain.model.quote import Quote

HOUR_MS = 3_600_000
UPBIT, BINANCE = Exchange
ALONE, GUESSED, RENAMED = "USDT", "X", "C"
SYMBOLS = ("A", "B", RENAMED, "D", GUESSED, ALONE, "USDC")
POLLS = {"dunamu": 60.0, "frankfurter": 3600.0}
STABLE = {PremiumBasis.KRW_USDT: "KRW-USDT", PremiumBasis.KRW_USDC: "KRW-USDC"}
Rate = tuple[Decimal, bool]
Rates = Mapping[PremiumBasis, Rate | None]


def listings_of(symbol: str, *, renamed: bool) -> Iterator[Listing]:
    """Yield a coin's markets; the renamed pair trades in thousands under a new code."""
    curated = symbol != GUESSED
    yield Listing(UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=curated)
    if symbol == ALONE:
        return
    other = renamed and symbol == RENAMED
    code = f"1000{symbol}USDT" if other else f"{symbol}USDT"
    units = Decimal(1000 if other else 1)
    yield Listing(BINANCE, code, symbol, "USDT", units, curated=curated)


def coin_of(symbol: str, *, renamed: bool = False) -> Coin:
    """Return a coin of the small market."""
    return Coin(symbol, symbol, symbol, tuple(listings_of(symbol, renamed=renamed)))


def fair_price(market: str) -> Decimal:
    """Return what the market costs on a quiet day, in the venue's units."""
    if market in STABLE.values():
        return Decimal(1300)
    units = 1000 if market.startswith("1000") else 1
    return Decimal(52_000_000 if market.startswith("KRW-") else 40_000 * units)


@dataclass
class Market:
    """What is known of one market."""

    units: Decimal
    price: Decimal | None = None
    stamp_ms: int = 0
    carried_s: float | None = None
    channel: Channel = Channel.CACHE
    tradable: bool = True


@dataclass
class Session:
    """What is known of one feed."""

    up: bool = False
    began_s: float = 0.0
    data_s: float | None = None


@dataclass
class Truth:
    """Everything that was told, kept the naive way."""

    markets: dict[MarketKey, Market] = field(default_factory=dict)
    sessions: dict[tuple[Exchange, Channel], Session] = field(default_factory=dict)
    rates: dict[str, FxQuote] = field(default_factory=dict)
    answered_s: dict[str, float] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)

    def take(self, event: FeedEvent) -> None:
        """Take what the board takes."""
        key = (event.exchange, event.channel)
        session = self.sessions.setdefault(key, Session())
        if isinstance(event, FeedUp):
            if not (event.renewed and session.up):
                self.sessions[key] = Session(True, event.at_s)
        elif isinstance(event, FeedDown):
            self.sessions[key] = Session()
        else:
            if session.up and not event.seed:
                session.data_s = event.received_s
            for update in event.updates:
                self._update(event, update)

    def _update(self, batch: FeedBatch, update: QuoteUpdate) -> None:
        market = self.markets.get(MarketKey(batch.exchange, update.market))
        stamp_ms = batch.received_ms
        if update.exchange_ms is not None:
            stamp_ms = update.exchange_ms
        if market is None:
            return self._reject("unknown_market")
        if update.price is not None:
            if update.price <= 0:
                return self._reject("not_positive")
            if stamp_ms > batch.received_ms + HOUR_MS:
                return self._reject("future")
            market.carried_s = batch.received_s
            if market.price is not None and stamp_ms < market.stamp_ms:
                return self._reject("older")
            price = update.price / market.units
            repeated = (price, stamp_ms) == (market.price, market.stamp_ms)
            if not (batch.seed and repeated and market.channel is Channel.WEBSOCKET):
                market.channel = batch.channel
            market.price, market.stamp_ms = price, stamp_ms
        if update.tradable is not None:
            market.tradable = update.tradable
        if update.bid and update.ask and update.bid > update.ask:
            self._reject("crossed")
        return None

    def _reject(self, kind: str) -> None:
        self.rejected[kind] = self.rejected.get(kind, 0) + 1

    def is_live(self, key: MarketKey, now_s: float) -> bool:
        """Return whether a market is live by the two conditions of the contract."""
        since_s = self._live_since(key.exchange, now_s)
        carried_s = self.markets[key].carried_s
        return since_s is not None and carried_s is not None and carried_s >= since_s

    def _live_since(self, venue: Exchange, now_s: float) -> float | None:
        begins = [
            session.began_s
            for (exchange, _), session in self.sessions.items()
            if exchange is venue
            and session.up
            and session.data_s is not None
            and now_s - session.data_s <= DEFAULT_BOUNDS_S[exchange]
        ]
        return min(begins, default=None)

    def rate(
        self, basis: PremiumBasis, listed: list[str], now_ms: int, now_s: float
    ) -> Rate | None:
        """Return won per dollar on a basis and whether that is live."""
        if basis not in STABLE:
            return self.official(now_ms, now_s)
        key = MarketKey(UPBIT, STABLE[basis])
        price = self.markets[key].price
        if key.market not in listed or price is None:
            return None
        return price, self.is_live(key, now_s)

    def official(self, now_ms: int, now_s: float) -> Rate | None:
        """Return the rate in use and whether it is live."""
        found = []
        for source, poll_s in POLLS.items():
            quote = self.rates.get(source)
            if quote is None or now_ms - quote.as_of_ms > 864_000_000:
                continue
            answered_s = self.answered_s.get(source)
            heard = answered_s is not None and now_s - answered_s <= 3 * poll_s
            live = heard and now_ms - quote.as_of_ms <= 120 * HOUR_MS
            found.append((quote.rate, live))
        return next((item for item in found if item[1]), next(iter(found), None))

    def check_leg(
        self, quote: Quote | None, listing: Listing | None, now_s: float
    ) -> None:
        """A leg says the newest price that was told, and is LIVE only where it is."""
        market = None if listing is None else self.markets[listing.key]
        if listing is None or market is None or market.price is None:
            assert quote is None
            return
        assert quote is not None
        said = (quote.key, quote.price, quote.exchange_ms, quote.channel)
        assert said == (listing.key, market.price, market.stamp_ms, market.channel)
        live = self.is_live(listing.key, now_s)
        assert quote.quality is (Quality.LIVE if live else Quality.STALE)

    def reasons(
        self, premium: Premium, coin: Coin, now_s: float, *, unsure: bool
    ) -> Iterator[Reason]:
        """Yield what speaks against a live number, the first thing first."""
        domestic, global_ = premium.domestic, premium.global_
        if unsure:
            yield Reason.IDENTITY_UNSURE
        if coin.global_ is None:
            yield Reason.NO_GLOBAL_MARKET
        if domestic is None:
            yield Reason.DOMESTIC_MISSING
        if global_ is None:
            yield Reason.GLOBAL_MISSING
        if not all(self.markets[item.key].tradable for item in coin.listings):
            yield Reason.HALTED
        if domestic is not None and not self.is_live(domestic.key, now_s):
            yield Reason.DOMESTIC_STALE
        if global_ is not None and not self.is_live(global_.key, now_s):
            yield Reason.GLOBAL_STALE

    def restart(self, shown: set[MarketKey]) -> None:
        """Forget what only a running process knows."""
        self.sessions.clear()
        self.answered_s.clear()
        self.rejected.clear()
        for key, market in self.markets.items():
            kept = market if key in shown else Market(market.units)
            self.markets[key] = replace(
                kept, carried_s=None, channel=Channel.CACHE, tradable=True
            )


class Subscriber:
    """Folds what it is told, whenever it comes to read."""

    def __init__(self, wanted: PremiumFilter, board: PremiumBoard) -> None:
        self._wanted, self._board = wanted, board
        self._view = PremiumView(wanted)
        found = self._view.snapshot(board.premiums(), board.seq)
        self.known = {premium.symbol: premium for premium in found}

    def read(self) -> None:
        """Fold the next event; the result is what a query answers."""
        board = self._board
        told, removed = self._view.delta(
            board.changed_since(self._view.tick),
            board.symbols,
            board.seq,
        )
        self.known |= {premium.symbol: premium for premium in told}
        for symbol in removed:
            del self.known[symbol]
        asked = (p for p in board.premiums() if self._wanted.matches(p))
        assert self.known == {premium.symbol: premium for premium in asked}


@cache
def percent_of(krw: Decimal, usdt: Decimal, fx: Decimal) -> Decimal:
    """Return the percent by fractions, to six places."""
    fair = Fraction(usdt) * Fraction(fx)
    return Decimal(round((Fraction(krw) / fair - 1) * 10**8)).scaleb(-6)


class Town:
    """The market's names, its coins and prices, and a fresh truth on request."""

    symbols = SYMBOLS
    polls = POLLS
    listings_of = staticmethod(listings_of)
    coin_of = staticmethod(coin_of)
    fair_price = staticmethod(fair_price)
    truth = Truth
    market = Market
    subscriber = Subscriber
    percent_of = staticmethod(percent_of)


@pytest.fixture(scope="session")
def town() -> Town:
    """The small market."""
    return Town()
