"""The composition of dated official rates: kept in the store, else asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from adapters.postgres.rate_store import PostgresRateStore
from app.settings import Settings
from app.store import Store
from app.upstream import UpstreamFactory
from domain.ports.clock import Clock
from domain.ports.tracer import Tracer
from domain.services.rate_book import RateBook

# Nobody waits for the past: it takes at most half of what the source allows.
SHARE = 0.5


@dataclass(frozen=True, slots=True)
class DatedRates:
    """The book of a running server, and how its connections are closed."""

    book: RateBook
    close: Callable[[], Awaitable[None]]


def open_dated_rates(
    settings: Settings, store: Store, clock: Clock, tracer: Tracer
) -> DatedRates:
    """Compose the book; it is to be closed."""
    factory = UpstreamFactory(settings, clock, share=SHARE, tracer=tracer)
    history = factory.rate_history()
    book = RateBook(PostgresRateStore(store.database), [history.source], clock)
    return DatedRates(book, history.http.close)
