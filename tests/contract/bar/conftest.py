"""Bars over one store: in memory, or in a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from adapters.memory.bar_history import MemoryBarHistory
from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.store import MemoryStore
from adapters.postgres.bar_history import PostgresBarHistory
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.database import Database
from domain.model.bar import Bar, BarOrigin, BasisBar, Hole, HoleReason
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.page import Direction
from domain.ports.bar_history import BarHistory, BarQuery
from domain.ports.bar_store import BarStore

NOWHERE = "postgresql://kimp@/kimp?host=/nowhere"
# Wednesday, 2025-01-01 00:00 UTC.
START_MS = 1_735_689_600_000
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Bars:
    """The two sides of one store."""

    store: BarStore
    history: BarHistory

    async def derive(self, before_ms: int) -> None:
        """Derive all there is to derive."""
        while await self.store.roll_up(before_ms, 10):
            pass


class Sample:
    """Makes bars of BTC on OFFICIAL_FX; anything may be given otherwise."""

    start_ms = START_MS

    def at(self, minute: int) -> int:
        """The opening so many minutes after the start."""
        return START_MS + minute * MINUTE_MS

    def basis(self, close: str = "3.25", **others: Any) -> BasisBar:
        percent = Decimal(close)
        values: dict[str, Any] = {
            "open": percent - 1,
            "high": percent + 1,
            "low": percent - 2,
            "close": percent,
            "fx_rate": Decimal("1391.25"),
            "samples": 3,
            "quality": Quality.LIVE,
        }
        return BasisBar(**{**values, **others})

    def bar(self, minute: int, close: str = "3.25", **others: Any) -> Bar:
        """A live minute, so many after the start."""
        values: dict[str, Any] = {
            "symbol": "BTC",
            "interval": Interval.M1,
            "opened_ms": self.at(minute),
            "domestic_close": Decimal(158_219_000),
            "global_close": Decimal("112345.67"),
            "bases": {PremiumBasis.OFFICIAL_FX: self.basis(close)},
            "origin": BarOrigin.LIVE,
            "fx_source": "dunamu",
            "fx_as_of_ms": START_MS,
        }
        return Bar(**{**values, **others})

    def healed(self, minute: int, close: str = "3.25", **others: Any) -> Bar:
        """A minute made from candles."""
        return self.bar(minute, close, origin=BarOrigin.BACKFILLED, **others)

    def made(
        self, interval: Interval, number: int, close: str = "9", **others: Any
    ) -> Bar:
        """A larger bar made from candles, so many after the one of the start."""
        opened_ms = interval.opened_ms(START_MS) + number * interval.length_ms
        return self.healed(0, close, interval=interval, opened_ms=opened_ms, **others)

    def hole(
        self,
        minute: int,
        end: int,
        reason: HoleReason = HoleReason.NO_GLOBAL_CANDLE,
        **others: Any,
    ) -> Hole:
        """Minutes that are impossible, from one to before another."""
        values: dict[str, Any] = {"symbol": "BTC", "interval": Interval.M1}
        told = {**values, **others}
        return Hole(from_ms=self.at(minute), to_ms=self.at(end), reason=reason, **told)

    def query(self, interval: Interval, **others: Any) -> BarQuery:
        """All bars of an interval, ascending."""
        values: dict[str, Any] = {
            "symbol": "BTC",
            "basis": PremiumBasis.OFFICIAL_FX,
            "from_ms": 0,
            "to_ms": self.at(1_000_000),
            "direction": Direction.ASC,
            "limit": 1000,
        }
        return BarQuery(interval=interval, **{**values, **others})


@pytest.fixture
def sample() -> Sample:
    return Sample()


Make = Callable[[], Bars]


def in_memory(store: MemoryStore) -> Bars:
    return Bars(MemoryBarStore(store), MemoryBarHistory(store))


def in_postgres(database: Database) -> Bars:
    return Bars(PostgresBarStore(database), PostgresBarHistory(database))


@pytest.fixture(params=["memory", "postgres"])
def bar_url(request: pytest.FixtureRequest) -> str | None:
    """None for the store in memory, else the URL of a fresh database."""
    if request.param == "memory":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def make(bar_url: str | None) -> AsyncIterator[Make]:
    """Each call is a server that starts anew over the same store."""
    if bar_url is None:
        memory = MemoryStore()
        yield lambda: in_memory(memory)
        return
    database = Database(bar_url)
    yield lambda: in_postgres(database)
    await database.close()


@pytest.fixture
def bars(make: Make) -> Bars:
    """A fresh, empty store."""
    return make()


@pytest.fixture(params=["memory", "postgres"])
async def lost(request: pytest.FixtureRequest) -> AsyncIterator[Bars]:
    """A store that nobody reaches."""
    if request.param == "memory":
        yield in_memory(MemoryStore(down="gone"))
        return
    database = Database(NOWHERE)
    yield in_postgres(database)
    await database.close()
