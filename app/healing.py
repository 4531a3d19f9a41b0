"""The composition of what heals gaps among minutes, in a running server.

It asks by the server's own REST readers, one span at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.candle_archive import PostgresCandleArchive
from app.identity import identity_table
from app.settings import Settings
from app.store import Store
from app.supervisor import Worker
from app.upstream import Venue
from domain.model.gap_count import GapCount
from domain.ports.clock import Clock
from domain.services.bar_filler import BarFiller
from domain.services.bar_maker import BarMaker
from domain.services.bar_writer import BarWriter
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.gap_service import GapService, GapView
from domain.services.rate_book import RateCalendars


@dataclass(frozen=True, slots=True)
class Healing:
    """What heals gaps, if they are not left alone, and what it has done."""

    workers: Sequence[Worker] = ()
    count: GapCount = field(default_factory=GapCount)


def open_healing(
    settings: Settings,
    store: Store,
    clock: Clock,
    board: BoardService,
    catalog: CatalogService,
    venues: Sequence[Venue],
    rates: RateCalendars,
    writer: BarWriter,
) -> Healing:
    """Compose; `venues` are Upbit and Binance, `writer` what brings live minutes."""
    days = settings.history.heal_days
    if not days:
        return Healing()
    bars = PostgresBarStore(store.database)
    archive = PostgresCandleArchive(store.database)
    upbit, binance = venues
    maker = BarMaker(upbit.rest, binance.rest)
    filler = BarFiller(maker, bars, archive, rates)
    view = GapView(
        catalog.coins,
        identity_table(),
        board.board.guard.is_unsure,
        lambda: not store.is_migrated or writer.waiting > 0,
    )
    service = GapService(filler, bars, view, clock, heal_days=days)
    return Healing([Worker("healer", service.run)], service.count)
