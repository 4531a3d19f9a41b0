"""How a database is opened: what keeps us from starting, and what does not."""

from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from adapters.resilience.clock import SystemClock
from app.settings import DatabaseSettings, Settings
from app.store import CannotStart, open_store
from tests.integration.outage.conftest import do


def settings(url: str, folder: Path) -> Settings:
    """Return settings with a database and nothing else set."""
    return Settings(database=DatabaseSettings(url=url), data_dir=folder)


async def test_a_database_that_answers_is_ready_when_it_is_handed_out(
    postgres_url: str, tmp_path: Path
) -> None:
    async with open_store(settings(postgres_url, tmp_path), SystemClock()) as store:
        assert store.is_migrated


async def test_one_that_cannot_be_reached_is_handed_out_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "postgresql://kimp@/kimp?host=/nowhere"
    # The module's own logger may have been bound by another test's configuration.
    monkeypatch.setattr("app.store._log", structlog.get_logger("app.store"))
    with capture_logs() as logs:
        async with open_store(settings(nowhere, tmp_path), SystemClock()) as store:
            assert not store.is_migrated
            assert not await store.prepare()
    # Told once, however often it is tried.
    assert [log["event"] for log in logs].count("database.away") == 1


async def test_an_address_that_cannot_be_meant_keeps_us_from_starting(
    tmp_path: Path,
) -> None:
    with pytest.raises(CannotStart, match="KIMP_DATABASE__URL"):
        async with open_store(settings("postgresql://h", tmp_path), SystemClock()):
            pytest.fail("it was opened")


async def test_a_newer_schema_keeps_us_from_starting(
    postgres_url: str, tmp_path: Path
) -> None:
    await do(postgres_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CannotStart, match="newer version"):
        async with open_store(settings(postgres_url, tmp_path), SystemClock()):
            pytest.fail("it was opened")


async def test_an_embedded_cluster_that_cannot_be_used_keeps_us_from_starting(
    tmp_path: Path,
) -> None:
    (tmp_path / "postgres").write_text("in the way")
    with pytest.raises(CannotStart, match="cannot be used"):
        async with open_store(settings("", tmp_path), SystemClock()):
            pytest.fail("it was opened")
