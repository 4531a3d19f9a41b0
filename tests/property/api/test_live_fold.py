"""Whatever happens to the board and to sockets, each client's fold is the board.

Random prices, cuts, listings, joins, leaves, full sockets and sockets with room again;
a client folds its events as the contract says and must have what a query answers.
"""

import asyncio
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from adapters.memory.clock import FakeClock
from api.context import ApiContext
from api.guard import Guard
from api.limit import Limits
from api.live.engine import LiveEngine
from api.live.group import Member
from api.live.payload import Payload
from api.live.wire import Wire
from api.schema import api_schema
from api.traffic import Traffic
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedDown, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.market import Channel, Exchange
from domain.model.premium import Premium
from domain.model.premium_query import PremiumFilter
from domain.services.board_service import BoardService

SYMBOLS = ("BTC", "ETH", "XRP", "SOL", "ADA")
DOCUMENT = (
    "subscription ($f: PremiumFilter, $t: Int) { premiums(filter: $f, throttleMs: $t) "
    "{ seq snapshot removed premiums { symbol percent quality seq } } }"
)
COIN = (
    "subscription ($s: String!, $t: Int) { premium(symbol: $s, throttleMs: $t) "
    "{ symbol percent quality seq } }"
)
FILTERS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"symbols": ["BTC", "XRP"]},
    {"minPercent": "0"},
    {"maxPercent": "1", "symbols": ["ETH", "SOL", "ADA"]},
    {"quality": ["LIVE"]},
)
MOVES = st.dictionaries(
    st.sampled_from(SYMBOLS), st.integers(95_000, 106_000), max_size=4
)
THROTTLES = (100, 700)
LONGEST_S = 1.2
TOLERANCE_S = 0.006


def coin(symbol: str) -> Coin:
    won = Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True)
    dollar = Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True)
    return Coin(symbol, symbol, symbol, (won, dollar))


def told_of(premium: Premium) -> dict[str, Any]:
    percent = None if premium.percent is None else str(premium.percent.normalize())
    return {"percent": percent, "quality": premium.quality, "seq": premium.seq}


def folded(node: dict[str, Any]) -> dict[str, Any]:
    percent = node["percent"]
    plain = None if percent is None else str(Decimal(percent).normalize())
    return {"percent": plain, "quality": node["quality"], "seq": node["seq"]}


@dataclass
class Client:
    """A socket with one subscription, and what its client made of the events."""

    clock: FakeClock
    board: BoardService
    throttle_ms: int
    wanted: PremiumFilter | None
    symbol: str | None = None
    paused: bool = False
    is_over: bool = False
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: int = 0
    due_s: float = 0.0
    seq: int = 0
    member: Member | None = None

    def __post_init__(self) -> None:
        self.wire: Wire = self

    def deliver(self, head: bytes, payload: Payload) -> None:
        assert not self.is_over
        assert not self.paused
        message = json.loads(head + payload.body)
        assert message["type"] == "next"
        self._keep_pace()
        data = message["payload"]["data"]
        if self.symbol is None:
            self._board(data["premiums"])
        else:
            self.state = {self.symbol: folded(data["premium"])}
        self.events += 1

    def complete(self, _name: str) -> None:
        assert self.symbol is not None
        self.is_over = True

    def say(self, message: bytes) -> None:
        raise AssertionError(message)

    async def room(self) -> None:
        raise AssertionError("a member is never waited for")

    def end(self, code: int, reason: str) -> None:
        raise AssertionError(code, reason)

    def _keep_pace(self) -> None:
        """Counted from tick to tick: what was late is followed on time."""
        now_s = self.clock.monotonic()
        assert not self.events or now_s >= self.due_s - TOLERANCE_S
        self.due_s = max(self.due_s, self.board.tick_s()) + self.throttle_ms / 1000

    def _board(self, update: dict[str, Any]) -> None:
        assert update["snapshot"] is (self.events == 0)
        assert update["seq"] >= self.seq
        self.seq = update["seq"]
        if update["snapshot"]:
            self.state = {}
        for symbol in update["removed"]:
            # Only what it was told of leaves.
            del self.state[symbol]
        for node in update["premiums"]:
            self.state[node["symbol"]] = folded(node)
        if not update["snapshot"]:
            assert update["removed"] or update["premiums"]


class LiveFold(RuleBasedStateMachine):
    """A board, an engine, and clients that come, lag and go."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.listed = set(SYMBOLS)
        self.clients: list[Client] = []
        board = PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)], 432_000.0))
        self.service = BoardService(board, self.clock)
        counts = Traffic()
        self.engine = LiveEngine(api_schema(), self.service, self.clock, counts)

    def teardown(self) -> None:
        for client in self.clients:
            assert client.member is not None
            self.engine.leave(client.member)
        assert not self.engine.groups
        self.run(self.clock.advance(0))
        assert not [task for task in asyncio.all_tasks(self.loop) if not task.done()]
        self.loop.close()

    def run(self, doing: Any) -> None:
        self.loop.run_until_complete(doing)

    @initialize()
    def begin(self) -> None:
        self.service.set_coins([coin(symbol) for symbol in SYMBOLS])
        for exchange in Exchange:
            self.service.observe(
                FeedUp(exchange, Channel.WEBSOCKET, self.clock.monotonic())
            )
        quote = FxQuote("dunamu", Decimal(1000), self.clock.now_ms())
        self.service.answer_rate(quote)
        for number, symbol in enumerate(SYMBOLS):
            self.trade(Exchange.BINANCE, f"{symbol}USDT", 100 + number)
            self.trade(Exchange.UPBIT, f"KRW-{symbol}", 100_500 + 1000 * number)
        self.tick()

    def trade(self, exchange: Exchange, market: str, price: int) -> None:
        update = QuoteUpdate(market, Decimal(price), self.clock.now_ms())
        now_ms, now_s = self.clock.now_ms(), self.clock.monotonic()
        self.service.observe(
            FeedBatch(exchange, Channel.WEBSOCKET, now_ms, now_s, (update,))
        )

    def tick(self) -> None:
        self.loop.call_soon(self.service.tick)
        self.run(self.clock.advance(0))

    @rule(moves=st.lists(MOVES, min_size=1, max_size=8), tenths=st.integers(0, 12))
    def the_market_moves(self, moves: list[dict[str, int]], tenths: int) -> None:
        for prices in moves:
            for symbol, price in prices.items():
                self.trade(Exchange.UPBIT, f"KRW-{symbol}", price)
            self.run(self.clock.advance(0.1))
            self.tick()
        self.run(self.clock.advance(tenths / 10))

    @rule(exchange=st.sampled_from(Exchange))
    def feed_is_cut(self, exchange: Exchange) -> None:
        now_s = self.clock.monotonic()
        self.service.observe(FeedDown(exchange, Channel.WEBSOCKET, now_s, "cut"))

    @rule(exchange=st.sampled_from(Exchange))
    def feed_is_back(self, exchange: Exchange) -> None:
        now_s = self.clock.monotonic()
        self.service.observe(FeedUp(exchange, Channel.WEBSOCKET, now_s))

    @rule(symbol=st.sampled_from(SYMBOLS))
    def coin_comes_or_goes(self, symbol: str) -> None:
        self.listed.symmetric_difference_update({symbol})
        self.service.set_coins([coin(symbol) for symbol in sorted(self.listed)])

    @rule(
        index=st.integers(0, len(FILTERS) - 1),
        throttle_ms=st.sampled_from(THROTTLES),
        full=st.lists(st.booleans(), min_size=1, max_size=3),
    )
    def join_the_board(self, index: int, throttle_ms: int, full: list[bool]) -> None:
        given = FILTERS[index] or {}
        bounds = [given.get(name) for name in ("minPercent", "maxPercent")]
        wanted = PremiumFilter.of(
            symbols=given.get("symbols"),
            quality=given.get("quality"),
            min_percent=None if bounds[0] is None else Decimal(bounds[0]),
            max_percent=None if bounds[1] is None else Decimal(bounds[1]),
        )
        variables = {"f": FILTERS[index], "t": throttle_ms}
        for paused in full:
            client = Client(
                self.clock, self.service, throttle_ms, wanted, paused=paused
            )
            self.join(client, DOCUMENT, variables)

    @rule(symbol=st.sampled_from(SYMBOLS), throttle_ms=st.sampled_from(THROTTLES))
    def joins_a_coin(self, symbol: str, throttle_ms: int) -> None:
        if self.service.board.premium(symbol) is not None:
            client = Client(self.clock, self.service, throttle_ms, None, symbol)
            self.join(client, COIN, {"s": symbol, "t": throttle_ms})

    def join(self, client: Client, text: str, variables: dict[str, Any]) -> None:
        context = ApiContext(self.deps())

        async def joining() -> None:
            client.member = self.engine.join(
                client, "1", text, variables, None, context
            )

        self.run(joining())
        assert client.member is not None, self.engine.ordinary
        assert client.events == (0 if client.paused else 1)
        self.clients.append(client)

    def deps(self) -> Any:
        class Deps:
            clock = self.clock
            board = self.service
            history = None
            market_data = None
            watch = _Watch()
            limits = Limits()
            guard = Guard()

        return Deps()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def leaves(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.clients) - 1))
        client = self.clients.pop(index)
        assert client.member is not None
        self.engine.leave(client.member)
        client.is_over = True

    @precondition(lambda self: self.clients)
    @rule(chosen=st.sets(st.integers(0, 7), max_size=4))
    def sockets_fill_or_empty(self, chosen: set[int]) -> None:
        for index, client in enumerate(self.clients):
            if index % 8 in chosen:
                self.turn(client)

    def turn(self, client: Client) -> None:
        client.paused = not client.paused
        if not client.paused and not client.is_over:
            assert client.member is not None
            self.loop.call_soon(self.engine.resume, [client.member])
            self.run(self.clock.advance(0))

    @rule()
    def all_catch_up(self) -> None:
        for client in self.clients:
            if client.paused:
                self.turn(client)
        self.run(self.clock.advance(0.1))
        self.tick()
        self.run(self.clock.advance(LONGEST_S))
        self.run(self.clock.advance(LONGEST_S))
        for client in self.clients:
            self.check(client)

    def check(self, client: Client) -> None:
        board = self.service.board
        if client.symbol is not None:
            premium = board.premium(client.symbol)
            if client.is_over:
                return
            assert premium is not None
            assert client.state == {client.symbol: told_of(premium)}
            return
        assert client.wanted is not None
        expected = {
            premium.symbol: told_of(premium)
            for premium in board.premiums()
            if client.wanted.matches(premium)
        }
        assert client.state == expected

    @invariant()
    def groups_are_those_with_members(self) -> None:
        # What fails in a group is kept there, a client's assertions above too.
        assert not self.engine.failed
        running = [c for c in self.clients if not c.is_over]
        members = [m for group in self.engine.groups.values() for m in group.members]
        assert len(members) == len(running)
        assert all(group.members for group in self.engine.groups.values())
        lagging = [m for g in self.engine.groups.values() for m in g.lagging]
        assert all(member.cohort is None for member in lagging)


class _Watch:
    """Stands for the ordinary way, which nobody takes here."""

    async def premiums(self, _wanted: object, _throttle_ms: int) -> Any:
        raise AssertionError
        yield

    async def premium(self, _symbol: str, _throttle_ms: int) -> Any:
        raise AssertionError
        yield


TestLiveFold = LiveFold.TestCase
TestLiveFold.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
