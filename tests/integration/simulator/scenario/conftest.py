"""Clients of the simulated venues, as far as the scenarios need them."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator

LIMIT_S = 5
Socket = aiohttp.ClientWebSocketResponse


class Client:
    """One WebSocket and what is read from it; `venue` says which venue's."""

    def __init__(self, venue: str, socket: Socket) -> None:
        self.venue = venue
        self.socket = socket

    async def ask(self) -> None:
        """Send something that is answered at once, whatever is subscribed."""
        if self.venue == "upbit":
            await self.socket.send_str("PING")
        else:
            listing = {"method": "LIST_SUBSCRIPTIONS", "id": 99}
            await self.socket.send_str(json.dumps(listing))

    async def raw(self) -> bytes:
        """Return the next data frame as bytes; pings are no data."""
        message = await self.socket.receive(timeout=LIMIT_S)
        while message.type is aiohttp.WSMsgType.PING:
            message = await self.socket.receive(timeout=LIMIT_S)
        data = message.data
        return data.encode() if isinstance(data, str) else bytes(data)

    async def row(self) -> dict[str, Any]:
        """Return the next data frame as an object."""
        row = json.loads(await self.raw())
        assert isinstance(row, dict)
        return row

    async def until_answer(self) -> list[bytes]:
        """Ask, and return all that comes before the answer."""
        await self.ask()
        frames = []
        while not _is_answer(found := await self.raw()):
            frames.append(found)
        return frames

    async def end(self) -> aiohttp.WSMessage:
        """Return the message that ends the conversation."""
        while True:
            message = await self.socket.receive(timeout=LIMIT_S)
            if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return message


def _is_answer(body: bytes) -> bool:
    return body.startswith((b'{"status"', b'{"result"'))


Connect = Callable[[str], Awaitable[Client]]


@pytest.fixture
async def connect(
    simulator: Simulator, http: aiohttp.ClientSession
) -> AsyncIterator[Connect]:
    """Return a client with tickers (Upbit) and trades (Binance) of a few markets."""
    opened: list[Socket] = []

    async def one(venue: str) -> Client:
        path = {"upbit": "/upbit/websocket/v1", "binance": "/binance/ws"}[venue]
        socket = await http.ws_connect(simulator.socket_url + path, autoping=False)
        opened.append(socket)
        client = Client(venue, socket)
        if venue == "upbit":
            codes = ["KRW-BTC", "KRW-ETH", "KRW-XRP"]
            parts = [
                {"ticket": "x"},
                {"type": "ticker", "codes": codes, "is_only_realtime": True},
                {"format": "SIMPLE"},
            ]
            await socket.send_str(json.dumps(parts))
        else:
            streams = ["btcusdt@trade", "ethusdt@trade"]
            asked = {"method": "SUBSCRIBE", "params": streams, "id": 1}
            await socket.send_str(json.dumps(asked))
            await client.raw()
        assert await client.until_answer() == []
        return client

    yield one
    for socket in opened:
        await socket.close()


class World:
    """A simulator and the clock it goes by."""

    def __init__(self, simulator: Simulator, clock: SimpleNamespace) -> None:
        self.simulator = simulator
        self.clock = clock

    def pass_s(self, seconds: float) -> None:
        """Let time pass and step once."""
        self.clock.ms += round(seconds * 1_000)
        self.simulator.step()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so, looking again whenever others have run."""
        loop = asyncio.get_running_loop()
        so = loop.create_future()

        def look() -> None:
            if condition():
                so.set_result(None)
            else:
                loop.call_later(0.001, look)

        look()
        await asyncio.wait_for(so, LIMIT_S)

    def trade(self, venue: str, price: str | None = None) -> None:
        """Trade bitcoin and send what follows of it."""
        if venue == "upbit":
            self.simulator.market.trade("upbit", "KRW-BTC", price)
        else:
            self.simulator.market.trade("binance", "BTCUSDT", price)
        self.simulator.step()


@pytest.fixture
def world(simulator: Simulator, clock: SimpleNamespace) -> World:
    return World(simulator, clock)


PATHS = {
    "upbit": "/upbit/v1/ticker?markets=KRW-BTC",
    "binance": "/binance/api/v3/ticker/price?symbol=BTCUSDT",
    "fx": "/fx/v1/latest?base=USD&symbols=KRW",
}


class Rest:
    """Requests that are tried once, each on a connection of its own."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def get(self, path: str) -> SimpleNamespace:
        """Return status, headers and body; raises what the connection raises."""
        timeout = aiohttp.ClientTimeout(total=LIMIT_S)
        connector = aiohttp.TCPConnector(force_close=True)
        session = aiohttp.ClientSession(timeout=timeout, connector=connector)
        # aiohttp asks a second time where a connection is reset; its own test client
        # switches that off alike.
        session._retry_connection = False
        url = self._simulator.base_url + path
        async with session, session.get(url) as response:
            return SimpleNamespace(
                status=response.status,
                headers=response.headers,
                body=await response.read(),
            )

    async def ask(self, venue: str) -> SimpleNamespace:
        """Ask a venue for a price."""
        return await self.get(PATHS[venue])


@pytest.fixture
def rest(simulator: Simulator) -> Rest:
    return Rest(simulator)
