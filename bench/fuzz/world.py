"""The real application over services that live in memory, on a clock that stands."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import shake_256
from typing import Final

from starlette.applications import Starlette

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.clock import FakeClock
from adapters.memory.key_repository import MemoryKeyRepository
from adapters.memory.market_reader import MemoryMarketReader
from adapters.memory.snapshot_store import MemorySnapshotStore
from adapters.memory.store import (
    MemoryCoinRepository,
    MemoryIconRepository,
    MemoryIconSource,
    MemoryStore,
)
from adapters.memory.upstream import MemoryDatabase, MemoryUpstream
from api.access import Access
from api.app import ApiDeps, create_app
from api.caller import networks
from api.endpoint import GraphQLEndpoint
from api.limit import Limits
from api.persisted import Mode, PersistedDocuments
from api.status import StatusProfile
from bench.fuzz.corpus import examples
from bench.fuzz.past import fill_past
from domain.model.access import ApiKey, KeyLimits, new_key
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedBatch, FeedDown, FeedUp, QuoteUpdate
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.identity import IdentityTable
from domain.model.market import Channel, Exchange
from domain.model.route import RoutePolicy
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.channel_race import Patience
from domain.services.channel_router import ChannelRouter
from domain.services.day_trail import DayTrail
from domain.services.health_service import HealthService
from domain.services.history_service import HistoryService
from domain.services.icon_service import IconService
from domain.services.key_service import KeyService
from domain.services.market_data_service import MarketDataService
from domain.services.premium_watch import PremiumWatch

WORLDS: Final = ("open", "strict", "closed")
"""`open` has the defaults; `strict` another status profile, small limits, allowed
origins, trusted proxies and keys that are honoured; `closed` demands a key and takes
trusted documents only."""

PRICES: Final = {"BTC": "40000", "ETH": "1990.5", "SATS": "0.0000004", "USDT": "1"}
_NAMES: Final = {"BTC": "비트코인", "ETH": "이더리움", "SATS": "사토시", "USDT": "테더"}


class Ready:
    """A server that is ready."""

    def checks(self) -> dict[str, bool]:
        """See `Readiness`."""
        return {"migrations": True, "board": True}

    def is_ready(self) -> bool:
        """See `Readiness`."""
        return True


@dataclass
class World:
    """One application with what it stands on; `token` is a key that it knows."""

    name: str
    clock: FakeClock
    board: BoardService
    deps: ApiDeps
    app: Starlette
    token: str
    history: HistoryService
    venues: MarketDataService

    @property
    def graphql(self) -> GraphQLEndpoint:
        """What answers `/graphql`."""
        found: GraphQLEndpoint = self.app.state.graphql
        return found

    async def move(self, seconds: float, step: int) -> None:
        """Let time pass, change some prices, and publish."""
        await self.clock.advance(seconds)
        if step % 50 == 7:
            cut = FeedDown(
                Exchange.BINANCE, Channel.WEBSOCKET, self.clock.monotonic(), "cut"
            )
            self.board.observe(cut)
            open_feeds(self.board, self.clock)
        rate = Decimal(1300) + step % 7
        self.board.answer_rate(FxQuote("dunamu", rate, self.clock.now_ms()))
        trade(self.board, self.clock, list(PRICES)[: 1 + step % len(PRICES)], step)
        self.board.tick()
        await self.clock.settle()

    async def close(self) -> None:
        """Let go of what the services hold."""
        await self.history.close()
        await self.venues.close()


def open_feeds(board: BoardService, clock: FakeClock) -> None:
    """Bring both venues' streams up."""
    for exchange in Exchange:
        board.observe(FeedUp(exchange, Channel.WEBSOCKET, clock.monotonic()))


def trade(
    board: BoardService, clock: FakeClock, symbols: Sequence[str], step: int
) -> None:
    """Let new prices of some coins reach the board."""
    for exchange in Exchange:
        rate = Decimal(1310) if exchange is Exchange.UPBIT else Decimal(1)
        updates = [
            QuoteUpdate(
                _market(exchange, symbol),
                Decimal(PRICES[symbol]) * rate * (1000 + step % 9) / 1000,
                clock.now_ms(),
            )
            for symbol in symbols
        ]
        board.observe(
            FeedBatch(
                exchange,
                Channel.WEBSOCKET,
                clock.now_ms(),
                clock.monotonic(),
                tuple(updates),
            )
        )


def _market(exchange: Exchange, symbol: str) -> str:
    return f"KRW-{symbol}" if exchange is Exchange.UPBIT else f"{symbol}USDT"


def _coins() -> list[Coin]:
    found = [Coin(s, _NAMES[s], s.title(), tuple(_listings(s))) for s in PRICES]
    only = Listing(Exchange.UPBIT, "KRW-币安人生", "币安人生", "KRW", curated=True)
    return [*found, Coin("币安人生", "바이낸스인생", "Binance Life", (only,))]


def _listings(symbol: str) -> list[Listing]:
    quotes = {Exchange.UPBIT: "KRW", Exchange.BINANCE: "USDT"}
    return [
        Listing(exchange, _market(exchange, symbol), symbol, quote, curated=True)
        for exchange, quote in quotes.items()
    ]


async def open_world(name: str) -> World:
    """Return one of `WORLDS`, both venues live."""
    clock = FakeClock()
    board = BoardService(PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)])), clock)
    store = MemoryStore(coins={coin.symbol: coin for coin in _coins()})
    catalog = CatalogService(MemoryCoinRepository(store), [], IdentityTable([]), clock)
    catalog.on_change(board.set_coins)
    await catalog.load()
    icons = IconService(catalog, MemoryIconRepository(store), MemoryIconSource(), clock)
    keys = KeyService(MemoryKeyRepository(store), clock)
    token = await _new_key(store, keys)
    history, venues = _history(clock), _venues(clock, board)
    open_feeds(board, clock)
    board.answer_rate(FxQuote("dunamu", Decimal(1300), clock.now_ms()))
    trade(board, clock, list(PRICES), 0)
    board.tick()
    upstream = UpstreamStatus("upbit.stream", ServiceStatus.HEALTHY, Channel.WEBSOCKET)
    health = HealthService("0", [MemoryUpstream(upstream)], MemoryDatabase(), clock)
    deps = ApiDeps(
        board=board,
        watch=PremiumWatch(board, clock),
        catalog=catalog,
        health=health,
        icons=icons,
        clock=clock,
        readiness=Ready(),
        metrics=lambda: b"kimp_ticks_total 1.0\n",
        market_data=venues,
        history=history,
    )
    # In a thread: files are read.
    deps = await asyncio.to_thread(_settled, name, deps, keys)
    app = await asyncio.to_thread(create_app, deps)
    return World(name, clock, board, deps, app, token, history, venues)


def _settled(name: str, deps: ApiDeps, keys: KeyService) -> ApiDeps:
    """Return the dependencies with a world's settings."""
    if name == "strict":
        limits = Limits(
            body_bytes=4096, tokens=200, depth=6, aliases=5, rate=50_000, burst=100_000,
            operations=3, list_size=500, suggestions=True, introspection=False,
        )  # fmt: skip
        return replace(
            deps,
            limits=limits,
            access=Access(keys),
            allowed_origins=("https://example.com",),
            trusted_proxies=networks(("10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32")),
            status_profile=StatusProfile.DRAFT_2026,
            ping_interval_s=20.0,
            graphiql=False,
        )
    if name == "closed":
        manifest = {f"d{place}": text for place, text in enumerate(examples())}
        documents = PersistedDocuments(Mode.ONLY, {**manifest, "board": examples()[0]})
        access = Access(keys, required=True)
        return replace(deps, access=access, persisted=documents)
    return deps


async def _new_key(store: MemoryStore, keys: KeyService) -> str:
    found = new_key(shake_256(b"fuzz").digest(42))
    key = ApiKey(found.id, "fuzz", found.digest, limits=KeyLimits(sockets=50))
    await MemoryKeyRepository(store).add(key)
    await keys.look()
    return found.token


def _history(clock: FakeClock) -> HistoryService:
    bars, snapshots = MemoryBarHistory(), MemorySnapshotStore()
    fill_past(bars, snapshots, clock.now_ms())
    return HistoryService(bars, snapshots, DayTrail(bars, clock), clock)


def _venues(clock: FakeClock, board: BoardService) -> MarketDataService:
    readers = [
        MemoryMarketReader(exchange, channel, clock)
        for exchange in Exchange
        for channel in (Channel.REST, Channel.WEBSOCKET)
    ]
    for reader in readers:
        market = _market(reader.exchange, "ETH")
        price = QuoteUpdate(market, Decimal(1), clock.now_ms())
        reader.set_ticker(price)
    router = ChannelRouter(readers, clock, lambda: 0.0, RoutePolicy(), Patience())
    listed = {(e, _market(e, symbol)) for e in Exchange for symbol in PRICES}
    return MarketDataService(
        router, board.board, lambda key: (key.exchange, key.market) in listed, clock
    )
