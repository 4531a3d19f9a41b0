"""A small market behind the real application, over a real socket."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from adapters.memory.clock import FakeClock
from adapters.memory.store import (
    MemoryCoinRepository,
    MemoryIconRepository,
    MemoryIconSource,
    MemoryStore,
)
from adapters.memory.upstream import MemoryDatabase, MemoryUpstream
from api.app import ApiDeps, create_app
from api.context import ApiContext
from api.schema import api_schema
from app.http_protocol import http_protocol
from app.socket_protocol import socket_protocol
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedDown, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.identity import IdentityTable
from domain.model.market import Channel, Exchange, MarketWarning
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.health_service import HealthService
from domain.services.icon_service import IconService
from domain.services.premium_watch import PremiumWatch

LIMIT_S = 10.0
ICON_URL = "https://static.example/btc.png"
PRICES = {
    "KRW-BTC": "52000000",
    "BTCUSDT": "40000",
    "KRW-ETH": "2600000",
    "ETHUSDT": "1990.5",
    "KRW-SATS": "0.00048",
    "1000SATSUSDT": "0.0004",
    "KRW-USDT": "1310",
    "KRW-LUNA": "100",
}


def _upbit(symbol: str, **more: Any) -> Listing:
    return Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True, **more)


def _binance(symbol: str, **more: Any) -> Listing:
    return Listing(
        Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True, **more
    )


def _coins() -> list[Coin]:
    gone = datetime(2025, 12, 1, tzinfo=UTC)
    warned = (MarketWarning.INVESTMENT_WARNING,)
    sats = replace(
        _binance("1000SATS"), base_symbol="1000SATS", multiplier=Decimal(1000)
    )
    return [
        Coin("BTC", "비트코인", "Bitcoin", (_upbit("BTC"), _binance("BTC")), ICON_URL),
        Coin("ETH", "이더리움", "Ethereum", (_upbit("ETH"), _binance("ETH"))),
        Coin("SATS", "사토시", "Sats", (_upbit("SATS"), sats)),
        Coin("USDT", "테더", "Tether", (_upbit("USDT"),)),
        Coin(
            "LUNA",
            "루나",
            "Luna",
            (_upbit("LUNA", warnings=warned, since=gone), _binance("LUNA")),
        ),
        Coin("币安人生", "바이낸스인생", "Binance Life", (_upbit("币安人生"),)),
        Coin("OLD", "옛날코인", "Old", (_upbit("OLD", until=gone, tradable=False),)),
    ]


class ReadyWhen:
    """Readiness that is set by hand."""

    def __init__(self) -> None:
        self.board = True

    def checks(self) -> Mapping[str, bool]:
        return {"migrations": True, "board": self.board}

    def is_ready(self) -> bool:
        return self.board


@dataclass
class World:
    """The services, what they are told, and the API over them."""

    clock: FakeClock
    board: BoardService
    catalog: CatalogService
    upstream: MemoryUpstream
    pictures: MemoryIconSource
    readiness: ReadyWhen
    deps: ApiDeps

    def trade(self, market: str, price: str, **more: Any) -> None:
        """Let a price reach the board by the venue's stream."""
        exchange = Exchange.UPBIT if market.startswith("KRW-") else Exchange.BINANCE
        update = QuoteUpdate(market, Decimal(price), self.clock.now_ms(), **more)
        self.board.observe(
            FeedBatch(
                exchange,
                Channel.WEBSOCKET,
                self.clock.now_ms(),
                self.clock.monotonic(),
                (update,),
            )
        )

    def open(self, exchange: Exchange) -> None:
        """Bring a venue's stream up."""
        self.board.observe(FeedUp(exchange, Channel.WEBSOCKET, self.clock.monotonic()))

    def cut(self, exchange: Exchange) -> None:
        """Cut a venue's stream and publish what follows."""
        self.board.observe(
            FeedDown(exchange, Channel.WEBSOCKET, self.clock.monotonic(), "cut")
        )
        self.board.tick()

    def publish(self, **prices: str) -> None:
        """Let won prices reach the board, and tick."""
        for symbol, price in prices.items():
            self.trade(f"KRW-{symbol}", price)
        self.board.tick()

    async def execute(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return data, errors and extensions, without any transport."""
        result = await api_schema().execute(
            query, context_value=ApiContext(self.deps), variable_values=variables
        )
        errors = [error.formatted for error in result.errors or ()]
        return {
            "data": result.data,
            "errors": errors,
            "extensions": result.extensions,
        }

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a query that has no errors."""
        answer = await self.execute(query, **variables)
        assert not answer["errors"], answer["errors"]
        found: dict[str, Any] = answer["data"]
        return found

    async def event(self, stream: Any) -> Any:
        """Return the next result of a stream, soon."""
        async with asyncio.timeout(LIMIT_S):
            return await anext(stream)

    async def stream(self, query: str, **variables: Any) -> Any:
        """Return the stream of results, without any transport."""
        return await api_schema().stream(
            query, context_value=ApiContext(self.deps), variable_values=variables
        )


@pytest.fixture
async def world() -> World:
    """Both venues live, a rate, and prices of most coins; one tick is published."""
    clock = FakeClock()
    board = BoardService(PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)])), clock)
    store = MemoryStore(coins={coin.symbol: coin for coin in _coins()})
    catalog = CatalogService(MemoryCoinRepository(store), [], IdentityTable([]), clock)
    catalog.on_change(board.set_coins)
    await catalog.load()
    upstream = MemoryUpstream(
        UpstreamStatus(
            "upbit.stream",
            ServiceStatus.HEALTHY,
            Channel.WEBSOCKET,
            connected_since_ms=clock.now_ms(),
            last_success_ms=clock.now_ms(),
            messages_per_second=12.5,
            latency_ms_p50=3.25,
        )
    )
    health = HealthService("9.9.9", [upstream], MemoryDatabase(), clock)
    pictures = MemoryIconSource()
    icons = IconService(catalog, MemoryIconRepository(store), pictures, clock)
    readiness = ReadyWhen()
    deps = ApiDeps(
        board=board,
        watch=PremiumWatch(board, clock),
        catalog=catalog,
        health=health,
        icons=icons,
        clock=clock,
        readiness=readiness,
        metrics=lambda: b"kimp_ticks_total 1.0\n",
    )
    made = World(clock, board, catalog, upstream, pictures, readiness, deps)
    for exchange in Exchange:
        made.open(exchange)
    board.answer_rate(FxQuote("dunamu", Decimal(1300), clock.now_ms()))
    for market, price in PRICES.items():
        made.trade(market, price)
    board.tick()
    return made


@dataclass
class Site:
    """A running server and a client of it."""

    url: str
    http: aiohttp.ClientSession

    async def post(self, body: Any, **headers: str) -> tuple[int, Any, Any]:
        """Return status, headers and decoded body of a POST to /graphql."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **_named(headers)}
        async with self.http.post(f"{self.url}/graphql", data=data, headers=sent) as r:
            return r.status, r.headers, await r.json(content_type=None)

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the answer to a query."""
        body = {"query": document, "variables": variables}
        status, _, answer = await self.post(body)
        assert status == 200, answer
        found: dict[str, Any] = answer
        return found

    async def get(self, path: str, **headers: str) -> tuple[int, Any, bytes]:
        """Return status, headers and body of a GET."""
        sent = _named(headers)
        async with self.http.get(f"{self.url}{path}", headers=sent) as response:
            return response.status, response.headers, await response.read()

    @asynccontextmanager
    async def dial(self, **more: Any) -> AsyncIterator[ClientConnection]:
        """Open a socket; nothing has been said on it."""
        url = self.url.replace("http", "ws", 1) + "/graphql"
        more.setdefault("subprotocols", ["graphql-transport-ws"])
        async with connect(url, **more) as connection:
            yield connection

    @asynccontextmanager
    async def talk(self, **more: Any) -> AsyncIterator["Talk"]:
        """Open a socket and exchange the first messages."""
        async with self.dial(**more) as connection:
            talk = Talk(connection)
            await talk.say(type="connection_init")
            assert await talk.hear() == {"type": "connection_ack"}
            yield talk


@dataclass
class Talk:
    """A conversation in graphql-transport-ws."""

    connection: ClientConnection

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        message: dict[str, Any] = json.loads(await self.connection.recv(decode=True))
        return message

    async def subscribe(self, name: str, query: str, **variables: Any) -> None:
        """Start an operation."""
        payload = {"query": query, "variables": variables}
        await self.say(type="subscribe", id=name, payload=payload)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@asynccontextmanager
async def serve(deps: ApiDeps) -> AsyncIterator[Site]:
    """Run the application on a free port."""
    # In a thread: it looks for the folder of the page's files.
    app = await asyncio.to_thread(create_app, deps)
    config = uvicorn.Config(
        app,
        lifespan="off",
        http=http_protocol(app.state.graphql.exchange),
        ws=socket_protocol(app.state.graphql.converse, app.state.graphql.may_talk),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    async with running(uvicorn.Server(config)) as site:
        yield site


@asynccontextmanager
async def running(server: uvicorn.Server) -> AsyncIterator[Site]:
    """Run a server on a free port."""
    # The protocol is named: asyncio switches Nagle's algorithm off for TCP only.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    port = listener.getsockname()[1]
    try:
        async with asyncio.timeout(LIMIT_S), aiohttp.ClientSession() as http:
            yield Site(f"http://127.0.0.1:{port}", http)
    finally:
        await server.shutdown(sockets=[listener])


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    """The application over the world."""
    async with serve(world.deps) as found:
        yield found


@pytest.fixture
def serving() -> Callable[..., Any]:
    """Return the starter of servers with other dependencies."""
    return serve
