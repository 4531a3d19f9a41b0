"""The command `backfill` in this process: simulated venues, a real database."""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

import app.backfill
import app.command.backfill as command
from adapters.postgres.bar_store import PostgresBarStore
from adapters.postgres.database import Database
from adapters.simulator.server import Simulator, SimulatorOptions
from app.backfill_display import Display
from app.failure import CommandFailed, WrongUse
from app.history_setting import HistorySettings
from app.identity import identity_table
from app.settings import DatabaseSettings, ResilienceSettings, Settings
from app.venue_setting import BinanceSettings, FxSettings, UpbitSettings
from domain.model.backfill_plan import BackfillSpan
from domain.model.daily_rate import DailyRate
from domain.model.interval import Interval
from tests.integration.outage.conftest import do

NOWHERE = "http://127.0.0.1:9"
DAYS = 20


def day_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


SPAN = BackfillSpan(Interval.D1, day_ago(DAYS), day_ago(1))
PARTS = command.Parts(SPAN, identity_table())


def settings_at(base: str, url: str, folder: Path) -> Settings:
    """Return settings of venues at an address, impatient with both."""
    return Settings(
        data_dir=folder,
        database=DatabaseSettings(url=url),
        upbit=UpbitSettings(rest_url=f"{base}/upbit"),
        binance=BinanceSettings(rest_url=f"{base}/binance"),
        fx=FxSettings(frankfurter_url=f"{base}/fx"),
        resilience=ResilienceSettings(tries=1, breaker_open_s=0.5),
        history=HistorySettings(minutes_days=30),
    )


def options(**given: object) -> argparse.Namespace:
    """Return what the line says where it says little."""
    line: dict[str, object] = {
        "interval": Interval.D1,
        "from_day": SPAN.from_day,
        "to_day": SPAN.to_day,
        "symbols": ("BTC", "ETH", "USDT"),
        "fx_csv": None,
        "redo": False,
    }
    return argparse.Namespace(**{**line, **given})


@dataclass
class VenueClock:
    """The time at the venues: a command's requests can be a second after another's."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def go_on(self) -> None:
        """Let the second pass that requests are counted in."""
        self.ahead_ms += 1_500


@pytest.fixture
def venue_clock() -> VenueClock:
    return VenueClock()


@pytest.fixture
async def simulator(venue_clock: VenueClock) -> AsyncIterator[Simulator]:
    options = SimulatorOptions(coins=12)
    async with Simulator(options, now_ms=venue_clock) as running:
        yield running
        assert running.violations.listed() == ()


@pytest.fixture
def settings(simulator: Simulator, postgres_url: str, tmp_path: Path) -> Settings:
    return settings_at(simulator.base_url, postgres_url, tmp_path)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.backfill, "MARGIN_S", 1.0)
    monkeypatch.setattr("domain.services.backfill_service.FAILURE_WAIT_S", 0.1)
    monkeypatch.setattr("domain.services.backfill_service.ROUND_WAIT_S", 0.1)
    monkeypatch.setattr("domain.services.coin_survey.WAITS_S", (0.1,))


async def test_what_is_asked_for_is_written_and_told(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = await command._backfill(settings, options(), PARTS)
    assert tally.is_complete
    told = capsys.readouterr()
    assert f"kimp: 3 coins, {DAYS} D1 bars each, " in told.err
    assert "at least 9 requests, 0:00:01" in told.err
    assert "60 bars asked for: 40 written, 0 kept already, 20 impossible" in told.out
    assert " 9 requests (at least 9 from nothing)" in told.out
    again = await command._backfill(settings, options(), PARTS)
    assert (again.written, again.kept) == (0, 40)
    database = Database(settings.database.url)
    store = PostgresBarStore(database)
    kept = await store.settled("BTC", Interval.D1, SPAN.from_ms, SPAN.to_ms)
    await database.close()
    assert len(kept) == DAYS


async def test_a_file_of_rates_makes_days_anew_that_have_other_ones(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = options(symbols=("BTC",))
    await command._backfill(settings, asked, PARTS)
    rate = DailyRate(day_ago(3), Decimal("1777.125"), "csv")
    parts = replace(PARTS, given=(rate,))
    capsys.readouterr()
    tally = await command._backfill(settings, asked, parts)
    assert (tally.written, tally.renewed, tally.kept) == (3, 3, DAYS - 3)
    told = capsys.readouterr().out
    assert "20 bars asked for: 3 written, 17 kept already, 0 impossible" in told
    assert "  3 of the written had another official rate before" in told
    again = await command._backfill(settings, asked, parts)
    assert (again.written, again.kept) == (0, DAYS)
    database = Database(settings.database.url)
    place = ("BTC", Interval.D1, SPAN.from_ms, SPAN.to_ms)
    rates = await PostgresBarStore(database).official_rates(*place)
    await database.close()
    assert [rates[at] == rate.rate for at in sorted(rates)] == [
        day >= DAYS - 3 for day in range(DAYS)
    ]


@pytest.mark.usefixtures("_impatient")
async def test_a_venue_that_fails_for_good_leaves_the_rest_to_the_next_run(
    settings: Settings,
    simulator: Simulator,
    venue_clock: VenueClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = await command._backfill(settings, options(symbols=("BTC",)), PARTS)
    assert first.is_complete
    venue_clock.go_on()
    dead = asyncio.Event()

    class DeadAfterTheLists(Display):
        """The venue dies when the work begins."""

        async def run(self) -> None:
            simulator.inflict("server-error", venue="binance")
            dead.set()
            await super().run()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "Display", DeadAfterTheLists)
        tally = await command._backfill(settings, options(), PARTS)
    assert dead.is_set()
    assert tally.missing == {"ETH": DAYS}
    assert tally.kept == DAYS
    told = capsys.readouterr().out
    assert f"missing: ETH {DAYS}" in told
    assert "because: binance.rest: status 5" in told
    simulator.relieve()
    venue_clock.go_on()
    last = await command._backfill(settings, options(), PARTS)
    assert last.is_complete
    assert (last.written, last.kept) == (DAYS, DAYS)


@pytest.mark.usefixtures("_impatient")
async def test_without_venues_one_line_says_so(
    postgres_url: str, tmp_path: Path
) -> None:
    settings = settings_at(NOWHERE, postgres_url, tmp_path)
    with pytest.raises(CommandFailed) as caught:
        await command._backfill(settings, options(), PARTS)
    assert str(caught.value).startswith("the venues cannot be reached: upbit.rest: ")
    assert "; binance.rest: " in str(caught.value)


async def test_without_rates_nothing_is_begun(
    settings: Settings, simulator: Simulator
) -> None:
    away = settings.model_copy(
        update={"fx": FxSettings(frankfurter_url=f"{NOWHERE}/fx")}
    )
    with pytest.raises(CommandFailed, match=r"official rates cannot be had.*--fx-csv"):
        await command._backfill(away, options(), PARTS)


async def test_an_unknown_symbol_is_wrong_use(settings: Settings) -> None:
    with pytest.raises(WrongUse, match="--symbols NOSUCH: no such coin; allowed: "):
        await command._backfill(settings, options(symbols=("NOSUCH",)), PARTS)


async def test_without_a_coin_on_both_sides_there_is_nothing_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.services.coin_survey.Survey._paired", lambda _: [])
    with pytest.raises(CommandFailed, match="no coin has a market on both sides"):
        await command._backfill(settings, options(symbols=None), PARTS)


async def test_without_a_database_nothing_is_begun(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "postgresql://kimp@/kimp?host=/nowhere"
    settings = settings_at(simulator.base_url, nowhere, tmp_path)
    monkeypatch.setattr("app.store._log", structlog.get_logger("app.store"))
    with capture_logs(), pytest.raises(CommandFailed, match="database"):
        await command._backfill(settings, options(), PARTS)


async def test_a_newer_schema_is_told(settings: Settings) -> None:
    url = settings.database.url
    await do(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CommandFailed, match="newer version"):
        await command._backfill(settings, options(), PARTS)


@pytest.fixture
def run(postgres_url: str, tmp_path: Path, _impatient: None) -> Callable[..., int]:
    """The command as the command line calls it, without any venue."""
    settings = settings_at(NOWHERE, postgres_url, tmp_path)
    return lambda **given: command.run(settings, options(**given))


def test_days_that_cannot_be_meant_are_wrong_use(run: Callable[..., int]) -> None:
    with pytest.raises(WrongUse, match=r"--to .*the last day whose bars are closed"):
        run(to_day=day_ago(0))


def test_a_malformed_file_of_rates_fails_with_its_line(
    run: Callable[..., int], tmp_path: Path
) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("date,rate\n2026-01-02,x\n")
    with pytest.raises(
        CommandFailed, match=r"rates\.csv, line 2: .*nothing was written"
    ):
        run(fx_csv=file)
    with pytest.raises(WrongUse, match=r"none\.csv: cannot be read"):
        run(fx_csv=tmp_path / "none.csv")


def test_minutes_that_a_server_would_drop_are_warned_of(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandFailed, match="the venues cannot be reached"):
        run(interval=Interval.M1, from_day=day_ago(31))
    assert (
        "drops minutes older than 30 days (KIMP_HISTORY__MINUTES_DAYS)"
        in capsys.readouterr().err
    )
