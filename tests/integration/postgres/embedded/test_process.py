"""Several processes on one cluster, and processes that end badly."""

import asyncio
import os
import signal
import stat
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from adapters.postgres.embedded import EmbeddedPostgres

Ask = Callable[..., Awaitable[Any]]
Rent = Callable[..., Coroutine[Any, Any, Any]]
Residents = Callable[[Path], list[int]]
Members = Callable[..., list[int]]
Soon = Callable[[Callable[[], bool]], Awaitable[bool]]

PROC = Path("/proc")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["9", "TERM"])
async def test_a_killed_process_leaves_no_postgres_and_its_data(
    closed: Path,
    rent: Rent,
    ask: Ask,
    residents: Residents,
    soon: Soon,
    number: signal.Signals,
) -> None:
    tenant = await rent(closed)
    await ask(tenant.url, "CREATE TABLE t AS SELECT 7 AS n", "SELECT 1")
    await tenant.kill(number)
    assert await soon(lambda: not residents(closed))
    async with EmbeddedPostgres(closed) as postgres:
        assert await ask(postgres.url, "SELECT n FROM t") == 7
        log = (postgres.location / "postgres.log").read_text()
    assert "interrupted" not in log, "the watchdog stopped it in good order"


async def test_a_kill_in_the_middle_of_the_first_start_leaves_nothing(
    closed: Path, rent: Rent, ask: Ask, residents: Residents, soon: Soon
) -> None:
    home = closed / "postgres" / "server"
    renting = asyncio.create_task(rent(closed))
    assert await soon(lambda: any(home.glob("cluster.new-*/base")))
    (tenant,) = [pid for pid in residents(closed) if is_tenant(pid)]
    os.kill(tenant, signal.SIGKILL)
    with pytest.raises(AssertionError, match="without a word"):
        await renting
    assert await soon(lambda: not residents(closed))
    async with EmbeddedPostgres(closed) as postgres:
        assert await ask(postgres.url, "SELECT 1") == 1


def is_tenant(pid: int) -> bool:
    try:
        return b"tenant.py" in (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:  # a passing child of initdb
        return False


async def test_two_processes_share_and_the_last_one_ends_it(
    closed: Path,
    rent: Rent,
    ask: Ask,
    residents: Residents,
    soon: Soon,
    members: Members,
) -> None:
    first, second = await rent(closed), await rent(closed)
    assert second.said == first.said
    assert len(members(closed, "watchdog.lock")) == 1
    await first.end()
    assert await ask(second.url, "SELECT 1") == 1
    await second.end()
    assert not members(closed), "the last one waited for the end"
    assert await soon(lambda: not residents(closed))


async def test_the_death_of_the_one_that_started_it_does_not_hurt_the_other(
    closed: Path, rent: Rent, ask: Ask, residents: Residents, soon: Soon
) -> None:
    first, second = await rent(closed), await rent(closed)
    await first.kill()
    assert await ask(second.url, "SELECT 1") == 1
    await second.kill()
    assert await soon(lambda: not residents(closed))


async def test_processes_that_start_at_once_get_one_server(
    closed: Path, rent: Rent, members: Members
) -> None:
    tenants = await asyncio.gather(*(rent(closed) for _ in range(4)))
    assert len({tenant.said["pid"] for tenant in tenants}) == 1
    await asyncio.gather(*(tenant.end() for tenant in tenants))
    assert not members(closed)


async def test_starts_and_stops_that_race_always_end_in_a_server(
    closed: Path, ask: Ask, members: Members
) -> None:
    async def come_and_go(times: int) -> None:
        for _ in range(times):
            async with EmbeddedPostgres(closed) as postgres:
                assert await ask(postgres.url, "SELECT 1") == 1

    async with asyncio.timeout(60):
        await asyncio.gather(*(come_and_go(4) for _ in range(3)))
    assert not members(closed)


async def test_a_start_waits_while_the_watchdog_is_stopping(
    closed: Path, rent: Rent, ask: Ask
) -> None:
    tenant = await rent(closed)
    await tenant.kill()
    async with EmbeddedPostgres(closed) as postgres:
        assert postgres.pid != tenant.said["pid"]
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_the_watchdog_outlives_a_signal_to_the_whole_group(
    closed: Path, rent: Rent, residents: Residents, soon: Soon, members: Members
) -> None:
    tenant = await rent(closed)
    (watchdog,) = members(closed, "watchdog.lock")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(watchdog, number)
    await tenant.kill(signal.SIGTERM)
    assert await soon(lambda: not residents(closed))


async def test_a_watchdog_that_was_killed_is_renewed(
    closed: Path, soon: Soon, members: Members
) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        (watchdog,) = members(closed, "watchdog.lock")
        os.kill(watchdog, signal.SIGKILL)
        assert await soon(lambda: not members(closed, "watchdog.lock"))
        assert await postgres.ensure_running() is False
        assert len(members(closed, "watchdog.lock")) == 1
        assert members(closed, "watchdog.lock") != [watchdog]


async def test_when_both_are_killed_the_next_start_takes_over_the_server(
    closed: Path, rent: Rent, ask: Ask, soon: Soon, members: Members
) -> None:
    tenant = await rent(closed)
    (watchdog,) = members(closed, "watchdog.lock")
    os.kill(watchdog, signal.SIGKILL)
    await tenant.kill()
    assert members(closed), "nobody was left to stop it"
    async with EmbeddedPostgres(closed) as postgres:
        assert postgres.pid == tenant.said["pid"]
        assert await ask(postgres.url, "SELECT 1") == 1
    assert not members(closed)


async def test_a_private_socket_folder_goes_with_the_server_after_a_kill(
    closed: Path, rent: Rent, residents: Residents, soon: Soon
) -> None:
    data_dir = closed / ("x" * 120)
    tenant = await rent(data_dir)
    record = data_dir / "postgres" / "server" / "socket"
    folder = record.read_text()
    assert stat.S_IMODE(os.lstat(folder).st_mode) == 0o700
    await tenant.kill()
    assert await soon(lambda: not residents(data_dir))
    assert await soon(lambda: not os.path.lexists(folder))
    assert not record.exists()


async def test_the_watchdog_is_small(closed: Path, members: Members) -> None:
    async with EmbeddedPostgres(closed):
        (watchdog,) = members(closed, "watchdog.lock")
        status = (PROC / str(watchdog) / "status").read_text()
    resident_kb = int(status.split("VmRSS:")[1].split()[0])
    assert resident_kb < 16_000
