"""The composition of `kimp verify`: it reads the database and asks the venues."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import date

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.rate_store import PostgresRateStore
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from app.past_upstream import open_past_upstream
from app.settings import Settings
from app.store import Store
from domain.model.daily_rate import DailyRate
from domain.model.identity import IdentityTable
from domain.ports.clock import Clock
from domain.ports.fx_history import RateStore
from domain.services.bar_maker import BarMaker
from domain.services.minute_evidence import MinuteEvidence
from domain.services.rate_book import RateBook
from domain.services.verify_service import VerifyService


class UnwrittenRates:
    """`RateStore` that keeps nothing: who verifies writes nothing."""

    def __init__(self, store: RateStore) -> None:
        self._store = store

    async def save(self, rates: Sequence[DailyRate]) -> None:
        """Do nothing."""

    async def load(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return what is kept."""
        return await self._store.load(from_day, to_day)


def open_verify(
    settings: Settings,
    store: Store,
    identity: IdentityTable,
    clock: Clock,
    stack: AsyncExitStack,
) -> VerifyService:
    """Compose on an open store; connections are closed by the stack."""
    upstream = open_past_upstream(settings, clock, stack)
    database = store.database
    return VerifyService(
        PostgresBarStore(database),
        PostgresBarHistory(database),
        PostgresSnapshotStore(database),
        BarMaker(*upstream.readers),
        MinuteEvidence(upstream.readers, clock),
        RateBook(
            UnwrittenRates(PostgresRateStore(database)),
            [upstream.rates.source],
            clock,
        ),
        identity,
        clock,
    )
