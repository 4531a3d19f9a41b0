"""What the API needs of the rest, handed in once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from api.access import Access
from api.caller import Network
from api.guard import Guard
from api.limit import Limits
from api.persisted import PersistedDocuments
from api.status import StatusProfile
from api.traffic import Traffic
from domain.ports.clock import Clock
from domain.ports.store import Icon
from domain.ports.tracer import NO_TRACER, Tracer
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.health_service import HealthService
from domain.services.history_service import HistoryService
from domain.services.market_data_service import MarketDataService
from domain.services.premium_watch import PremiumWatch


class Icons(Protocol):
    """Fetched pictures of coins."""

    async def icon(self, symbol: str) -> Icon | None:
        """Return the picture of a coin, None where none is had; never raises."""
        ...


class Readiness(Protocol):
    """Whether requests may be sent here."""

    def checks(self) -> Mapping[str, bool]:
        """Return what is waited for, and whether it is there."""
        ...

    def is_ready(self) -> bool:
        """Whether the server may be sent requests."""
        ...


@dataclass(frozen=True, slots=True)
class ApiDeps:
    """The domain's services and the settings of the API.

    `metrics` returns Prometheus text. `allowed_origins`: sites whose pages may call
    (`https://example.com`), `*` is every site. `graphiql`: serve the page. `traffic`
    counts what is asked. `market_data`: None where no venue can be read; such
    questions are answered with UPSTREAM_UNAVAILABLE. `history`: None where nothing is
    kept, likewise. `limits` bound what may be asked, `guard` keeps the budgets of
    callers; `trusted_proxies` are believed when they say who asks. `access` knows the
    API keys, `persisted` the documents that are named instead of sent.
    `status_profile` says which HTTP statuses answers have.
    `ping_interval_s`: a WebSocket silent for so long is sent `ping`; 0: never.
    """

    board: BoardService
    watch: PremiumWatch
    catalog: CatalogService
    health: HealthService
    icons: Icons
    clock: Clock
    readiness: Readiness
    metrics: Callable[[], bytes]
    allowed_origins: Sequence[str] = ()
    graphiql: bool = True
    traffic: Traffic = field(default_factory=Traffic)
    market_data: MarketDataService | None = None
    history: HistoryService | None = None
    tracer: Tracer = NO_TRACER
    limits: Limits = field(default_factory=Limits)
    trusted_proxies: Sequence[Network] = ()
    access: Access = field(default_factory=Access)
    persisted: PersistedDocuments = field(default_factory=PersistedDocuments)
    status_profile: StatusProfile = StatusProfile.AUDITS
    ping_interval_s: float = 0.0
    guard: Guard = field(init=False)

    def __post_init__(self) -> None:
        """Make the guard of these limits."""
        object.__setattr__(self, "guard", Guard(self.limits))
