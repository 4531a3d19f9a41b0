"""Both venues and the rate source simulated, a database, and what fills it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.candle_archive import PostgresCandleArchive
from adapters.postgres.database import Database
from adapters.postgres.rate_store import PostgresRateStore
from adapters.resilience.clock import SystemClock
from adapters.resilience.http import UpstreamHttp
from adapters.simulator.server import Simulator, SimulatorOptions
from app.settings import ResilienceSettings, Settings
from app.upstream import UpstreamFactory
from app.venue_setting import BinanceSettings, FxSettings, UpbitSettings
from domain.services.bar_filler import BarFiller
from domain.services.bar_maker import BarMaker
from domain.services.rate_book import RateBook

COINS = 50


@dataclass(frozen=True, slots=True)
class Filling:
    """A filler over real adapters, and what it asks and writes."""

    filler: BarFiller
    bars: PostgresBarStore
    candles: PostgresCandleArchive
    rates: RateBook
    history: PostgresBarHistory
    https: dict[str, UpstreamHttp]

    @contextmanager
    def requests(self) -> Iterator[dict[str, int]]:
        """Count the requests of a block, by upstream."""
        before = {name: http.sent for name, http in self.https.items()}
        found: dict[str, int] = {}
        yield found
        found.update(
            {name: http.sent - before[name] for name, http in self.https.items()}
        )


@pytest.fixture
async def filling(postgres_url: str) -> AsyncIterator[Filling]:
    async with Simulator(SimulatorOptions(coins=COINS)) as simulator:
        clock = SystemClock()
        base = simulator.base_url
        settings = Settings(
            upbit=UpbitSettings(rest_url=f"{base}/upbit"),
            binance=BinanceSettings(rest_url=f"{base}/binance"),
            fx=FxSettings(frankfurter_url=f"{base}/fx"),
            resilience=ResilienceSettings(tries=1),
        )
        factory = UpstreamFactory(settings, clock)
        upbit, binance = factory.upbit(), factory.binance()
        fx = factory.rate_history()
        database = Database(postgres_url)
        rates = RateBook(PostgresRateStore(database), [fx.source], clock)
        bars, candles = PostgresBarStore(database), PostgresCandleArchive(database)
        maker = BarMaker(upbit.rest, binance.rest)
        yield Filling(
            BarFiller(maker, bars, candles, rates),
            bars,
            candles,
            rates,
            PostgresBarHistory(database),
            {"upbit": upbit.http, "binance": binance.http, "fx": fx.http},
        )
        for closing in (upbit.close, binance.close, fx.http.close, database.close):
            await closing()
        assert simulator.violations.listed() == ()
