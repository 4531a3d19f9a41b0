"""An engine over a small board, and sockets that only remember."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.memory.clock import FakeClock
from api.context import ApiContext
from api.guard import Guard
from api.limit import Limits
from api.live.engine import LiveEngine
from api.live.group import Member
from api.live.payload import Payload
from api.live.wire import Wire
from api.measure import WEBSOCKET
from api.schema import api_schema
from api.traffic import Traffic
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.market import Channel, Exchange
from domain.services.board_service import BoardService
from domain.services.premium_watch import PremiumWatch

BOARD = (
    "subscription { premiums(throttleMs: 100) "
    "{ seq snapshot removed premiums { symbol percent } } }"
)


def coin(symbol: str) -> Coin:
    won = Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True)
    dollar = Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True)
    return Coin(symbol, symbol, symbol, (won, dollar))


@dataclass
class Socket:
    """One client's socket, with at most one operation that the engine runs."""

    paused: bool = False
    events: list[Any] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    payloads: list[Payload] = field(default_factory=list)
    fails: bool = False

    def __post_init__(self) -> None:
        # Of a wire it has only what the engine uses.
        self.wire = cast(Wire, self)

    def deliver(self, head: bytes, payload: Payload) -> None:
        if self.fails:
            raise OSError("gone")
        self.heads.append(head)
        self.payloads.append(payload)
        self.events.append(json.loads(head + payload.body)["payload"])

    def complete(self, name: str) -> None:
        self.completed.append(name)

    @property
    def updates(self) -> list[Any]:
        return [event["data"]["premiums"] for event in self.events]


class Desk:
    """The board, its clock and the engine."""

    def __init__(self, symbols: tuple[str, ...] = ("BTC", "ETH", "XRP")) -> None:
        self.clock = FakeClock()
        plan = FxSourcePlan("dunamu", 60.0)
        self.board = BoardService(PremiumBoard(FxChain([plan], 864_000.0)), self.clock)
        self.traffic = Traffic()
        self.engine = LiveEngine(api_schema(), self.board, self.clock, self.traffic)
        self.deps = SimpleNamespace(
            limits=Limits(),
            guard=Guard(),
            clock=self.clock,
            board=self.board,
            history=None,
            market_data=None,
            watch=PremiumWatch(self.board, self.clock),
            traffic=self.traffic,
            health=SimpleNamespace(watch=_never),
        )
        self.list(*symbols)
        for exchange in Exchange:
            now_s = self.clock.monotonic()
            self.board.observe(FeedUp(exchange, Channel.WEBSOCKET, now_s))
        self.board.answer_rate(FxQuote("dunamu", Decimal(1000), self.clock.now_ms()))
        for symbol in symbols:
            self.trade(Exchange.BINANCE, f"{symbol}USDT", 100)
            self.trade(Exchange.UPBIT, f"KRW-{symbol}", 101_000)
        self.board.tick()

    def list(self, *symbols: str) -> None:
        self.board.set_coins([coin(symbol) for symbol in symbols])

    def trade(self, exchange: Exchange, market: str, price: int) -> None:
        update = QuoteUpdate(market, Decimal(price), self.clock.now_ms())
        now_ms, now_s = self.clock.now_ms(), self.clock.monotonic()
        self.board.observe(
            FeedBatch(exchange, Channel.WEBSOCKET, now_ms, now_s, (update,))
        )

    async def publish(self, after_s: float = 0.1, **prices: int) -> None:
        """Let time pass, prices move and a tick be told."""
        await self.clock.advance(after_s)
        self.trade_and_tick(**prices)
        await self.clock.settle()

    def trade_and_tick(self, **prices: int) -> None:
        """Let prices move and be published; nobody has had a turn yet."""
        for symbol, price in prices.items():
            self.trade(Exchange.UPBIT, f"KRW-{symbol}", price)
        self.board.tick()

    def join(
        self,
        socket: Socket,
        query: str = BOARD,
        variables: dict[str, Any] | None = None,
        name: str = "1",
        context: ApiContext | None = None,
    ) -> Member | None:
        given: Any = self.deps
        context = context or ApiContext(given, WEBSOCKET)
        return self.engine.join(socket, name, query, variables, None, context)

    async def resume(self, socket: Socket, member: Member) -> None:
        """Give a socket room again."""
        socket.paused = False
        self.engine.resume([member])
        await asyncio.sleep(0)  # the member's turn
        await self.clock.settle()


async def _never() -> AsyncIterator[object]:
    """Stand for a stream that is no board's."""
    raise AssertionError("nobody listens")
    yield


@pytest.fixture
async def desk() -> Desk:
    """A board of three coins, LIVE at 1 %."""
    return Desk()
