"""The composition of a backfill: beside a server that may run, on half the limits."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from adapters.binance.reader import BinanceReader
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.candle_archive import PostgresCandleArchive
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.rate_store import PostgresRateStore
from adapters.resilience.budget import UPBIT_RULE
from adapters.resilience.http import UpstreamHttp
from adapters.upbit.reader import UpbitReader
from app.settings import Settings
from app.store import Store
from app.upstream import UpstreamFactory
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.identity import IdentityTable
from domain.ports.clock import Clock
from domain.services.backfill_service import BackfillService
from domain.services.bar_filler import BarFiller
from domain.services.bar_maker import BarMaker
from domain.services.coin_survey import CoinSurvey
from domain.services.rate_book import GivenRates, RateBook, RateCalendars

# The live feed may need the other half; see `RequestLimiter`.
SHARE = 0.5
# Patience beyond the time that a breaker holds: one more try must have its time.
MARGIN_S = 30.0
# The longest wait in line for the limits: nobody waits for an answer here.
LINE_S = 15.0
# Requests per second that this leaves of the venue whose pages are the smaller.
PACE = UPBIT_RULE.limit * SHARE / UPBIT_RULE.window_s


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill ready to run; its connections are closed by the stack."""

    survey: CoinSurvey
    rates: RateCalendars
    service: BackfillService
    https: Sequence[UpstreamHttp]

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return sum(http.sent for http in self.https)


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
    factory = UpstreamFactory(settings, clock, share=SHARE)
    upbit, binance = factory.upbit(), factory.binance()
    history = factory.rate_history()
    for closer in (upbit.close, binance.close, history.http.close):
        stack.push_async_callback(closer)
    tries = settings.resilience.tries
    maker = BarMaker(
        UpbitReader(
            upbit.http,
            clock,
            upbit.monitors[0].rejected,
            tries=tries,
            max_wait_s=LINE_S,
        ),
        BinanceReader(
            binance.http,
            clock,
            binance.monitors[0].rejected,
            tries=tries,
            max_wait_s=LINE_S,
        ),
    )
    bars = PostgresBarStore(store.database)
    rates: RateCalendars = RateBook(
        PostgresRateStore(store.database),
        [history.source],
        clock,
    )
    if given is not None:
        rates = GivenRates(given)
    filler = BarFiller(maker, bars, PostgresCandleArchive(store.database), rates)
    return Backfill(
        survey=CoinSurvey(
            PostgresCoinRepository(store.database),
            (upbit.source, binance.source),
            identity,
            clock,
            settings.upbit.icon_url,
        ),
        rates=rates,
        service=BackfillService(
            filler,
            bars,
            identity,
            clock,
            give_up_s=settings.resilience.breaker_open_s + MARGIN_S,
            given=None if given is None else RateCalendar(given),
        ),
        https=(upbit.http, binance.http, history.http),
    )
