"""Venues in memory and on the wire, each with a hand on its switches.

The real adapters are composed as the server composes them and talk to the simulator.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.market_source import MemoryMarketSource
from adapters.memory.market_stream import MemoryMarketStream
from adapters.resilience.clock import SystemClock
from adapters.simulator.server import Simulator, SimulatorOptions
from app.settings import ResilienceSettings, Settings
from app.upstream import UpstreamFactory
from app.venue_setting import BinanceSettings, UpbitSettings
from domain.model.event import FeedEvent, QuoteUpdate
from domain.model.market import Exchange, VenueMarket
from domain.model.quote import DAY_MS
from domain.ports.market_source import PricePoint

if TYPE_CHECKING:
    from adapters.simulator.fault import Venue as SimulatedVenue
    from domain.ports.clock import Clock
    from domain.ports.market_source import MarketSource
    from domain.ports.market_stream import MarketStream

LIMIT_S = 60.0
COINS = 12
# Trades per second, relative to the simulator's own pace: nobody waits for a trade.
RATE = 50.0
VENUES = {
    Exchange.UPBIT: ("KRW-BTC", "KRW-USDT", "KRW"),
    Exchange.BINANCE: ("BTCUSDT", "USDCUSDT", "USDT"),
}


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue to be asked and listened to.

    `btc` and `other` are codes of its markets, `quote` their money. `fail` makes every
    REST question fail, `cut` breaks the stream's connections, `mend` ends both.
    """

    clock: Clock
    source: MarketSource
    stream: MarketStream
    btc: str
    other: str
    quote: str
    fail: Callable[[], None]
    cut: Callable[[], None]
    mend: Callable[[], None]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Listener]:
        """Run the stream for a while."""
        listener = Listener()
        running = asyncio.create_task(self.stream.run(listener.hear))
        try:
            async with asyncio.timeout(LIMIT_S):
                yield listener
        finally:
            running.cancel()
            await asyncio.wait([running])
            assert running.cancelled()


class Listener:
    """Keeps every event of a stream."""

    def __init__(self) -> None:
        self.events: list[FeedEvent] = []
        self._heard = asyncio.Event()

    def hear(self, event: FeedEvent) -> None:
        self.events.append(event)
        self._heard.set()

    async def until(
        self, wanted: Callable[[FeedEvent], bool], *, after: int = 0
    ) -> int:
        """Wait for an event; the number of events up to and with it."""
        while True:
            self._heard.clear()
            for number, event in enumerate(self.events[after:], start=after + 1):
                if wanted(event):
                    return number
            await self._heard.wait()


@pytest.fixture(params=Exchange, ids=str)
def exchange(request: pytest.FixtureRequest) -> Exchange:
    found: Exchange = request.param
    return found


@pytest.fixture(params=["memory", "real"])
async def venue(
    request: pytest.FixtureRequest, exchange: Exchange
) -> AsyncIterator[Venue]:
    make = in_memory if request.param == "memory" else on_the_wire
    async with make(exchange) as made:
        yield made


@asynccontextmanager
async def in_memory(exchange: Exchange) -> AsyncIterator[Venue]:
    btc, other, quote = VENUES[exchange]
    clock = FakeClock()
    source = MemoryMarketSource(exchange, clock)
    stream = MemoryMarketStream(exchange, clock)
    now_ms = clock.now_ms()
    for code in (btc, other):
        base = code.removeprefix("KRW-").removesuffix("USDT") or "USDT"
        source.open(
            VenueMarket(exchange, code, base, quote, True, f"코인 {base}", base)
        )
        source.set_quote(QuoteUpdate(code, Decimal("1.5"), now_ms))
        source.set_utc_open(code, now_ms // DAY_MS, Decimal("1.25"))
        points = [PricePoint(now_ms - age, Decimal(1 + age)) for age in (0, 600_000)]
        source.set_price_points(code, points)
    source.open(VenueMarket(exchange, f"OLD{quote}", "OLD", quote, False, "옛", "Old"))

    def fail() -> None:
        source.down = "out of order"

    def mend() -> None:
        source.down = None
        stream.connect()

    async def trade() -> None:
        while True:
            updates = (QuoteUpdate(c, Decimal(2), clock.now_ms()) for c in (btc, other))
            stream.send(*updates)
            await asyncio.sleep(0)  # the listener's turn

    trading = asyncio.create_task(trade())
    yield Venue(clock, source, stream, btc, other, quote, fail, stream.cut, mend)
    trading.cancel()


@asynccontextmanager
async def on_the_wire(exchange: Exchange) -> AsyncIterator[Venue]:
    btc, other, quote = VENUES[exchange]
    options = SimulatorOptions(rate=RATE, coins=COINS)
    async with Simulator(options) as simulator:
        moving = asyncio.create_task(simulator.run())
        clock = SystemClock()
        factory = UpstreamFactory(settings_for(simulator), clock)
        upbit = exchange is Exchange.UPBIT
        made = factory.upbit() if upbit else factory.binance()
        name: SimulatedVenue = "upbit" if upbit else "binance"
        yield Venue(
            clock=clock,
            source=made.source,
            stream=made.stream,
            btc=btc,
            other=other,
            quote=quote,
            fail=lambda: simulator.refuse(name, 503),
            cut=lambda: void(simulator.drop_connections(name)),
            mend=lambda: simulator.restore(name),
        )
        await made.http.close()
        moving.cancel()
        await asyncio.wait([moving])


def settings_for(simulator: Simulator) -> Settings:
    http, ws = simulator.base_url, simulator.socket_url
    return Settings(
        upbit=UpbitSettings(
            rest_url=f"{http}/upbit", ws_url=f"{ws}/upbit/websocket/v1"
        ),
        binance=BinanceSettings(rest_url=f"{http}/binance", ws_url=f"{ws}/binance"),
        resilience=ResilienceSettings(tries=1),
    )


def void(_: object) -> None:
    """For a switch whose answer nobody needs."""
