"""Pid files that lie, servers that die, servers that hang."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.postgres.embedded import Bounds, ClusterUnusable, EmbeddedPostgres

Ask = Callable[..., Awaitable[Any]]
Rent = Callable[..., Awaitable[Any]]
Members = Callable[..., list[int]]
Soon = Callable[[Callable[[], bool]], Awaitable[bool]]

BRIEF = Bounds(silent=1.0, orphaned=0.2, fast=1.0, quit=0.5)


def home(data_dir: Path) -> Path:
    return data_dir / "postgres" / "server"


@pytest.mark.parametrize("first_line", ["gone", "alive", "", "nonsense", "-1"])
async def test_no_pid_file_stops_a_start(
    closed: Path, ask: Ask, first_line: str
) -> None:
    async with EmbeddedPostgres(closed):
        text = (home(closed) / "cluster/postmaster.pid").read_text()
    gone = await asyncio.create_subprocess_exec("true")
    await gone.wait()
    pid = {"gone": str(gone.pid), "alive": str(os.getpid())}.get(first_line, first_line)
    rest = text.split("\n")[1:]
    (home(closed) / "cluster/postmaster.pid").write_text("\n".join([pid, *rest]))
    (home(closed) / ".s.PGSQL.5432.lock").write_text("\n".join([pid, *rest]))
    (home(closed) / ".s.PGSQL.5432").touch()
    async with EmbeddedPostgres(closed) as postgres:
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_server_that_was_killed_is_noticed_and_revived(
    closed: Path, ask: Ask
) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        url, dead = postgres.url, postgres.pid
        await ask(url, "CREATE TABLE t AS SELECT 5 AS n", "SELECT 1")
        waiting = [asyncio.create_task(postgres.wait_dead()) for _ in range(2)]
        assert dead
        os.kill(dead, signal.SIGKILL)
        async with asyncio.timeout(10):
            await asyncio.gather(*waiting)
        assert not postgres.is_running()
        assert await postgres.ensure_running() is True
        assert postgres.is_running()
        assert postgres.pid != dead
        assert postgres.url == url
        assert await ask(url, "SELECT n FROM t") == 5
        assert await postgres.ensure_running() is False


async def test_of_two_that_revive_one_starts_and_the_other_joins(
    closed: Path, ask: Ask
) -> None:
    async with EmbeddedPostgres(closed) as one, EmbeddedPostgres(closed) as two:
        assert one.pid
        os.kill(one.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            await asyncio.gather(one.wait_dead(), two.wait_dead())
            both = await asyncio.gather(one.ensure_running(), two.ensure_running())
        assert both == [True, True]
        assert one.pid == two.pid
        assert await ask(two.url, "SELECT 1") == 1


async def test_children_that_outlive_a_killed_server_are_cleared_away(
    closed: Path, ask: Ask, soon: Soon, members: Members
) -> None:
    async with EmbeddedPostgres(closed, bounds=BRIEF) as postgres:
        dead = postgres.pid
        assert dead
        child = next(pid for pid in members(closed) if pid != dead)
        os.kill(child, signal.SIGSTOP)
        os.kill(dead, signal.SIGKILL)
        await postgres.wait_dead()
        assert await soon(lambda: members(closed) == [child])
        assert await postgres.ensure_running() is True
        assert child not in members(closed)
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_server_that_hangs_is_replaced_by_the_next_start(
    closed: Path, ask: Ask
) -> None:
    async with EmbeddedPostgres(closed, bounds=BRIEF) as first:
        assert first.pid
        os.kill(first.pid, signal.SIGSTOP)
        async with EmbeddedPostgres(closed, bounds=BRIEF) as second:
            assert second.pid != first.pid
            assert not first.is_running()
            assert await ask(second.url, "SELECT 1") == 1


async def test_a_server_that_hangs_is_killed_at_the_stop(
    closed: Path, members: Members
) -> None:
    async with EmbeddedPostgres(closed, bounds=BRIEF) as postgres:
        assert postgres.pid
        os.kill(postgres.pid, signal.SIGSTOP)
    assert members(closed) == []


async def test_a_server_that_recovers_is_waited_for(
    closed: Path,
    ask: Ask,
    programs: Path,
    with_pg_isready: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    asked = tmp_path / "asked"
    real = f'[ -e "{asked}" ] && exec "{programs}/pg_isready" "$@"'
    tools = with_pg_isready(f'{real}\ntouch "{asked}"\nexit 1')
    async with EmbeddedPostgres(closed, programs=tools) as postgres:
        assert asked.exists()
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_server_that_never_gets_ready_is_stopped_again(
    closed: Path, with_pg_isready: Callable[[str], Path], members: Members
) -> None:
    async with EmbeddedPostgres(closed):
        pass  # the cluster is made: only its start counts
    tools = with_pg_isready("exit 1")
    postgres = EmbeddedPostgres(closed, programs=tools, bounds=Bounds(start=3.0))
    with pytest.raises(ClusterUnusable, match="was not ready within 3 s"):
        await postgres.start()
    assert members(closed) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")
async def test_a_server_that_somebody_started_by_hand_is_left_alone(
    theirs: Path, rent: Rent, programs: Path
) -> None:
    tenant = await rent(theirs, uid="65534")
    await tenant.end()
    by_hand = await asyncio.create_subprocess_exec(
        *(str(programs / "postgres"), "-D", str(home(theirs) / "cluster")),
        *("-c", "listen_addresses=", "-c", f"unix_socket_directories={theirs}"),
        stderr=asyncio.subprocess.PIPE,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
    )
    try:
        assert by_hand.stderr
        async with asyncio.timeout(20):
            while b"ready to accept" not in (line := await by_hand.stderr.readline()):
                assert line, "it did not start"
        with pytest.raises(
            ClusterUnusable, match=f"Process {by_hand.pid} runs Postgres"
        ):
            await EmbeddedPostgres(theirs).start()
        assert by_hand.returncode is None
    finally:
        by_hand.kill()
        await by_hand.communicate()
