"""The composition of one ingest shared by many: bus, lock, who publishes, who follows.

Without a bus nothing of this exists: the process ingests and serves by itself.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from adapters.postgres.leader_lock import PostgresLeaderLock
from app.leading import LeaderWork
from app.settings import Settings
from app.store import CannotStart, Store
from app.supervisor import Worker
from domain.model.bus_count import BusCount
from domain.model.coin import Coin
from domain.model.error import StoreUnavailable
from domain.model.feed import DEFAULT_BOUNDS_S
from domain.model.fx import FxChain
from domain.model.health import UpstreamStatus
from domain.model.market import Exchange
from domain.model.shared_board import SharedBoard
from domain.ports.board_bus import BoardBus
from domain.ports.clock import Clock
from domain.ports.store import CoinMark, CoinRepository
from domain.ports.upstream import UpstreamReporter
from domain.services.board_follower import PREPARE_S, BoardFollower
from domain.services.board_publisher import BoardPublisher
from domain.services.bus_report import BusReport
from domain.services.leader_service import LeaderService
from domain.services.replica_service import ReplicaService

# Workers of an API replica; the others are an ingest's.
API_WORKERS: Final = frozenset(
    {"database", "board", "catalog", "recorder", "history.trail", "loop_delay", "keys"}
)
# Workers that only the leading ingest runs: they write, or ask on behalf of history.
LEADER_WORKERS: Final = frozenset(
    {"latest", "keeper", "snapshot.take", "snapshot.prove", "healer"}
)
# An ingest waits for the word of a leader no longer than this: it may have to lead.
INGEST_PATIENCE_S: Final = 1.0
# The venues' limits belong to the address. All API processes of a machine together
# take at most half of them for one-off reads; the rest is the live feed's.
API_SHARE: Final = 0.5


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    INGEST = "ingest"
    API = "api"


@dataclass(frozen=True, slots=True)
class _Parts:
    """Who follows, who publishes, who decides."""

    follower: BoardFollower
    publisher: BoardPublisher
    leader: LeaderService


@dataclass(slots=True)
class Sharing:
    """One process's part; `attach` completes it once there is a board."""

    role: Role
    bus: BoardBus
    lock: PostgresLeaderLock
    clock: Clock
    siblings: int = 1
    count: BusCount = field(default_factory=BusCount)
    _parts: "_Parts | None" = None

    @property
    def ingests(self) -> bool:
        """Whether this process watches the venues."""
        return self.role is not Role.API

    @property
    def serves(self) -> bool:
        """Whether this process answers clients, and not operators' tools only."""
        return self.role is not Role.INGEST

    @property
    def share(self) -> float:
        """Which part of the venues' limits this process may use."""
        return 1.0 if self.ingests else API_SHARE / self.siblings

    @property
    def leads(self) -> bool:
        """Whether this process leads now."""
        return self._parts is not None and self._parts.leader.leads

    @property
    def is_locked(self) -> bool:
        """Whether the lock was ours at the last look."""
        return self._parts is not None and self._parts.leader.is_locked

    @property
    def term(self) -> int:
        """The term of whom we follow, or our own; 0: none yet."""
        if self._parts is None:
            return 0
        parts = self._parts
        return parts.publisher.term if self.leads else parts.follower.term

    def board(
        self, settings: Settings, fx: FxChain, bounds_s: dict[Exchange, float]
    ) -> ReplicaService:
        """Return the board that is shared."""
        board = SharedBoard(
            fx,
            {**DEFAULT_BOUNDS_S, **bounds_s},
            silence_bound_s=settings.bus.silence_bound_s,
            max_rate_age_s=settings.fx.max_age_s,
        )
        return ReplicaService(board, self.clock)

    def coins(self, repository: CoinRepository) -> CoinRepository:
        """Return a repository that only a leader writes to."""
        return LeaderCoins(repository, lambda: self.leads)

    def attach(
        self, service: ReplicaService, own: Sequence[UpstreamReporter]
    ) -> BusReport:
        """Compose who publishes and who follows; return what reports on them."""

        def upstreams() -> tuple[UpstreamStatus, ...]:
            return tuple(s for reporter in own for s in reporter.statuses())

        parts = (self.bus, service, self.clock)
        follower = BoardFollower(*parts, self.count)
        publisher = BoardPublisher(*parts, self.count, upstreams)
        leader = LeaderService(
            self.lock, self.bus, service, publisher, self.clock, self.count
        )
        self._parts = _Parts(follower, publisher, leader)
        return BusReport(service, follower, publisher, carries=not self.ingests)

    async def prepare(self) -> None:
        """Have the leader's board before anybody asks, if there is one in time."""
        if self._parts is not None:
            patience_s = INGEST_PATIENCE_S if self.ingests else PREPARE_S
            await self._parts.follower.prepare(patience_s)

    def workers(self, workers: Collection[Worker]) -> list[Worker]:
        """Return the workers of this role."""
        if self._parts is None:
            return list(workers)
        follower, publisher = self._parts.follower, self._parts.publisher
        leader = self._parts.leader
        following = Worker("bus.follower", follower.run)
        if not self.ingests:
            return [*(w for w in workers if w.name in API_WORKERS), following]
        work = LeaderWork(leader, [w for w in workers if w.name in LEADER_WORKERS])
        return [
            *(w for w in workers if w.name not in LEADER_WORKERS),
            following,
            Worker("bus.publisher", publisher.run),
            Worker("leader", leader.run),
            Worker("leader.work", work.run),
        ]

    async def close(self) -> None:
        """Give up the lock, after the last flush, and the connection."""
        try:
            await self.lock.release()
        finally:
            await self.bus.close()


class LeaderCoins:
    """`CoinRepository` that takes nothing while another ingest leads: that one writes.

    What the venues have told meanwhile waits, each coin once, and is written by us when
    we lead.
    """

    def __init__(self, inner: CoinRepository, leads: Callable[[], bool]) -> None:
        self._inner = inner
        self._leads = leads

    async def load(self) -> Sequence[Coin]:
        """Return every coin ever known, by symbol."""
        return await self._inner.load()

    async def save(self, coins: Collection[Coin]) -> None:
        """Store coins, where we lead."""
        if not self._leads():
            raise StoreUnavailable("another ingest leads and writes")
        await self._inner.save(coins)

    async def mark(self) -> CoinMark:
        """Return how the coins stand."""
        return await self._inner.mark()

    async def set_icon_url(self, symbol: str, url: str) -> bool:
        """Store where a coin's icon is: asked for by a person, wherever that is."""
        return await self._inner.set_icon_url(symbol, url)


def open_sharing(
    settings: Settings, role: Role, store: Store, clock: Clock, siblings: int = 1
) -> Sharing | None:
    """Return this process's part; None: there is no bus, and none is needed.

    Raises:
        CannotStart: the role needs a bus and none is configured.
    """
    part = settings.bus
    if not part.url:
        if role is Role.ALL:
            return None
        raise CannotStart(
            f"--role {role.value} shares one ingest with others: set KIMP_BUS__URL, "
            "such as nats://127.0.0.1:4222"
        )
    # Only here: without a bus its package need not be installed.
    from adapters.nats.board_bus import NatsBoardBus

    count = BusCount()
    bus = NatsBoardBus(part.url, part.name, part.replicas, count)
    lock = PostgresLeaderLock(lambda: store.database.url)
    return Sharing(role, bus, lock, clock, siblings, count)
