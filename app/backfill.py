"""The composition of a backfill: beside a server that may run, on half the limits."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.candle_archive import PostgresCandleArchive
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.rate_store import PostgresRateStore
from app.past_upstream import PastUpstream, open_past_upstream
from app.settings import Settings
from app.store import Store
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.identity import IdentityTable
from domain.ports.clock import Clock
from domain.services.backfill_service import BackfillService
from domain.services.bar_filler import BarFiller
from domain.services.bar_maker import BarMaker
from domain.services.coin_survey import CoinSurvey
from domain.services.rate_book import GivenRates, RateBook, RateCalendars

# Patience beyond the time that a breaker holds: one more try must have its time.
MARGIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill ready to run; its connections are closed by the stack."""

    survey: CoinSurvey
    rates: RateCalendars
    service: BackfillService
    upstream: PastUpstream

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self.upstream.requests


def open_backfill(
    settings: Settings,
    store: Store,
    clock: Clock,
    stack: AsyncExitStack,
    identity: IdentityTable,
    given: Sequence[DailyRate] | None = None,
) -> Backfill:
    """Compose on an open store; `given` rates take the place of every source.

    And of what hours and days were made with.
    """
    database = store.database
    upstream = open_past_upstream(settings, clock, stack)
    rates: RateCalendars = RateBook(
        PostgresRateStore(database), [upstream.rates.source], clock
    )
    if given is not None:
        rates = GivenRates(given)
    bars = PostgresBarStore(database)
    maker = BarMaker(*upstream.readers)
    survey = CoinSurvey(
        PostgresCoinRepository(database),
        (upstream.upbit.source, upstream.binance.source),
        identity,
        clock,
        settings.upbit.icon_url,
    )
    service = BackfillService(
        BarFiller(maker, bars, PostgresCandleArchive(database), rates),
        bars,
        identity,
        clock,
        give_up_s=settings.resilience.breaker_open_s + MARGIN_S,
        given=None if given is None else RateCalendar(given),
    )
    return Backfill(survey, rates, service, upstream)
