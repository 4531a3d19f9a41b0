"""`kimp verify` against simulated venues: right, missing, touched, unreachable."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.postgres.database import Database
from adapters.postgres.rate_store import PostgresRateStore
from adapters.postgres.snapshot_store import PostgresSnapshotStore
from adapters.resilience.clock import SystemClock
from adapters.simulator.server import Simulator, SimulatorOptions
from app.cli_care import add_verify
from app.command.verify import run
from app.failure import CommandFailed
from app.identity import identity_table
from app.settings import DatabaseSettings, ResilienceSettings, Settings
from app.store import Store
from app.venue_setting import BinanceSettings, FxSettings, UpbitSettings
from app.verify import UnwrittenRates, open_verify
from domain.model.daily_rate import DailyRate
from domain.model.interval import Interval
from domain.model.snapshot import DAY_MS, DailyPrices, DailySnapshot, taken_ms
from domain.services.bar_maker import BarTask
from tests.integration.care.conftest import BTC, DAY, DOMESTIC, GLOBAL, START, using
from tests.unit.app.parsing import parsed

LIMIT_S = 60.0
# Read here: a file is nothing to wait for in the event loop.
IDENTITY = identity_table()
BTC_RATE = Decimal(1_300)
SPAN = ("--from", str(DAY), "--to", str(DAY))


@pytest.fixture(scope="module")
def venues() -> Iterator[str]:
    """The address of simulated exchanges, in a thread of their own."""
    ready, addresses = threading.Event(), []
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with Simulator(SimulatorOptions(rate=0, coins=12)) as simulator:
            over = asyncio.Event()
            loops.append((asyncio.get_running_loop(), over))
            addresses.append(simulator.base_url)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(LIMIT_S)
    yield addresses[0]
    loop, over = loops[0]
    loop.call_soon_threadsafe(over.set)
    thread.join(LIMIT_S)


@pytest.fixture
def settings(venues: str, postgres_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database=DatabaseSettings(url=postgres_url),
        data_dir=tmp_path,
        upbit=UpbitSettings(rest_url=f"{venues}/upbit"),
        binance=BinanceSettings(rest_url=f"{venues}/binance"),
        fx=FxSettings(frankfurter_url=f"{venues}/fx"),
        resilience=ResilienceSettings(tries=1),
    )


async def keep_day(settings: Settings, database: Database) -> None:
    """Keep BTC's day as its candles give it, and a snapshot of its last minute."""
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        service = open_verify(
            settings, Store(database, None, clock), IDENTITY, clock, stack
        )
        rates = await service._rates.calendar(DAY, DAY)
        task = BarTask("BTC", DOMESTIC, GLOBAL, Interval.M1, START, START + DAY_MS)
        made = await service._maker.make(task, rates)
    store = PostgresBarStore(database)
    await store.make_room(START, START + DAY_MS)
    await store.write_backfilled(made.bars)
    await store.write_holes(made.holes)
    await PostgresCoinRepository(database).save([BTC])
    last = next(b for b in made.bars if b.ends_ms == taken_ms(DAY))
    rate = rates.on(DAY)
    assert rate is not None
    prices = DailyPrices(last.domestic_close, last.global_close, rate.rate, rate.source)
    await PostgresSnapshotStore(database).add([DailySnapshot(DAY, "BTC", prices)])


async def touch(database: Database) -> None:
    """Lose a minute, change another, and change the snapshot."""
    at = f"timestamptz '{DAY} 00:00Z' + interval '1 minute' * "
    async with database.transaction() as connection:
        for statement in (
            f"DELETE FROM premium_minute WHERE opened_at = {at} 61",
            f"UPDATE premium_minute SET global_close = 1 WHERE opened_at = {at} 125",
            "UPDATE daily_snapshot SET domestic_price = 1",
        ):
            await connection.execute(text(statement))


def test_what_is_right_is_said_and_what_is_not_is_named(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    url = settings.database.url
    using(url, lambda database: keep_day(settings, database))
    assert run(settings, parsed(add_verify, *SPAN, "--symbols", "BTC")) == 0
    told = capsys.readouterr().out
    assert f"BTC {DAY}: 1,440 made from candles, 0 differ, snapshot equal" in told
    assert "kimp: complete and equal" in told

    using(url, touch)
    assert run(settings, parsed(add_verify, *SPAN, "--seed", "7")) == 1
    told = capsys.readouterr().out
    [row] = [
        line.split() for line in told.splitlines() if str(DAY) in line.split()[1:2]
    ]
    assert row[2:] == ["1,440", "0", "1,439", "0", "1", "0"]
    assert "(--seed 7)" in told
    assert "1 differ, snapshot differs" in told
    assert "  02:05 closes " in told
    assert "  snapshot domestic_price: kept 1, evidence " in told
    assert "kimp: not well" in told


def test_it_writes_no_rates(settings: Settings) -> None:
    async def look(database: Database) -> None:
        rates = PostgresRateStore(database)
        unwritten = UnwrittenRates(rates)
        await unwritten.save([DailyRate(DAY, BTC_RATE, "x")])
        assert list(await unwritten.load(DAY, DAY)) == []
        await rates.save([DailyRate(DAY, BTC_RATE, "x")])
        assert len(await unwritten.load(DAY, DAY)) == 1

    using(settings.database.url, look)


def test_a_database_that_is_away_is_one_line(
    settings: Settings,
) -> None:
    away = settings.model_copy(
        update={"database": DatabaseSettings(url="postgresql://127.0.0.1:9/kimp")}
    )
    with pytest.raises(CommandFailed, match="cannot be reached"):
        run(away, parsed(add_verify, *SPAN))
