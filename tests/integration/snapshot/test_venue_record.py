"""Snapshots held to the answers of simulated venues, asked as the design words it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import aiohttp
import pytest

from adapters.memory.store import MemoryCoinRepository
from adapters.postgres.database import Database
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from adapters.simulator.server import Simulator, SimulatorOptions
from app.command.simulate import venue_settings
from app.dated_rate import open_dated_rates
from app.identity import identity_table
from app.settings import Settings
from app.snapshot import open_snapshots
from app.store import Store
from app.upstream import UpstreamFactory, Venue
from domain.model.board import PremiumBoard
from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.fx import FxChain
from domain.model.snapshot import DailyPrices, DailySnapshot, seoul_day
from domain.ports.tracer import NO_TRACER
from domain.services.board_service import BoardService
from domain.services.catalog_service import CatalogService
from domain.services.snapshot_service import SnapshotService
from tests.integration.snapshot.conftest import HastyClock

COINS = 8
RATE = Decimal("1333.25")
# Read here: a file is nothing to wait for in the event loop.
IDENTITY = identity_table()


@dataclass
class Scene:
    """A catalogue that was heard from the simulator, and a database with one day."""

    base_url: str
    clock: HastyClock
    store: PostgresSnapshotStore
    catalog: CatalogService
    make: partial[SnapshotService]

    @property
    def last_day(self) -> date:
        """The Seoul day before today's, or the one before right after midnight."""
        return seoul_day(self.clock.now_ms() - 600_000) - timedelta(days=1)

    async def get(self, path: str, **params: str) -> Any:
        """Ask the simulated venue, past everything of ours, within its limits."""
        await self.clock.sleep(0.2)
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.base_url + path, params=params) as answer,
        ):
            assert answer.status == 200
            return await answer.json(loads=_loads)

    async def upbit_close(self, market: str, unit: str, day: date) -> Decimal:
        """Return the close of the last candle before the end of a Seoul day."""
        told = await self.get(
            f"/upbit/v1/candles/{unit}",
            market=market,
            to=f"{day}T15:00:00Z",
            count="1",
        )
        return Decimal(told[0]["trade_price"])

    async def binance_close(self, market: str, end_ms: int) -> Decimal:
        """Return the close of the last minute that ended by an instant."""
        told = await self.get(
            "/binance/api/v3/klines",
            symbol=market,
            interval="1m",
            endTime=str(end_ms - 1),
            limit="1",
        )
        return Decimal(told[0][4])


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


async def rates(from_day: date, to_day: date) -> RateCalendar:
    """Return one rate for all days."""
    return RateCalendar([DailyRate(from_day, RATE, "frankfurter")])


@pytest.fixture
async def scene(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    clock, database = HastyClock(), Database(postgres_url)
    venues: list[Venue] = []
    options = SimulatorOptions(coins=COINS, rate=0)
    async with Simulator(options, now_ms=clock.now_ms) as simulator:
        for name, value in venue_settings(simulator.base_url).items():
            monkeypatch.setenv(name, value)
        settings = Settings()
        factory = UpstreamFactory(settings, clock)
        venues += [factory.upbit(), factory.binance()]
        sources = [venue.source for venue in venues]
        catalog = CatalogService(MemoryCoinRepository(), sources, IDENTITY, clock)
        board = BoardService(PremiumBoard(FxChain([])), clock)
        store = Store(database, None, clock)
        make = partial(
            open_snapshots, settings, store, clock, board, catalog, venues, rates
        )
        kept = PostgresSnapshotStore(database)
        yield Scene(simulator.base_url, clock, kept, catalog, make)
        for venue in venues:
            await venue.close()
        await database.close()


async def test_missed_days_and_wrong_rows_become_what_the_minutes_say(
    scene: Scene,
) -> None:
    service = scene.make()
    assert await scene.catalog.sync()
    coins = [coin for coin in scene.catalog.coins() if coin.domestic]
    assert len(coins) == COINS
    first = scene.last_day - timedelta(days=2)
    wrong = DailyPrices(Decimal(1), Decimal(1), Decimal(1300), "dunamu")
    await scene.store.add([DailySnapshot(first, coins[0].symbol, wrong)])
    assert await service.prove()
    strays = 0
    for day in (first, first + timedelta(days=1), scene.last_day):
        rows = await scene.store.of_day(day, 1000)
        assert [row.symbol for row in rows] == [coin.symbol for coin in coins]
        for row, coin in zip(rows, coins, strict=True):
            assert coin.domestic is not None
            market, prices = coin.domestic.market, row.prices
            minute = await scene.upbit_close(market, "minutes/1", day)
            assert prices.domestic_price == minute
            strays += minute != await scene.upbit_close(market, "days", day)
            if coin.global_ is None:
                assert prices.global_price is None
            else:
                found = await scene.binance_close(coin.global_.market, row.taken_at_ms)
                assert prices.global_price == found / coin.global_.multiplier
            was_wrong = (day, row.symbol) == (first, coins[0].symbol)
            assert row.revision == (2 if was_wrong else 1)
            assert prices.fx_rate == (1300 if was_wrong else RATE)
            assert row.verified_ms is not None
    assert strays > 0, "the venues' day closes at another price"
    assert service.count.caught_up == 3 * COINS - 1
    assert (service.count.verified, service.count.amended) == (1, 1)


async def test_another_start_changes_nothing(scene: Scene) -> None:
    service = scene.make()
    assert await scene.catalog.sync()
    first = scene.last_day - timedelta(days=1)
    coin = scene.catalog.coins()[0]
    nothing = DailyPrices(None, None, None, None)
    await scene.store.add([DailySnapshot(first, coin.symbol, nothing)])
    await service.prove()
    before = [await scene.store.of_day(day, 99) for day in (first, scene.last_day)]
    audited = await scene.store.audit(first, coin.symbol)
    assert {e.field for e in audited} >= {"domestic_price", "fx_rate", "fx_source"}
    again = scene.make()
    again.set_coins(scene.catalog.coins())
    await again.prove()
    after = [await scene.store.of_day(day, 99) for day in (first, scene.last_day)]
    assert after == before
    assert await scene.store.audit(first, coin.symbol) == audited
    assert again.count == service.count.__class__()


async def test_dated_rates_are_asked_for_once_and_kept(scene: Scene) -> None:
    store = Store(scene.store._database, None, scene.clock)
    to_day = scene.last_day
    from_day = to_day - timedelta(days=20)
    told = []
    for _ in range(2):
        rates = open_dated_rates(Settings(), store, scene.clock, NO_TRACER)
        calendar = await rates.book.calendar(from_day, to_day)
        told.append([calendar.on(from_day + timedelta(days=n)) for n in range(21)])
        await rates.close()
    assert told[0] == told[1]
    assert all(rate is not None and rate.source == "frankfurter" for rate in told[0])
