"""The one place where ports meet adapters: the whole server, composed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette

from adapters.icon.source import HttpIconSource
from api.access import Access
from api.app import ApiDeps, create_app
from api.caller import networks
from api.persisted import PersistedDocuments
from api.probe import create_probe_app
from app.core import Core, core_workers, open_core
from app.history import History, open_history
from app.instrument import Instruments, Sources, open_instruments, server_metrics
from app.metric.access import AccessFigures
from app.metric.bus import Alone, BusFigures
from app.notice import Notice
from app.readiness import Readiness
from app.settings import Settings
from app.sharing import Sharing
from app.store import Store
from app.supervisor import Worker
from app.upstream import UpstreamFactory, Venue
from domain.ports.clock import Clock
from domain.services.cache import CacheReporter
from domain.services.catalog_service import CatalogService
from domain.services.icon_service import IconService
from domain.services.key_service import KeyService
from domain.services.latest_service import LatestService
from domain.services.premium_watch import PremiumWatch
from domain.services.replica_service import ReplicaService


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
    keys: KeyService
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
    settings: Settings,
    store: Store,
    clock: Clock,
    sharing: Sharing | None = None,
    documents: PersistedDocuments | None = None,
) -> Server:
    """Compose a server on a store that is open.

    `sharing`: with others, over a bus. `documents`: those that may be named.
    """
    instruments = open_instruments(settings, clock)
    share = 1.0 if sharing is None else sharing.share
    factory = UpstreamFactory(settings, clock, share, tracer=instruments.tracer)
    venues = (factory.upbit(), factory.binance())
    rates = [factory.rate(name) for name in settings.fx.sources]
    icon_source = HttpIconSource()
    core = open_core(
        settings, store, clock, venues, rates, instruments, icon_source, sharing
    )
    history = _history(settings, store, clock, core, venues, instruments, sharing)
    documents = documents or PersistedDocuments()
    app = _app(settings, store, clock, core, history, instruments, sharing, documents)
    workers = [
        Worker("database", store.run),
        *core_workers(core, rates, clock),
        Worker("loop_delay", instruments.delay.run),
        *history.workers,
    ]
    upstreams = (*(v.close for v in venues), *(r.http.close for r in rates))
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
            *upstreams,
            icon_source.close,
            instruments.tracing.close,
            *(() if sharing is None else (sharing.close,)),
        ],
        sharing=sharing,
        keys=core.keys,
    )


def _history(
    settings: Settings,
    store: Store,
    clock: Clock,
    core: Core,
    venues: Sequence[Venue],
    instruments: Instruments,
    sharing: Sharing | None,
) -> History:
    return open_history(
        settings,
        store,
        clock,
        core.board,
        core.catalog,
        venues,
        instruments,
        keeps=lambda: sharing is None or sharing.leads,
    )


def _app(
    settings: Settings,
    store: Store,
    clock: Clock,
    core: Core,
    history: History,
    instruments: Instruments,
    sharing: Sharing | None,
    documents: PersistedDocuments,
) -> Starlette:
    board = core.board
    sources = _sources(store, clock, core, history, instruments, sharing, documents)
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
        limits=settings.limits(),
        trusted_proxies=networks(settings.http.trusted_proxies),
        status_profile=settings.http.status_profile,
        ping_interval_s=settings.http.ping_interval_s,
        access=Access(core.keys, required=settings.auth.mode == "keys"),
        persisted=documents,
    )
    if sharing is not None and not sharing.serves:
        return create_probe_app(deps)
    return create_app(deps)


def _sources(
    store: Store,
    clock: Clock,
    core: Core,
    history: History,
    instruments: Instruments,
    sharing: Sharing | None,
    documents: PersistedDocuments,
) -> Sources:
    board = core.board
    shared = board if isinstance(board, ReplicaService) else None
    bus = BusFigures(Alone() if sharing is None else sharing, shared)
    return Sources(
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
        others=[
            *history.gatherers,
            bus.gather,
            AccessFigures(core.keys, documents).gather,
        ],
    )
