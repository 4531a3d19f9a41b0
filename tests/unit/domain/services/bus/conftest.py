"""Ingests and replicas over one bus in memory, with one clock."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from adapters.memory.board_bus import MemoryBoardBus, MemoryRow
from adapters.memory.clock import FakeClock
from adapters.memory.leader_lock import MemoryLeaderLock, MemorySeat
from domain.model.board import Tick
from domain.model.bus_count import BusCount
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.market import Channel, Exchange
from domain.model.premium import Premium
from domain.model.shared_board import SharedBoard
from domain.services.board_follower import BoardFollower
from domain.services.board_publisher import BoardPublisher
from domain.services.bus_report import BusReport
from domain.services.leader_service import LeaderService
from domain.services.replica_service import ReplicaService

UPSTREAM = UpstreamStatus("upbit.stream", ServiceStatus.HEALTHY, Channel.WEBSOCKET)


def coin_of(symbol: str) -> Coin:
    """Return a curated coin with both markets."""
    return Coin(
        symbol,
        symbol,
        symbol,
        (
            Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True),
            Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True),
        ),
    )


COINS = tuple(map(coin_of, ("BTC", "ETH")))


@dataclass
class Fold:
    """What a subscriber makes of the events it is told."""

    premiums: dict[str, Premium] = field(default_factory=dict)
    ticks: list[Tick] = field(default_factory=list)

    def take(self, tick: Tick) -> None:
        """Fold one event in; numbers never go back, nothing comes twice."""
        if self.ticks:
            assert tick.seq > self.ticks[-1].seq
        self.ticks.append(tick)
        for symbol in tick.removed:
            self.premiums.pop(symbol, None)
        for premium in tick.changed:
            before = self.premiums.get(premium.symbol)
            assert before is None or premium.seq > before.seq
            self.premiums[premium.symbol] = premium


class Node:
    """One process: a board, and its part in sharing it."""

    def __init__(self, clock: FakeClock, row: MemoryRow, seat: MemorySeat) -> None:
        self.clock = clock
        self.count = BusCount()
        self.bus = MemoryBoardBus(row)
        self.lock = MemoryLeaderLock(seat)
        chain = FxChain([FxSourcePlan("dunamu", 60.0)])
        bounds = dict.fromkeys(Exchange, 1000.0)
        self.board = SharedBoard(chain, bounds)
        self.service = ReplicaService(self.board, clock)
        parts = (self.bus, self.service, clock)
        self.follower = BoardFollower(*parts, self.count)
        self.publisher = BoardPublisher(*parts, self.count, lambda: (UPSTREAM,))
        self.leader = LeaderService(
            self.lock, self.bus, self.service, self.publisher, clock, self.count
        )
        self.report = BusReport(
            self.service, self.follower, self.publisher, carries=True
        )
        self.fold = Fold()
        self.service.on_tick(self.fold.take)
        self.tasks: list[asyncio.Task[None]] = []

    def feed(self) -> None:
        """Bring both venues and the rate up, with a price of every coin."""
        self.service.set_coins(COINS)
        for exchange in Exchange:
            up = FeedUp(exchange, Channel.WEBSOCKET, self.clock.monotonic())
            self.service.observe(up)
        self.service.answer_rate(FxQuote("dunamu", Decimal(1300), self.clock.now_ms()))
        for coin in COINS:
            self.trade(f"KRW-{coin.symbol}", 52_000_000)
            self.trade(f"{coin.symbol}USDT", 40_000)

    def trade(self, market: str, price: int) -> None:
        """Let a trade come in by the venue's stream."""
        exchange = Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE
        update = QuoteUpdate(market, Decimal(price), self.clock.now_ms())
        now = (self.clock.now_ms(), self.clock.monotonic())
        batch = FeedBatch(exchange, Channel.WEBSOCKET, *now, (update,))
        self.service.observe(batch)

    def start(self, *runs: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run workers until the end of the test."""
        self.tasks += [asyncio.create_task(run()) for run in runs]

    def start_ingest(self) -> None:
        """Run what an ingest runs."""
        self.start(
            self.service.run, self.follower.run, self.publisher.run, self.leader.run
        )

    def start_replica(self) -> None:
        """Run what an API replica runs."""
        self.start(self.service.run, self.follower.run)

    async def stop(self) -> None:
        """End everything at once, as a kill does."""
        tasks, self.tasks = self.tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def kill(self) -> None:
        """End everything; its session with the database ends, too."""
        await self.stop()
        if self.lock.seat.holder is self.lock:
            self.lock.seat.holder = None

    @property
    def published(self) -> dict[str, Premium]:
        """The board as readers see it; in which tick is each process's own affair."""
        return {p.symbol: replace(p, tick=0) for p in self.board.premiums()}

    @property
    def folded(self) -> dict[str, Premium]:
        """The board as a subscriber has it."""
        return {s: replace(p, tick=0) for s, p in self.fold.premiums.items()}


@dataclass
class Cluster:
    """Makes nodes on one bus and one lock."""

    clock: FakeClock = field(default_factory=FakeClock)
    row: MemoryRow = field(default_factory=MemoryRow)
    seat: MemorySeat = field(default_factory=MemorySeat)
    nodes: list[Node] = field(default_factory=list)

    def node(self) -> Node:
        """Return one more process."""
        node = Node(self.clock, self.row, self.seat)
        self.nodes.append(node)
        return node

    async def ingest(self) -> Node:
        """Return a running ingest with live venues."""
        node = self.node()
        node.feed()
        node.start_ingest()
        await self.clock.advance(0.2)
        return node

    async def pair(self) -> tuple[Node, Node]:
        """Return two running ingests that see the same; the first one leads."""
        first, second = self.node(), self.node()
        for node in (first, second):
            node.feed()
            node.start_ingest()
        await self.clock.advance(0.7)
        return first, second

    async def replica(self) -> Node:
        """Return a running API replica in step."""
        node = self.node()
        node.start_replica()
        await self.clock.advance(0.7)
        return node


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Nobody is there yet."""
    made = Cluster()
    yield made
    for node in made.nodes:
        await node.stop()
