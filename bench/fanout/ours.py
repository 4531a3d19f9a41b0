"""Our server for the bench: the real board, application and HTTP server.

python -m bench.fanout.ours stepped|real premiums|premium

What it has not: venues, a database. Orders come as peer/order.py tells; each one puts
new quotes of both sides on the board, of 200 coins or of one, and ticks it. `stepped`
lets 100 ms pass for the board's clock at every tick, however soon it comes, so that no
throttle holds an event back; the wall clock stays the real one.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import uvloop

from adapters.memory.store import (
    MemoryCoinRepository,
    MemoryIconRepository,
    MemoryIconSource,
    MemoryStore,
)
from adapters.memory.upstream import MemoryDatabase, MemoryUpstream
from adapters.resilience.clock import SystemClock
from api.app import ApiDeps, create_app
from app.garbage import MIDDLE, OLD, YOUNG
from app.http_server import bind, make_server
from app.http_setting import HttpSettings
from bench.fanout import market
from bench.fanout.peer.order import say_port, say_tick, take_orders
from domain.model.board import PremiumBoard, Tick
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedEvent, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.identity import IdentityTable
from domain.model.market import Channel, Exchange
from domain.model.pace import TICK_S
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.health_service import HealthService
from domain.services.icon_service import IconService
from domain.services.premium_watch import PremiumWatch

RATE_POLL_S = 86_400.0


class SteppedClock(SystemClock):
    """The machine's clock, but that monotonic time passes by steps."""

    def __init__(self) -> None:
        self._steps = 0
        self._began_s = time.monotonic()

    def step(self) -> None:
        """Let the shortest throttle pass."""
        self._steps += 1

    def monotonic(self) -> float:
        """Return seconds since some instant."""
        return self._began_s + self._steps * TICK_S


class MeteredBoard(PremiumBoard):
    """The board, with the CPU time its own work takes and when it published."""

    def __init__(self, fx: FxChain) -> None:
        super().__init__(fx)
        self.used_ns = 0
        self.ticked_ns = 0

    def observe(self, event: FeedEvent) -> None:
        """Take an event."""
        began_ns = time.thread_time_ns()
        super().observe(event)
        self.used_ns += time.thread_time_ns() - began_ns

    def tick(self, now_ms: int, now_s: float) -> Tick | None:
        """Publish what changed."""
        began_ns = time.thread_time_ns()
        tick = super().tick(now_ms, now_s)
        self.ticked_ns = time.monotonic_ns()
        self.used_ns += time.thread_time_ns() - began_ns
        return tick


class _Ready:
    """Readiness of a server that lacks nothing."""

    def checks(self) -> Mapping[str, bool]:
        return {"board": True}

    def is_ready(self) -> bool:
        return True


class Driver:
    """Changes so many coins at each order, all of them at the first."""

    def __init__(
        self,
        service: BoardService,
        board: MeteredBoard,
        clock: SystemClock,
        changing: int,
    ) -> None:
        self._service, self._board, self._clock = service, board, clock
        self._changing = changing
        # Made before, as venues' messages are decoded before the board is told.
        self._updates = [_updates(told) for told in market.boards()]
        self._quiet = _updates([market.quiet()])
        self._began_ms = clock.now_ms()

    def tick(self) -> None:
        """Tell the next board, as two messages of the venues, and publish it."""
        if isinstance(self._clock, SteppedClock):
            self._clock.step()
        began_ns = self._board.used_ns
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic()
        seq = self._board.seq
        told = self._updates[(seq + 1) % market.BOARDS]
        count = self._changing if seq else market.COINS
        for exchange in Exchange:
            updates = tuple(
                QuoteUpdate(code, price, now_ms)
                for code, price in told[exchange][:count]
            ) + tuple(
                QuoteUpdate(code, price, self._began_ms)
                for code, price in self._quiet[exchange]
            )
            batch = FeedBatch(exchange, Channel.WEBSOCKET, now_ms, now_s, updates)
            self._service.observe(batch)
        self._service.tick()
        made_ns = self._board.used_ns - began_ns
        say_tick(self._board.seq, self._board.ticked_ns, made_ns)


def _updates(coins: list[market.Coin]) -> dict[Exchange, list[tuple[str, Decimal]]]:
    return {
        Exchange.UPBIT: [(f"KRW-{c.symbol}", Decimal(c.krw)) for c in coins],
        Exchange.BINANCE: [(f"{c.symbol}USDT", Decimal(c.usdt)) for c in coins],
    }


def _coin(symbol: str) -> Coin:
    upbit = Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True)
    binance = Listing(Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True)
    return Coin(symbol, symbol, symbol, (upbit, binance))


async def make_deps(clock: SystemClock, changing: int) -> tuple[ApiDeps, Driver]:
    """Return what the application needs, and who drives its board."""
    board = MeteredBoard(FxChain([FxSourcePlan("bench", RATE_POLL_S)]))
    service = BoardService(board, clock)
    coins = [_coin(symbol) for symbol in (*market.symbols(), market.QUIET)]
    store = MemoryStore(coins={coin.symbol: coin for coin in coins})
    catalog = CatalogService(MemoryCoinRepository(store), [], IdentityTable([]), clock)
    catalog.on_change(service.set_coins)
    await catalog.load()
    for exchange in Exchange:
        service.observe(FeedUp(exchange, Channel.WEBSOCKET, clock.monotonic()))
    service.answer_rate(FxQuote("bench", market.RATE, clock.now_ms()))
    icons = IconService(catalog, MemoryIconRepository(store), MemoryIconSource(), clock)
    deps = ApiDeps(
        board=service,
        watch=PremiumWatch(service, clock),
        catalog=catalog,
        health=HealthService("0", [MemoryUpstream()], MemoryDatabase(), clock),
        icons=icons,
        clock=clock,
        readiness=_Ready(),
        metrics=lambda: b"",
        graphiql=False,
    )
    return deps, Driver(service, board, clock, changing)


async def main(pace: str, field: str) -> None:
    """Serve until the orders end."""
    clock = SteppedClock() if pace == "stepped" else SystemClock()
    settings = HttpSettings(port=0, drain_s=1)
    listener = bind(settings)
    deps, driver = await make_deps(clock, market.changing(field))
    http = make_server(await asyncio.to_thread(create_app, deps), settings)
    serving: asyncio.Task[Any] = asyncio.create_task(http.serve(sockets=[listener]))
    while not http.started:  # noqa: ASYNC110 (uvicorn tells nobody)
        await asyncio.sleep(0.01)  # until the next look
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.collect()
    gc.freeze()
    driver.tick()
    say_port(listener.getsockname()[1])
    await take_orders(driver.tick)
    http.should_exit = http.force_exit = True
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:3]))
