"""The one place where ports meet adapters."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.resources import files

from starlette.applications import Starlette

from adapters.icon.source import HttpIconSource
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.icon_repository import PostgresIconRepository
from adapters.postgres.latest_repository import PostgresLatestRepository
from adapters.resilience.monitor import UpstreamMonitor
from api.app import ApiDeps, create_app
from app.metrics import Metrics, ServerCollector
from app.notice import Notice
from app.readiness import Readiness
from app.settings import Settings
from app.skew import SkewService
from app.store import Store
from app.supervisor import Worker
from app.upstream import Rate, UpstreamFactory, Venue
from domain.model.board import PremiumBoard
from domain.model.fallback import FallbackPolicy
from domain.model.fx import FxChain, FxSourcePlan
from domain.model.identity import IdentityTable, parse_table
from domain.model.market import Exchange
from domain.ports.clock import Clock
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.fx_service import FxService
from domain.services.health_service import HealthService
from domain.services.icon_service import IconService
from domain.services.latest_service import LatestService
from domain.services.market_service import MarketService
from domain.services.premium_watch import PremiumWatch
from domain.services.window_service import WindowService


@dataclass(frozen=True, slots=True)
class Server:
    """A composed server: what serves, what works, and what is to be closed."""

    app: Starlette
    catalog: CatalogService
    latest: LatestService
    workers: Sequence[Worker]
    notice: Notice
    closers: Sequence[Callable[[], Awaitable[None]]]

    def watchers(self, url: str) -> list[Worker]:
        """Return the workers that need to know where the server listens."""
        return [Worker("notice", partial(self.notice.watch, url))]

    async def close(self) -> None:
        """Close what the adapters hold open."""
        for closer in self.closers:
            await closer()


def identity_table() -> IdentityTable:
    """Return the curated table of the package."""
    source = files("domain.model") / "identity.csv"
    return parse_table(source.read_text(encoding="utf-8"))


def build(settings: Settings, store: Store, clock: Clock) -> Server:
    """Compose a server on a store that is open."""
    factory = UpstreamFactory(settings, clock)
    venues = (factory.upbit(), factory.binance())
    rates = [factory.rate(name) for name in settings.fx.sources]
    icon_source = HttpIconSource()
    core = _core(settings, store, clock, venues, rates)
    app = _app(settings, store, clock, core, icon_source)
    https = [*(venue.http for venue in venues), *(rate.http for rate in rates)]
    return Server(
        app=app,
        catalog=core.catalog,
        latest=core.latest,
        workers=[
            Worker("database", store.run),
            *_core_workers(core),
            *(
                Worker(f"fx.{r.source.name}", partial(core.fx.run, r.source))
                for r in rates
            ),
            Worker("skew", SkewService(_offsets(venues), core.board, clock).run),
        ],
        notice=Notice(lambda: core.health.now().upstreams, core.board, clock),
        closers=[*(http.close for http in https), icon_source.close],
    )


@dataclass(frozen=True, slots=True)
class _Core:
    """The domain's services over their adapters."""

    board: BoardService
    catalog: CatalogService
    fx: FxService
    latest: LatestService
    markets: Sequence[MarketService]
    windows: WindowService
    health: HealthService
    monitors: Sequence[UpstreamMonitor]


def _core(
    settings: Settings,
    store: Store,
    clock: Clock,
    venues: tuple[Venue, Venue],
    rates: Sequence[Rate],
) -> _Core:
    board = BoardService(_board(settings, rates), clock)
    monitors = [*(m for v in venues for m in v.monitors), *(r.monitor for r in rates)]
    core = _Core(
        board=board,
        catalog=CatalogService(
            PostgresCoinRepository(store.database),
            [venue.source for venue in venues],
            identity_table(),
            clock,
            icon_url=settings.upbit.icon_url,
        ),
        fx=FxService(board, clock),
        latest=LatestService(PostgresLatestRepository(store.database), board, clock),
        markets=[
            MarketService(v.source, v.stream, board, clock, policy)
            for v, policy in zip(venues, _fallback_policies(settings), strict=True)
        ],
        windows=WindowService(venues[0].source, venues[1].source, board, clock),
        health=HealthService(
            version("kimchi-premium"), monitors, store.database, clock
        ),
        monitors=monitors,
    )
    takers = (board.set_coins, core.windows.set_coins)
    for taker in (*takers, *(market.set_coins for market in core.markets)):
        core.catalog.on_change(taker)
    board.on_tick(core.latest.note)
    return core


def _app(
    settings: Settings,
    store: Store,
    clock: Clock,
    core: _Core,
    icon_source: HttpIconSource,
) -> Starlette:
    board = core.board
    icons = PostgresIconRepository(store.database)
    collector = ServerCollector(
        core.health,
        board,
        core.fx,
        clock,
        lambda: {monitor.name: monitor.rejects for monitor in core.monitors},
    )
    return create_app(
        ApiDeps(
            board=board,
            watch=PremiumWatch(board, clock),
            catalog=core.catalog,
            health=core.health,
            icons=IconService(core.catalog, icons, icon_source, clock),
            clock=clock,
            readiness=Readiness(
                lambda: store.is_migrated, lambda: bool(board.board.premiums()), clock
            ),
            metrics=Metrics(collector).text,
            allowed_origins=settings.http.allowed_origins,
            graphiql=settings.http.graphiql,
        )
    )


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


def _board(settings: Settings, rates: Sequence[Rate]) -> PremiumBoard:
    plans = [FxSourcePlan(r.source.name, r.source.poll_interval_s) for r in rates]
    return PremiumBoard(
        FxChain(plans, settings.fx.max_age_s),
        {
            Exchange.UPBIT: settings.upbit.silence_bound_s,
            Exchange.BINANCE: settings.binance.silence_bound_s,
        },
    )


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
