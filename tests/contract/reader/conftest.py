"""One channel of a venue to be read, in memory and on the wire.

The real readers are composed as the server composes them and ask the simulator.
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
from adapters.memory.market_reader import MemoryMarketReader
from adapters.resilience.clock import SystemClock
from adapters.simulator.server import Simulator, SimulatorOptions
from app.settings import ResilienceSettings, Settings
from app.upstream import UpstreamFactory
from app.venue_setting import BinanceSettings, UpbitSettings
from domain.model.candle import Candle
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.model.order_book import BookLevel, OrderBook
from domain.model.trade import Side, Trade

if TYPE_CHECKING:
    from adapters.simulator.fault import Venue
    from domain.ports.clock import Clock
    from domain.ports.market_reader import MarketReader

COINS = 3
# Trades per second, relative to the simulator's own pace: nobody waits for a trade.
RATE = 10.0
MARKETS = {
    Exchange.UPBIT: ("KRW-BTC", "KRW-USDT", "KRW-NOBODY"),
    Exchange.BINANCE: ("BTCUSDT", "USDCUSDT", "NOBODYUSDT"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader, codes of two markets and of none, and the switches of its venue."""

    clock: Clock
    reader: MarketReader
    btc: str
    other: str
    nobody: str
    fail: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture(params=Exchange, ids=str)
def exchange(request: pytest.FixtureRequest) -> Exchange:
    found: Exchange = request.param
    return found


@pytest.fixture(params=[Channel.REST, Channel.WEBSOCKET], ids=str)
def channel(request: pytest.FixtureRequest) -> Channel:
    found: Channel = request.param
    return found


@pytest.fixture
def stream_timeout_s() -> float:
    """How long a stream may take: long, because the machine may be busy."""
    return 15.0


@pytest.fixture(params=["memory", "real"])
async def reading(
    request: pytest.FixtureRequest,
    exchange: Exchange,
    channel: Channel,
    stream_timeout_s: float,
) -> AsyncIterator[Reading]:
    if request.param == "memory":
        making = in_memory(exchange, channel)
    else:
        making = on_the_wire(exchange, channel, stream_timeout_s)
    async with making as made:
        yield made


@asynccontextmanager
async def in_memory(exchange: Exchange, channel: Channel) -> AsyncIterator[Reading]:
    clock = FakeClock()
    reader = MemoryMarketReader(exchange, channel, clock)
    btc, other, nobody = MARKETS[exchange]
    now_ms = clock.now_ms()
    one = Decimal(1)
    for code in (btc, other):
        reader.set_ticker(QuoteUpdate(code, Decimal("1.5"), now_ms))
        bids = tuple(BookLevel(Decimal(9 - n), one) for n in range(5))
        asks = tuple(BookLevel(Decimal(10 + n), one) for n in range(5))
        reader.set_order_book(OrderBook(code, now_ms, bids, asks))
        reader.set_trades(
            code,
            [Trade(code, str(n), now_ms - n, one, one, Side.BUY) for n in range(9)],
        )
        for interval in Interval:
            last_ms = interval.opened_ms(now_ms)
            reader.set_candles(
                Candle(
                    code,
                    interval,
                    last_ms - ago * interval.length_ms,
                    *(one,) * 6,
                    closed=ago > 0,
                )
                for ago in range(9)
            )

    def fail() -> None:
        reader.down = "out of order"

    def mend() -> None:
        reader.down = None

    yield Reading(clock, reader, btc, other, nobody, fail, mend)


@asynccontextmanager
async def on_the_wire(
    exchange: Exchange, channel: Channel, stream_timeout_s: float
) -> AsyncIterator[Reading]:
    options = SimulatorOptions(rate=RATE, coins=COINS)
    async with Simulator(options) as simulator:
        moving = asyncio.create_task(simulator.run())
        clock = SystemClock()
        factory = UpstreamFactory(settings_for(simulator, stream_timeout_s), clock)
        made = factory.upbit() if exchange is Exchange.UPBIT else factory.binance()
        (reader,) = (each for each in made.readers if each.channel is channel)
        name: Venue = "upbit" if exchange is Exchange.UPBIT else "binance"

        def fail() -> None:
            simulator.refuse(name, 503, sockets=True)
            simulator.drop_connections(name)

        yield Reading(
            clock, reader, *MARKETS[exchange], fail, lambda: simulator.restore(name)
        )
        await made.close()
        assert simulator.violations.listed() == ()
        moving.cancel()
        await asyncio.wait([moving])


def settings_for(simulator: Simulator, stream_timeout_s: float) -> Settings:
    http, ws = simulator.base_url, simulator.socket_url
    return Settings(
        upbit=UpbitSettings(
            rest_url=f"{http}/upbit", ws_url=f"{ws}/upbit/websocket/v1"
        ),
        binance=BinanceSettings(rest_url=f"{http}/binance", ws_url=f"{ws}/binance"),
        resilience=ResilienceSettings(tries=1, stream_read_timeout_s=stream_timeout_s),
    )
