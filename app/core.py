"""The composition of a server's services: the domain's over their adapters."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from adapters.icon.source import HttpIconSource
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.icon_repository import PostgresIconRepository
from adapters.postgres.key_repository import PostgresKeyRepository
from adapters.postgres.latest_repository import PostgresLatestRepository
from adapters.resilience.monitor import UpstreamMonitor
from app.identity import identity_table
from app.instrument import Instruments
from app.latest_trace import traced
from app.settings import Settings
from app.sharing import Sharing
from app.skew import SkewService
from app.store import KeepReport, Store
from app.supervisor import Worker
from app.upstream import Rate, Venue
from domain.model.board import PremiumBoard
from domain.model.fallback import FallbackPolicy
from domain.model.fx import FxChain, FxSourcePlan
from domain.model.market import Exchange
from domain.ports.clock import Clock
from domain.ports.store import CoinRepository
from domain.ports.upstream import UpstreamReporter
from domain.services.board_service import BoardService
from domain.services.cache import CacheReporter
from domain.services.catalog_service import CatalogService
from domain.services.channel_router import ChannelRouter
from domain.services.fx_service import FxService
from domain.services.health_service import HealthService
from domain.services.icon_service import IconService
from domain.services.key_service import KeyService
from domain.services.latest_service import LatestService
from domain.services.market_data_service import MarketDataService
from domain.services.market_service import MarketService
from domain.services.replica_service import ReplicaService
from domain.services.window_service import WindowService


@dataclass(frozen=True, slots=True)
class Core:
    """The domain's services over their adapters."""

    board: BoardService
    catalog: CatalogService
    fx: FxService
    latest: LatestService
    icons: IconService
    markets: Sequence[MarketService]
    market_data: MarketDataService
    windows: WindowService
    health: HealthService
    keys: KeyService
    monitors: Sequence[UpstreamMonitor]
    offsets: Mapping[Exchange, Callable[[], int | None]]

    @property
    def caches(self) -> Sequence[CacheReporter]:
        """Every cache, for metrics."""
        return (self.catalog.cache, self.icons.cache, *self.market_data.caches)


def open_core(
    settings: Settings,
    store: Store,
    clock: Clock,
    venues: tuple[Venue, Venue],
    rates: Sequence[Rate],
    instruments: Instruments,
    icon_source: HttpIconSource,
    sharing: Sharing | None,
) -> Core:
    """Compose; `icon_source` and the adapters are closed by who made them."""
    board, shared = _board_service(settings, rates, clock, sharing)
    monitors = _monitors(venues, rates, sharing)
    keys = KeyService(PostgresKeyRepository(store.database), clock)
    reporters: list[UpstreamReporter] = [*monitors, keys]
    if sharing is not None and shared is not None:
        reporters.append(sharing.attach(shared, monitors))
    catalog = _catalog(settings, store, clock, venues, sharing)
    latest = LatestService(
        traced(PostgresLatestRepository(store.database), instruments.tracer),
        board,
        clock,
        lambda: catalog.unread,
    )
    kept = KeepReport(store.database, latest, lambda: store.is_migrated)
    icons = PostgresIconRepository(store.database)
    core = Core(
        board=board,
        catalog=catalog,
        fx=FxService(board, clock),
        latest=latest,
        icons=IconService(catalog, icons, icon_source, clock),
        markets=_markets(settings, clock, venues, board),
        market_data=_market_data(settings, clock, venues, board.board, catalog),
        windows=WindowService(venues[0].source, venues[1].source, board, clock),
        health=HealthService(version("kimchi-premium"), reporters, kept, clock),
        keys=keys,
        monitors=monitors,
        offsets={venue.source.exchange: venue.clock_offset_ms for venue in venues},
    )
    _introduce(core, venues)
    if shared is None:
        board.on_tick(latest.note)
    else:
        shared.on_led_tick(latest.note)
    return core


def _introduce(core: Core, venues: Sequence[Venue]) -> None:
    """Let those hear of coins and of a venue's recovery who act on them."""
    takers = (core.board.set_coins, core.windows.set_coins)
    for taker in (*takers, *(market.set_coins for market in core.markets)):
        core.catalog.on_change(taker)
    for venue, market in zip(venues, core.markets, strict=True):
        venue.recovery.wakes(market.wake)


def _monitors(
    venues: Sequence[Venue], rates: Sequence[Rate], sharing: Sharing | None
) -> list[UpstreamMonitor]:
    if sharing is not None and not sharing.ingests:
        # Who does not ingest asks nobody in a way that tells how they are.
        return []
    return [*(m for v in venues for m in v.monitors), *(r.monitor for r in rates)]


def _catalog(
    settings: Settings,
    store: Store,
    clock: Clock,
    venues: Sequence[Venue],
    sharing: Sharing | None,
) -> CatalogService:
    coins: CoinRepository = PostgresCoinRepository(store.database)
    ingests = sharing is None or sharing.ingests
    return CatalogService(
        coins if sharing is None else sharing.coins(coins),
        [venue.source for venue in venues] if ingests else [],
        identity_table(),
        clock,
        icon_url=settings.upbit.icon_url,
    )


def _markets(
    settings: Settings, clock: Clock, venues: Sequence[Venue], board: BoardService
) -> list[MarketService]:
    policies = _fallback_policies(settings)
    return [
        MarketService(v.source, v.stream, board, clock, policy)
        for v, policy in zip(venues, policies, strict=True)
    ]


def _fallback_policies(settings: Settings) -> tuple[FallbackPolicy, FallbackPolicy]:
    after_s = settings.resilience.fallback_after_s
    return (
        FallbackPolicy(settings.upbit.silence_bound_s, after_s=after_s),
        FallbackPolicy(settings.binance.silence_bound_s, after_s=after_s),
    )


def _board_service(
    settings: Settings,
    rates: Sequence[Rate],
    clock: Clock,
    sharing: Sharing | None,
) -> tuple[BoardService, ReplicaService | None]:
    """Return the board, and the same again where it is shared."""
    plans = [FxSourcePlan(r.source.name, r.source.poll_interval_s) for r in rates]
    chain = FxChain(plans, settings.fx.max_age_s)
    bounds_s = {
        Exchange.UPBIT: settings.upbit.silence_bound_s,
        Exchange.BINANCE: settings.binance.silence_bound_s,
    }
    if sharing is not None:
        shared = sharing.board(settings, chain, bounds_s)
        return shared, shared
    return BoardService(PremiumBoard(chain, bounds_s), clock), None


def _market_data(
    settings: Settings,
    clock: Clock,
    venues: Sequence[Venue],
    board: PremiumBoard,
    catalog: CatalogService,
) -> MarketDataService:
    part = settings.route
    router = ChannelRouter(
        [reader for venue in venues for reader in venue.readers],
        clock,
        random.random,
        part.policy(),
        part.patience(),
    )
    return MarketDataService(router, board, catalog.lists, clock, part.limits())


def core_workers(core: Core, rates: Sequence[Rate], clock: Clock) -> list[Worker]:
    """Return what has to run, whatever else the server does."""
    return [
        Worker("board", core.board.run),
        Worker("latest", core.latest.run),
        Worker("catalog", core.catalog.run),
        *_venue_workers(core.markets),
        Worker("window.utc", core.windows.run_utc_open),
        Worker("window.rolling", core.windows.run_price_points),
        Worker("window.sample", core.windows.run_sample),
        *(Worker(f"fx.{r.source.name}", partial(core.fx.run, r.source)) for r in rates),
        Worker("skew", SkewService(core.offsets, core.board, clock).run),
        Worker("keys", core.keys.run),
    ]


def _venue_workers(markets: Sequence[MarketService]) -> list[Worker]:
    found = []
    for market in markets:
        venue = market.exchange.lower()
        found.append(Worker(f"{venue}.stream", market.run_stream))
        found.append(Worker(f"{venue}.rest", market.run_rest))
    return found
