"""The one place where ports meet adapters."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from starlette.applications import Starlette

from adapters.icon.source import HttpIconSource
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.icon_repository import PostgresIconRepository
from adapters.postgres.latest_repository import PostgresLatestRepository
from adapters.resilience.monitor import UpstreamMonitor
from api.app import ApiDeps, create_app
from api.probe import create_probe_app
from app.history import History, open_history
from app.identity import identity_table as identity_table
from app.instrument import Instruments, Sources, open_instruments, server_metrics
from app.latest_trace import traced
from app.metric.bus import Alone, BusFigures
from app.notice import Notice
from app.readiness import Readiness
from app.settings import Settings
from app.sharing import Sharing
from app.skew import SkewService
from app.store import KeepReport, Store
from app.supervisor import Worker
from app.upstream import Rate, UpstreamFactory, Venue
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
from domain.services.latest_service import LatestService
from domain.services.market_data_service import MarketDataService
from domain.services.market_service import MarketService
from domain.services.premium_watch import PremiumWatch
from domain.services.replica_service import ReplicaService
from domain.services.window_service import WindowService


@dataclass(frozen=True, slots=True)
class Server:
    """A composed server: what serves, what works, and what is to be closed."""

    app: Starlette
    catalog: CatalogService
    latest: LatestService
    history: History
    icons: IconService
    caches: Sequence[CacheReporter]
    workers: Sequence[Worker]
    notice: Notice
    closers: Sequence[Callable[[], Awaitable[None]]]
    sharing: Sharing | None = None

    @property
    def records(self) -> bool:
        """Whether what is published here is ours to keep."""
        return self.sharing is None or self.sharing.leads

    def watchers(self, url: str) -> list[Worker]:
        """Return the workers that need to know where the server listens."""
        return [Worker("notice", partial(self.notice.watch, url))]

    async def close(self) -> None:
        """Close what the adapters hold open."""
        for closer in self.closers:
            await closer()


def build(
    settings: Settings, store: Store, clock: Clock, sharing: Sharing | None = None
) -> Server:
    """Compose a server on a store that is open; `sharing`: with others, over a bus."""
    instruments = open_instruments(settings, clock)
    share = 1.0 if sharing is None else sharing.share
    factory = UpstreamFactory(settings, clock, share, tracer=instruments.tracer)
    venues = (factory.upbit(), factory.binance())
    rates = [factory.rate(name) for name in settings.fx.sources]
    icon_source = HttpIconSource()
    core = _core(
        settings, store, clock, venues, rates, instruments, icon_source, sharing
    )
    history = open_history(
        settings,
        store,
        clock,
        core.board,
        core.catalog,
        venues,
        instruments,
        keeps=lambda: sharing is None or sharing.leads,
    )
    app = _app(settings, store, clock, core, history, instruments, sharing)
    workers = [
        Worker("database", store.run),
        *_core_workers(core),
        *(Worker(f"fx.{r.source.name}", partial(core.fx.run, r.source)) for r in rates),
        Worker("skew", SkewService(core.offsets, core.board, clock).run),
        Worker("loop_delay", instruments.delay.run),
        *history.workers,
    ]
    return Server(
        app=app,
        catalog=core.catalog,
        latest=core.latest,
        history=history,
        icons=core.icons,
        caches=core.caches,
        workers=workers if sharing is None else sharing.workers(workers),
        notice=Notice(lambda: core.health.now().upstreams, core.board, clock),
        closers=[
            history.close,
            core.market_data.close,
            *(venue.close for venue in venues),
            *(rate.http.close for rate in rates),
            icon_source.close,
            instruments.tracing.close,
            *([] if sharing is None else [sharing.close]),
        ],
        sharing=sharing,
    )


@dataclass(frozen=True, slots=True)
class _Core:
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
    monitors: Sequence[UpstreamMonitor]
    offsets: Mapping[Exchange, Callable[[], int | None]]

    @property
    def caches(self) -> Sequence[CacheReporter]:
        """Every cache, for metrics."""
        return (self.catalog.cache, self.icons.cache, *self.market_data.caches)


def _core(
    settings: Settings,
    store: Store,
    clock: Clock,
    venues: tuple[Venue, Venue],
    rates: Sequence[Rate],
    instruments: Instruments,
    icon_source: HttpIconSource,
    sharing: Sharing | None,
) -> _Core:
    board, shared = _board_service(settings, rates, clock, sharing)
    icons = PostgresIconRepository(store.database)
    ingests = sharing is None or sharing.ingests
    # Who does not ingest asks nobody in a way that tells how they are.
    monitors = [*(m for v in venues for m in v.monitors), *(r.monitor for r in rates)]
    monitors = monitors if ingests else []
    reporters: list[UpstreamReporter] = [*monitors]
    if sharing is not None and shared is not None:
        reporters.append(sharing.attach(shared, monitors))
    coins: CoinRepository = PostgresCoinRepository(store.database)
    catalog = CatalogService(
        coins if sharing is None else sharing.coins(coins),
        [venue.source for venue in venues] if ingests else [],
        identity_table(),
        clock,
        icon_url=settings.upbit.icon_url,
    )
    latest = LatestService(
        traced(PostgresLatestRepository(store.database), instruments.tracer),
        board,
        clock,
        lambda: catalog.unread,
    )
    core = _Core(
        board=board,
        catalog=catalog,
        fx=FxService(board, clock),
        latest=latest,
        icons=IconService(catalog, icons, icon_source, clock),
        markets=[
            MarketService(v.source, v.stream, board, clock, policy)
            for v, policy in zip(venues, _fallback_policies(settings), strict=True)
        ],
        market_data=_market_data(settings, clock, venues, board.board, catalog),
        windows=WindowService(venues[0].source, venues[1].source, board, clock),
        health=HealthService(
            version("kimchi-premium"),
            reporters,
            KeepReport(store.database, latest),
            clock,
        ),
        monitors=monitors,
        offsets=_offsets(venues),
    )
    takers = (board.set_coins, core.windows.set_coins)
    for taker in (*takers, *(market.set_coins for market in core.markets)):
        core.catalog.on_change(taker)
    for venue, market in zip(venues, core.markets, strict=True):
        venue.recovery.wakes(market.wake)
    if shared is None:
        board.on_tick(core.latest.note)
    else:
        shared.on_led_tick(core.latest.note)
    return core


def _app(
    settings: Settings,
    store: Store,
    clock: Clock,
    core: _Core,
    history: History,
    instruments: Instruments,
    sharing: Sharing | None,
) -> Starlette:
    board = core.board
    shared = board if isinstance(board, ReplicaService) else None
    bus = BusFigures(Alone() if sharing is None else sharing, shared)
    sources = Sources(
        instruments=instruments,
        health=core.health,
        board=board,
        fx=core.fx,
        monitors=core.monitors,
        markets=core.markets,
        offsets=core.offsets,
        database=store.database,
        latest=core.latest,
        clock=clock,
        caches=(*core.caches, *history.past.service.caches),
        routes=lambda: core.market_data.stats,
        history=[*history.gatherers, bus.gather],
    )
    deps = ApiDeps(
        board=board,
        watch=PremiumWatch(board, clock),
        catalog=core.catalog,
        health=core.health,
        icons=core.icons,
        clock=clock,
        readiness=Readiness(
            lambda: store.is_migrated, lambda: bool(board.board.premiums()), clock
        ),
        metrics=server_metrics(sources).text,
        traffic=instruments.traffic,
        market_data=core.market_data,
        history=history.past.service,
        tracer=instruments.tracer,
        allowed_origins=settings.http.allowed_origins,
        graphiql=settings.http.graphiql,
    )
    if sharing is not None and not sharing.serves:
        return create_probe_app(deps)
    return create_app(deps)


def _core_workers(core: _Core) -> list[Worker]:
    return [
        Worker("board", core.board.run),
        Worker("latest", core.latest.run),
        Worker("catalog", core.catalog.run),
        *_venue_workers(core.markets),
        Worker("window.utc", core.windows.run_utc_open),
        Worker("window.rolling", core.windows.run_price_points),
        Worker("window.sample", core.windows.run_sample),
    ]


def _rate_workers(core: _Core, rates: Sequence[Rate]) -> list[Worker]:
    return [
        Worker(f"fx.{rate.source.name}", partial(core.fx.run, rate.source))
        for rate in rates
    ]


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


def _fallback_policies(settings: Settings) -> tuple[FallbackPolicy, FallbackPolicy]:
    after_s = settings.resilience.fallback_after_s
    return (
        FallbackPolicy(settings.upbit.silence_bound_s, after_s=after_s),
        FallbackPolicy(settings.binance.silence_bound_s, after_s=after_s),
    )


def _offsets(venues: Sequence[Venue]) -> dict[Exchange, Callable[[], int | None]]:
    return {
        venue.source.exchange: partial(getattr, venue.http, "clock_offset_ms")
        for venue in venues
    }


def _venue_workers(markets: Sequence[MarketService]) -> list[Worker]:
    found = []
    for market in markets:
        venue = market.exchange.lower()
        found.append(Worker(f"{venue}.stream", market.run_stream))
        found.append(Worker(f"{venue}.rest", market.run_rest))
    return found
