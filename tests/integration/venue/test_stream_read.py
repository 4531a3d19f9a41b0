"""Reads over a stream beside the live feed, as the server composes both."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from adapters.resilience.clock import SystemClock
from adapters.simulator.server import Simulator, SimulatorOptions
from app.settings import ResilienceSettings, Settings
from app.upstream import UpstreamFactory, Venue
from app.venue_setting import BinanceSettings, UpbitSettings
from domain.model.error import UpstreamUnavailable
from domain.model.event import FeedBatch, FeedDown, FeedEvent
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.ports.market_reader import MarketReader

LIMIT_S = 60.0
# Trades per second, relative to the simulator's own pace: nobody waits long for one.
RATE = 10.0
COINS = 3
MARKETS = {
    Exchange.UPBIT: ["KRW-BTC", "KRW-USDT"],
    Exchange.BINANCE: ["BTCUSDT", "USDCUSDT"],
}


class World:
    """A simulated venue, our live feed of it and our reads."""

    def __init__(self, simulator: Simulator, venue: Venue) -> None:
        self.simulator = simulator
        self.venue = venue
        is_upbit = venue.source.exchange is Exchange.UPBIT
        self.name: Literal["upbit", "binance"] = "upbit" if is_upbit else "binance"
        self.markets = MARKETS[venue.source.exchange]
        self.events: list[FeedEvent] = []
        self._heard = asyncio.Event()

    @property
    def reader(self) -> MarketReader:
        (found,) = (
            reader
            for reader in self.venue.readers
            if reader.channel is Channel.WEBSOCKET
        )
        return found

    @property
    def connections(self) -> int:
        return self.simulator.connections(
            "upbit" if self.name == "upbit" else "binance"
        )

    def hear(self, event: FeedEvent) -> None:
        self.events.append(event)
        self._heard.set()

    async def until_data(self) -> None:
        """Wait for data of the live feed that come from now on."""
        known = len(self.events)
        while not any(isinstance(each, FeedBatch) for each in self.events[known:]):
            self._heard.clear()
            await self._heard.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():  # noqa: ASYNC110 - the simulator tells no news of it
            await asyncio.sleep(0.01)  # looked at again, within the time limit

    async def until_connections(self, many: int) -> None:
        await self.until(lambda: self.connections == many)

    def is_reading(self) -> bool:
        names = [task.get_name() for task in asyncio.all_tasks()]
        return any(name.startswith(f"{self.name}.read") for name in names)


@asynccontextmanager
async def live(exchange: Exchange, *, idle_s: float = 30.0) -> AsyncIterator[World]:
    async with Simulator(SimulatorOptions(rate=RATE, coins=COINS)) as simulator:
        http, ws = simulator.base_url, simulator.socket_url
        settings = Settings(
            upbit=UpbitSettings(
                rest_url=f"{http}/upbit", ws_url=f"{ws}/upbit/websocket/v1"
            ),
            binance=BinanceSettings(rest_url=f"{http}/binance", ws_url=f"{ws}/binance"),
            resilience=ResilienceSettings(
                tries=1, stream_read_timeout_s=15.0, stream_read_idle_s=idle_s
            ),
        )
        factory = UpstreamFactory(settings, SystemClock())
        venue = factory.upbit() if exchange is Exchange.UPBIT else factory.binance()
        world = World(simulator, venue)
        venue.stream.watch(world.markets)
        moving = asyncio.create_task(simulator.run())
        running = asyncio.create_task(venue.stream.run(world.hear))
        try:
            async with asyncio.timeout(LIMIT_S):
                await world.until_data()
                yield world
                assert simulator.violations.listed() == ()
        finally:
            await venue.close()
            for task in (running, moving):
                task.cancel()
            await asyncio.wait([running, moving])


@pytest.fixture(params=Exchange, ids=str)
def exchange(request: pytest.FixtureRequest) -> Exchange:
    found: Exchange = request.param
    return found


async def test_reads_leave_the_live_feed_alone(exchange: Exchange) -> None:
    async with live(exchange) as world:
        for market in world.markets:
            await world.reader.tickers([market])
            await world.reader.order_books([market], 5)
        await world.until_data()
        assert not any(isinstance(event, FeedDown) for event in world.events)
        assert world.connections == 2
        told = {
            update.market
            for event in world.events
            if isinstance(event, FeedBatch)
            for update in event.updates
        }
        assert told <= set(world.markets)


async def test_many_reads_at_once_stay_within_the_venues_limits(
    exchange: Exchange,
) -> None:
    async with live(exchange) as world:
        reader = world.reader
        reads = [
            *(reader.tickers([market]) for market in world.markets for _ in range(40)),
            *(reader.order_books(world.markets, n % 20 + 1) for n in range(40)),
            *(reader.candles(world.markets[0], Interval.M1, 1) for _ in range(40)),
        ]
        found = await asyncio.gather(*reads)
        assert all(found)
        assert world.connections == 2


async def test_an_idle_connection_is_closed(exchange: Exchange) -> None:
    async with live(exchange, idle_s=0.2) as world:
        await world.reader.order_books(world.markets, 1)
        await world.until_connections(1)
        assert await world.reader.order_books(world.markets, 1)
        assert world.connections == 2


async def test_a_cut_costs_reads_nothing_but_time(exchange: Exchange) -> None:
    async with live(exchange) as world:
        await world.reader.order_books(world.markets, 1)
        reading = asyncio.create_task(_ticker(world))
        await asyncio.sleep(0)  # the read begins
        world.simulator.drop_connections(world.name)
        assert await reading


async def test_a_cancelled_read_leaves_nothing_subscribed(exchange: Exchange) -> None:
    async with live(exchange, idle_s=0.2) as world:
        reading = asyncio.create_task(_ticker(world))
        await world.until_connections(2)
        reading.cancel()
        await world.until_connections(1)
        await world.until(lambda: not world.is_reading())


async def test_after_closing_nothing_can_be_read(exchange: Exchange) -> None:
    async with live(exchange) as world:
        await world.reader.order_books(world.markets, 1)
        await world.venue.reads.close()
        await world.until_connections(1)
        with pytest.raises(UpstreamUnavailable):
            await world.reader.tickers(world.markets)


async def _ticker(world: World) -> object:
    return await world.reader.tickers(world.markets[:1])
