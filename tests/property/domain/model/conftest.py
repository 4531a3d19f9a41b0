"""A board driven by drawn actions, and a diary of everything it was told."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import strategies as st

from domain.model.board import PremiumBoard, Tick
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedDown, FeedEvent, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.market import Channel, Exchange

# Ten seconds before midnight UTC, so that days change in many of the stories.
START_MS = 1_781_999_990_000
ALONE, GUESSED = "USDT", "X"
SYMBOLS = ("A", "B", GUESSED, ALONE, "USDC")
MARKETS = tuple(
    market for s in SYMBOLS for market in (f"KRW-{s}", f"{s}USDT")[: 1 + (s != ALONE)]
)
SOURCES = ("dunamu", "frankfurter")
LIVE_CHANNELS = (Channel.WEBSOCKET, Channel.REST)

Action = Callable[["World"], None]


def coin_of(symbol: str, *, tradable: bool = True) -> Coin:
    """Return a coin of the small market."""
    curated = symbol != GUESSED
    domestic = Listing(
        Exchange.UPBIT,
        f"KRW-{symbol}",
        symbol,
        "KRW",
        tradable=tradable,
        curated=curated,
    )
    global_ = Listing(
        Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=curated
    )
    both = (domestic,) if symbol == ALONE else (domestic, global_)
    return Coin(symbol, symbol, symbol, both)


def exchange_of(market: str) -> Exchange:
    """Return the venue by the form of its market codes."""
    return Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE


@dataclass
class World:
    """A board, both clocks, the diary, and every tick that was published."""

    now_ms: int = START_MS
    now_s: float = 100.0
    diary: list[FeedEvent] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    board: PremiumBoard = field(
        default_factory=lambda: PremiumBoard(
            FxChain([FxSourcePlan(SOURCES[0], 60.0), FxSourcePlan(SOURCES[1], 3600.0)])
        )
    )

    _listed: set[str] = field(default_factory=set)
    _left: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.set_coins([coin_of(symbol) for symbol in SYMBOLS])

    def set_coins(self, coins: list[Coin]) -> None:
        """List coins; what sessions carried of one that was away is forgotten."""
        listed = {coin.symbol for coin in coins}
        new = listed - self._listed - self._left
        self._left = (self._left | self._listed) - listed
        self._listed = listed
        markets = {item.market for c in coins if c.symbol in new for item in c.listings}
        self.diary = [_without_prices(event, markets) for event in self.diary]
        self.board.set_coins(coins)

    def observe(self, event: FeedEvent) -> None:
        """Let a venue tell something, and note it."""
        self.diary.append(event)
        self.board.observe(event)

    def tell(self, channel: Channel, update: QuoteUpdate, seed: bool) -> None:
        """Let one update arrive now."""
        exchange = exchange_of(update.market)
        self.observe(
            FeedBatch(exchange, channel, self.now_ms, self.now_s, (update,), seed)
        )

    def tick(self) -> Tick | None:
        """Publish what changed."""
        tick = self.board.tick(self.now_ms, self.now_s)
        self._left.clear()
        if tick is not None:
            self.ticks.append(tick)
        return tick

    def pass_ms(self, wait_ms: int) -> None:
        """Let time pass on both clocks."""
        self.now_ms += wait_ms
        self.now_s += wait_ms / 1000


def _without_prices(event: FeedEvent, markets: set[str]) -> FeedEvent:
    if not isinstance(event, FeedBatch):
        return event
    updates = [
        replace(update, price=None) if update.market in markets else update
        for update in event.updates
    ]
    return replace(event, updates=tuple(updates))


def trade(draw: st.DrawFn) -> Action:
    """Draw a trade, on time or late, sometimes as a seed, sometimes worth nothing."""
    market = draw(st.sampled_from(MARKETS))
    dollars = not market.startswith("KRW-")
    won = market.removeprefix("KRW-") in ("USDT", "USDC")
    base = Decimal(40_000 if dollars else 1_300 if won else 52_000_000)
    price = base * draw(st.sampled_from([0, 98, 99, 100, 100, 101, 150])) / 100
    late_ms = draw(st.sampled_from([0, 0, 0, 1, 5_000]))
    channel = draw(st.sampled_from(LIVE_CHANNELS))
    seed = draw(st.integers(0, 5)) == 0

    def act(world: World) -> None:
        update = QuoteUpdate(market, price, world.now_ms - late_ms, open_utc=base)
        world.tell(channel, update, seed)

    return act


def book(draw: st.DrawFn) -> Action:
    """Draw a message of the book, or one that halts or resumes a market."""
    market = draw(st.sampled_from(MARKETS))
    tradable = draw(st.sampled_from([None, None, True, False]))
    bid = draw(st.sampled_from([None, Decimal(0), Decimal(7)]))
    update = QuoteUpdate(market, bid=bid, ask=Decimal(8), tradable=tradable)
    return lambda world: world.tell(Channel.WEBSOCKET, update, False)


def session(draw: st.DrawFn) -> Action:
    """Draw a begin, a renewal or an end of a session."""
    exchange = draw(st.sampled_from(Exchange))
    channel = draw(st.sampled_from(LIVE_CHANNELS))
    kind = draw(st.sampled_from(["up", "up", "up", "renewed", "down"]))

    def act(world: World) -> None:
        if kind == "down":
            world.observe(FeedDown(exchange, channel, world.now_s, "cut"))
        else:
            renewed = kind == "renewed"
            world.observe(FeedUp(exchange, channel, world.now_s, renewed))

    return act


def rate(draw: st.DrawFn) -> Action:
    """Draw an answer of a rate source, fresh or of an old instant."""
    source = draw(st.sampled_from(SOURCES))
    value = draw(st.sampled_from([Decimal(1299), Decimal(1300), Decimal("1300.5")]))
    age_ms = draw(st.sampled_from([0, 0, 119, 121, 241])) * 3_600_000
    return lambda world: world.board.answer_rate(
        FxQuote(source, value, world.now_ms - age_ms), world.now_s
    )


def passing(draw: st.DrawFn) -> Action:
    """Draw some time that passes."""
    wait_ms = draw(st.sampled_from([0, 50, 100, 1_000, 4_000, 9_000, 70_000]))
    return lambda world: world.pass_ms(wait_ms)


def catalogue(draw: st.DrawFn) -> Action:
    """Draw which coins are listed, and which of them trade."""
    listed = draw(st.lists(st.sampled_from(SYMBOLS), unique=True, min_size=2))
    halted = draw(st.sampled_from([*SYMBOLS, None, None]))
    coins = [coin_of(symbol, tradable=symbol != halted) for symbol in listed]
    return lambda world: world.set_coins(coins)


def skew(draw: st.DrawFn) -> Action:
    """Draw a measured skew."""
    exchange = draw(st.sampled_from(Exchange))
    skew_ms = draw(st.integers(-90_000, 90_000))
    return lambda world: world.board.set_skew(exchange, skew_ms)


KINDS = (*(trade,) * 8, *(session,) * 3, *(rate,) * 2, *(passing,) * 4, book)


@st.composite
def actions(draw: st.DrawFn) -> Action:
    """Draw what happens next; catalogue and skew are rare."""
    kinds = (*KINDS, catalogue, skew)
    return draw(st.sampled_from(kinds))(draw)


def begin(world: World) -> None:
    """Bring everything up, as on most days."""
    for exchange in Exchange:
        world.observe(FeedUp(exchange, Channel.WEBSOCKET, world.now_s))
    world.board.answer_rate(
        FxQuote(SOURCES[0], Decimal(1300), world.now_ms), world.now_s
    )
    for market in MARKETS:
        price = Decimal(52_000_000 if market.startswith("KRW-") else 40_000)
        world.tell(Channel.WEBSOCKET, QuoteUpdate(market, price, world.now_ms), False)


Stories = st.SearchStrategy[tuple[World, list[list[Action]]]]


@pytest.fixture(scope="session")
def stories() -> Stories:
    """A strategy of (world, batches of actions between two ticks)."""
    batches = st.lists(st.lists(actions(), max_size=6), min_size=1, max_size=12)

    def world_of(lively: bool) -> World:
        world = World()
        if lively:
            begin(world)
        return world

    return st.tuples(st.sampled_from([True, True, False]).map(world_of), batches)
