"""Commands run in this process, on a database of the test's own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest

from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.candle_archive import PostgresCandleArchive
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.database import Database
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from app.cli import _parser
from app.settings import DatabaseSettings, Settings
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.candle import Candle
from domain.model.coin import Coin, Listing
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Exchange, Quality
from domain.model.premium import compute
from domain.model.snapshot import DailyPrices, DailySnapshot, opens_ms

DAY = date(2026, 3, 4)
START = opens_ms(DAY)
MINUTES = 120
DOMESTIC = Listing(Exchange.UPBIT, "KRW-BTC", "BTC", "KRW", curated=True)
GLOBAL = Listing(Exchange.BINANCE, "BTCUSDT", "BTC", "USDT", curated=True)
BTC = Coin("BTC", "비트코인", "Bitcoin", (DOMESTIC, GLOBAL))
ETH = Coin("ETH", "이더리움", "Ethereum")

Command = Callable[..., int]


def minute(number: int) -> Bar:
    """Return BTC's minute of a number since the day began, on two bases."""
    krw, usdt = Decimal(52_000_000 + number), Decimal("40000.5")
    bases = {}
    for basis, rate in (
        (PremiumBasis.OFFICIAL_FX, Decimal("1300.25")),
        (PremiumBasis.KRW_USDT, Decimal(1_310)),
    ):
        close = compute(krw, usdt, rate).percent
        bases[basis] = BasisBar(close, close, close, close, rate, 1, Quality.LIVE)
    return Bar(
        symbol="BTC",
        interval=Interval.M1,
        opened_ms=START + number * 60_000,
        domestic_close=krw,
        global_close=usdt,
        bases=bases,
        origin=BarOrigin.BACKFILLED,
        fx_source="frankfurter",
        fx_as_of_ms=START,
    )


async def fill(database: Database) -> None:
    """Keep two hours of minutes, a snapshot and a candle of each venue."""
    await PostgresCoinRepository(database).save([BTC, ETH])
    bars = PostgresBarStore(database)
    await bars.make_room(START, START + 1)
    await bars.write_backfilled([minute(number) for number in range(MINUTES)])
    prices = DailyPrices(Decimal(52_000_000), Decimal(40_000), Decimal(1_300), "dunamu")
    await PostgresSnapshotStore(database).add([DailySnapshot(DAY, "BTC", prices)])
    archive = PostgresCandleArchive(database)
    for exchange, market in (
        (Exchange.UPBIT, "KRW-BTC"),
        (Exchange.UPBIT, "KRW-ETH"),
        (Exchange.BINANCE, "BTCUSDT"),
    ):
        one = Decimal("1.50")
        candle = Candle(market, Interval.D1, START, one, one, one, one, one, one)
        await archive.save(exchange, [candle])


def using(url: str, *works: Callable[[Database], Awaitable[None]]) -> None:
    """Do something with a database."""

    async def do() -> None:
        database = Database(url)
        try:
            for work in works:
                await work(database)
        finally:
            await database.close()

    asyncio.run(do())


@pytest.fixture
def filled(postgres_url: str) -> str:
    """The URL of a database with a little of everything."""
    using(postgres_url, fill)
    return postgres_url


def settings_of(url: str, folder: Path) -> Settings:
    """Return settings that name a database and nothing else."""
    return Settings(database=DatabaseSettings(url=url), data_dir=folder)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """``command(url, "backup", "x.dump")``: a command's exit code, in `tmp_path`."""
    monkeypatch.chdir(tmp_path)

    def run(url: str, *arguments: str) -> int:
        words: Sequence[str] = arguments
        module = import_module(f"app.command.{words[0]}")
        options = _parser().parse_args(words)
        return int(module.run(settings_of(url, tmp_path), options))

    return run
