"""A server that answers and takes nothing: full, read-only, crowded, demoted.

What could not be written waits and arrives; Postgres itself is asked afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from adapters.postgres.embedded import EmbeddedPostgres
from adapters.postgres.migration import migrate
from app.store import KeepReport
from domain.model.alarm import ALARM_AFTER_S, REMIND_AFTER_S
from domain.model.health import ServiceStatus
from tests.conftest import SETTINGS
from tests.integration.outage.conftest import (
    AFTER,
    BEFORE,
    Record,
    Recorder,
    asking,
    do,
    end_sessions,
    stored_price,
    until,
)

if TYPE_CHECKING:
    pass

FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION USING ERRCODE = '53100',
    MESSAGE = 'could not extend file "base/5/16385": No space left on device';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON latest_quote EXECUTE FUNCTION full_disk()
"""


async def test_a_full_disk_is_an_alarm_and_what_waited_arrives_when_there_is_room(
    record: Record, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    recorder = record(postgres_url)
    assert await recorder.save()
    await do(postgres_url, FULL_DISK)
    recorder.trade(AFTER)
    assert not await recorder.save()
    assert recorder.service.alarm is None
    await recorder.world.clock.advance(ALARM_AFTER_S)
    assert not await recorder.save()
    alarm = recorder.service.alarm
    assert alarm is not None
    assert "out of resources" in alarm.why
    assert "No space left" in alarm.why
    # It answers, and yet it is away: it keeps nothing.
    await recorder.database.ping()
    assert recorder.database.status is ServiceStatus.HEALTHY
    report = KeepReport(recorder.database, recorder.service, lambda: True)
    assert report.status is ServiceStatus.UNAVAILABLE
    assert await stored_price(postgres_url) == BEFORE

    await do(postgres_url, "DROP TRIGGER full_disk ON latest_quote")
    assert await recorder.save()
    assert recorder.service.alarm is None
    assert report.status is ServiceStatus.HEALTHY
    assert recorder.service.unsaved_count == 0
    assert await stored_price(postgres_url) == AFTER
    told = [(r.levelno, r.msg) for r in caplog.records if r.msg.startswith("store.")]
    assert told == [(logging.ERROR, "store.alarm"), (logging.INFO, "store.recovered")]


async def test_a_database_that_takes_rows_before_it_is_migrated_is_not_well_yet(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url)
    migrated: list[bool] = []
    report = KeepReport(recorder.database, recorder.service, lambda: bool(migrated))
    assert await recorder.save()
    assert recorder.database.status is ServiceStatus.HEALTHY
    assert report.status is ServiceStatus.UNAVAILABLE
    migrated.append(True)
    assert report.status is ServiceStatus.HEALTHY


async def test_an_alarm_that_lasts_is_told_again_and_not_every_second(
    record: Record, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = record(postgres_url)
    await do(postgres_url, FULL_DISK)
    for _ in range(12):
        assert not await recorder.save()
        await recorder.world.clock.advance(1.0)
    await recorder.world.clock.advance(REMIND_AFTER_S)
    assert not await recorder.save()
    told = [r.msg for r in caplog.records if r.levelno >= logging.WARNING]
    assert told.count("latest.unsaved") == 1
    assert told.count("store.alarm") == 2


async def test_what_waits_does_not_grow_with_the_time_it_waits(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url)
    await do(postgres_url, FULL_DISK)
    for number in range(50):
        recorder.trade(BEFORE + number)
        assert not await recorder.save()
    # Two coins on two venues, two counts, one rate.
    assert recorder.service.unsaved_count == 7
    await do(postgres_url, "DROP TRIGGER full_disk ON latest_quote")
    assert await recorder.save()
    assert await stored_price(postgres_url) == BEFORE + 49


async def test_a_server_that_turned_read_only_is_written_to_when_it_is_not(
    record: Record, postgres_url: str
) -> None:
    recorder = record(postgres_url)
    assert await recorder.save()
    name = make_url(postgres_url).database
    read_only = f"ALTER DATABASE {name} SET default_transaction_read_only ="
    await do(postgres_url, f"{read_only} on")
    await end_sessions(postgres_url)
    recorder.trade(AFTER)
    assert not await recorder.save()
    assert "read-only" in (recorder.database.detail or "")
    # The old connection stays read-only for as long as it lives: a new one is dialled.
    await do(
        postgres_url, "SET default_transaction_read_only = off", f"{read_only} off"
    )
    assert await recorder.save()
    assert await stored_price(postgres_url) == AFTER


async def test_a_server_without_a_free_connection_is_waited_for(
    record: Record, postgres_url: str
) -> None:
    name = make_url(postgres_url).database
    role = f"crowd_{name}"
    await do(
        postgres_url,
        f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0",
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
    )
    mine = make_url(postgres_url).set(username=role).render_as_string()
    recorder = record(mine)
    try:
        assert not await recorder.save()
        assert "out of resources" in (recorder.database.detail or "")
        recorder.trade(AFTER)
        await do(postgres_url, f"ALTER ROLE {role} CONNECTION LIMIT 5")
        assert await recorder.save()
        assert await stored_price(postgres_url) == AFTER
    finally:
        await recorder.database.close()
        await do(postgres_url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a few megabytes; skips where none may be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0777", "kimp", str(disk)]
    if (
        not sys.platform.startswith("linux")
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root may mount a small file system here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.slow
async def test_a_disk_that_is_really_full_keeps_nothing_and_recording_resumes(
    small_disk: Path, folder: Path, record: Record
) -> None:
    cluster = EmbeddedPostgres(folder / "cluster", settings=SETTINGS)
    url = await cluster.start()
    try:
        await migrate(url)
        await _move_tables(url, small_disk, cluster)
        recorder = record(url)
        assert await recorder.save()
        stuffing = small_disk / "stuffing"
        await asyncio.to_thread(_fill, stuffing)
        async with asking(url) as reader:
            # Somebody reads for long: no old version makes room for a new one.
            await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            await reader.execute("SELECT 1 FROM latest_quote")
            await _record_until_refused(recorder)
        assert "No space left" in (recorder.database.detail or "")
        kept = await stored_price(url)
        stuffing.unlink()
        assert await recorder.save()
        assert await stored_price(url) != kept
        assert recorder.service.unsaved_count == 0
        await recorder.database.close()
    finally:
        await cluster.stop()


async def _move_tables(url: str, disk: Path, cluster: EmbeddedPostgres) -> None:
    """Let the latest quotes live on the small disk."""
    place = disk / "tables"
    place.mkdir()
    owner = (cluster.location / "cluster").stat()
    shutil.chown(place, owner.st_uid, owner.st_gid)
    os.chmod(place, 0o700)  # noqa: PTH101 - beside the chown
    await do(
        url,
        f"CREATE TABLESPACE small LOCATION '{place}'",
        "ALTER TABLE latest_quote SET TABLESPACE small",
        "ALTER INDEX pk_latest_quote SET TABLESPACE small",
    )


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


async def _record_until_refused(recorder: Recorder) -> None:
    """Publish and write until the table would have to grow and cannot."""
    number = 0

    async def refused() -> bool:
        nonlocal number
        for _ in range(20):
            number += 1
            recorder.trade(BEFORE + number)
            if not await recorder.save():
                return True
        return False

    await until(refused, "the disk is full")
