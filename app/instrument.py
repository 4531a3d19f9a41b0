"""What looks on while the server works: request figures, loop delay, traces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from api.traffic import Traffic
from app.metric.board import BoardFigures, RefusedRates
from app.metric.cache import CacheFigures
from app.metric.database import DatabaseFigures, DatabaseReporter, Writer
from app.metric.fallback import FallbackFigures, FallbackReporter
from app.metric.registry import Gather, Metrics
from app.metric.route import RouteFigures
from app.metric.runtime import LoopDelay, RuntimeFigures
from app.metric.traffic import TrafficFigures
from app.metric.upstream import Monitored, UpstreamFigures
from app.settings import Settings
from app.tracing import Tracing, open_tracing
from domain.model.market import Exchange
from domain.ports.clock import Clock
from domain.ports.tracer import Tracer
from domain.services.board_service import BoardService
from domain.services.cache import CacheReporter
from domain.services.channel_router import RouteStats
from domain.services.health_service import HealthService


@dataclass(frozen=True, slots=True)
class Instruments:
    """One server's own observers."""

    delay: LoopDelay
    tracing: Tracing
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def tracer(self) -> Tracer:
        """Where spans go."""
        return self.tracing.tracer


def open_instruments(settings: Settings, clock: Clock) -> Instruments:
    """Return the observers; `tracing` is to be closed."""
    return Instruments(LoopDelay(clock), open_tracing(settings.otel))


@dataclass(frozen=True, slots=True)
class Sources:
    """Whom the metrics are asked from."""

    instruments: Instruments
    health: HealthService
    board: BoardService
    fx: RefusedRates
    monitors: Sequence[Monitored]
    markets: Sequence[FallbackReporter]
    offsets: Mapping[Exchange, Callable[[], int | None]]
    database: DatabaseReporter
    latest: Writer
    clock: Clock
    caches: Sequence[CacheReporter] = ()
    routes: Callable[[], RouteStats] = RouteStats
    others: Sequence[Gather] = ()


def server_metrics(sources: Sources) -> Metrics:
    """Return the metrics of a composed server."""
    clock, health = sources.clock, sources.health.now
    began = health()
    return Metrics(
        [
            BoardFigures(sources.board, sources.fx, clock).gather,
            UpstreamFigures(health, sources.monitors, sources.offsets, clock).gather,
            FallbackFigures(sources.markets).gather,
            TrafficFigures(sources.instruments.traffic).gather,
            RouteFigures(sources.routes).gather,
            DatabaseFigures(sources.database, sources.latest).gather,
            CacheFigures(sources.caches).gather,
            *sources.others,
            RuntimeFigures(
                began.version, began.started_at_ms, sources.instruments.delay, clock
            ).gather,
        ]
    )
