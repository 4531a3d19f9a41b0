"""A board with hands: venues that tell, clocks that pass, coins to look at."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import pytest

from domain.model.board import PremiumBoard, Tick
from domain.model.coin import ONE, Coin, Listing
from domain.model.event import FeedBatch, FeedDown, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxRate, FxSourcePlan, PremiumBasis
from domain.model.market import Channel, Exchange, MarketKey, Quality
from domain.model.premium import Premium
from domain.model.quote import Quote

# Saturday noon in Seoul, 03:00 UTC: far from every midnight.
START_MS = 1_781_924_400_000
WEBSOCKET, REST = Channel.WEBSOCKET, Channel.REST
T = TypeVar("T")


def known(value: T | None) -> T:
    """Return a leg, a rate or a side that has to be there."""
    assert value is not None
    return value


def coin_of(
    symbol: str,
    *,
    curated: bool = True,
    only_domestic: bool = False,
    multiplier: Decimal = ONE,
) -> Coin:
    """Return a coin with a KRW market and, unless told otherwise, a USDT market."""
    domestic = Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=curated)
    global_ = Listing(
        Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", multiplier, curated=curated
    )
    listings = (domestic,) if only_domestic else (domestic, global_)
    return Coin(symbol, f"{symbol} 코인", symbol.title(), listings)


def quote_of(
    market: str,
    price: str,
    quality: Quality = Quality.LIVE,
    *,
    exchange_ms: int = START_MS,
    received_ms: int = START_MS,
    quote_volume_24h: Decimal | None = None,
    change_percent_since_utc_midnight: Decimal | None = None,
) -> Quote:
    """Return a quote of a market, Upbit's where the code says KRW."""
    return Quote(
        exchange=exchange_of(market),
        market=market,
        price=Decimal(price),
        exchange_ms=exchange_ms,
        received_ms=received_ms,
        channel=WEBSOCKET,
        quality=quality,
        quote_volume_24h=quote_volume_24h,
        change_percent_since_utc_midnight=change_percent_since_utc_midnight,
    )


def rate_of(value: str, quality: Quality = Quality.LIVE) -> FxRate:
    """Return an official rate."""
    return FxRate("USD", "KRW", Decimal(value), "dunamu", START_MS, quality)


def exchange_of(market: str) -> Exchange:
    """Return the venue by the form of its market codes."""
    return Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE


@dataclass
class Desk:
    """A board, both clocks, and short words for what venues tell."""

    now_ms: int = START_MS
    now_s: float = 1_000.0
    board: PremiumBoard = field(
        default_factory=lambda: PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)]))
    )

    def up(
        self,
        exchange: Exchange,
        channel: Channel = WEBSOCKET,
        *,
        renewed: bool = False,
    ) -> None:
        """Let a session begin."""
        self.board.observe(FeedUp(exchange, channel, self.now_s, renewed))

    def down(self, exchange: Exchange, channel: Channel = WEBSOCKET) -> None:
        """Cut a session."""
        self.board.observe(FeedDown(exchange, channel, self.now_s, "cut"))

    def tell(
        self,
        exchange: Exchange,
        *updates: QuoteUpdate,
        channel: Channel = WEBSOCKET,
        seed: bool = False,
    ) -> None:
        """Let a message of a venue arrive now; without updates it is a heartbeat."""
        self.board.observe(
            FeedBatch(exchange, channel, self.now_ms, self.now_s, updates, seed)
        )

    def trade(
        self,
        market: str,
        price: str,
        *,
        channel: Channel = WEBSOCKET,
        seed: bool = False,
        exchange_ms: int | None = None,
    ) -> None:
        """Let a trade arrive, stamped now unless `exchange_ms` says when."""
        stamp = self.now_ms if exchange_ms is None else exchange_ms
        update = QuoteUpdate(market, Decimal(price), stamp)
        self.tell(exchange_of(market), update, channel=channel, seed=seed)

    def rate(self, value: str = "1300", as_of_ms: int | None = None) -> None:
        """Let the rate source answer."""
        stamp = self.now_ms if as_of_ms is None else as_of_ms
        self.board.answer_rate(FxQuote("dunamu", Decimal(value), stamp), self.now_s)

    def pass_s(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.now_s += seconds
        self.now_ms += round(seconds * 1000)

    def tick(self) -> Tick | None:
        """Publish what changed."""
        return self.board.tick(self.now_ms, self.now_s)

    def told(self) -> set[str]:
        """Tick, and return the symbols that got a new version."""
        tick = self.tick()
        return set() if tick is None else {p.symbol for p in tick.changed}

    def next_tick(self) -> Tick:
        """Publish what changed; something did."""
        tick = self.tick()
        assert tick is not None, "nothing changed"
        return tick

    def shown(self, symbol: str = "BTC") -> Premium:
        """Return what is published of a coin."""
        found = self.board.premium(symbol)
        assert found is not None, f"{symbol} is not on the board"
        return found

    def premium(self, symbol: str = "BTC") -> Premium:
        """Tick, and return what is published of a coin."""
        self.tick()
        return self.shown(symbol)

    def percent(self, symbol: str, basis: PremiumBasis) -> Decimal | None:
        """Tick, and return a coin's percent on a basis."""
        return self.premium(symbol).basis(basis).percent

    def key(self, market: str) -> MarketKey:
        """Return the key of a market."""
        return MarketKey(exchange_of(market), market)

    def open(self, *coins: Coin) -> None:
        """Put coins on the board and bring everything up: LIVE from here on."""
        self.board.set_coins(coins)
        for exchange in Exchange:
            self.up(exchange)
        self.rate()
        for coin in coins:
            self.trade(f"KRW-{coin.symbol}", "52000000")
            if coin.global_ is not None:
                self.trade(coin.global_.market, "40000")


@pytest.fixture
def desk() -> Desk:
    """A board without coins, venues that have not said a word."""
    return Desk()


@pytest.fixture
def open_desk() -> Desk:
    """BTC and ETH, LIVE at a premium of exactly zero, published once."""
    desk = Desk()
    desk.open(coin_of("BTC"), coin_of("ETH"))
    desk.tick()
    return desk


class Make:
    """The makers of coins, quotes, rates and desks by their names."""

    coin = staticmethod(coin_of)
    quote = staticmethod(quote_of)
    rate = staticmethod(rate_of)
    desk = Desk
    start_ms = START_MS


@pytest.fixture(scope="session")
def make() -> Make:
    """The makers, for tests that need their own."""
    return Make()
