"""Clusters that cannot be: one line, and nothing half started."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.postgres.embedded import (
    Bounds,
    ClusterUnusable,
    EmbeddedPostgres,
    tenancy,
)
from adapters.postgres.embedded.lock import Lock

Rent = Callable[..., Awaitable[Any]]
Members = Callable[..., list[int]]
Soon = Callable[[Callable[[], bool]], Awaitable[bool]]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


async def refusal(postgres: EmbeddedPostgres) -> str:
    with pytest.raises(ClusterUnusable) as caught:
        await postgres.start()
    assert not postgres.is_running()
    said = str(caught.value)
    assert "\n" not in said
    return said


async def test_a_file_where_the_folder_should_be(closed: Path) -> None:
    (closed / "var").touch()
    said = await refusal(EmbeddedPostgres(closed / "var"))
    assert f"The data folder {closed / 'var'} cannot be used" in said
    assert "KIMP_DATA_DIR" in said


@as_root
async def test_a_folder_that_is_not_writable(reachable: Path, rent: Rent) -> None:
    tenant = await rent(reachable / "var", uid="65534")
    assert f"The data folder {reachable / 'var'} cannot be used" in tenant.said["error"]
    assert "(Permission denied)" in tenant.said["error"]


@pytest.mark.parametrize(
    ("version", "commands"),
    [
        ("17", ["`kimp backup kimp.dump`", " kimp restore kimp.dump`", "./var-pg"]),
        ("99", ["the newer kimchi-premium that wrote it"]),
    ],
)
async def test_a_cluster_of_another_release_is_refused_with_the_commands(
    closed: Path, version: str, commands: list[str]
) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        cluster = postgres.location / "cluster"
    (cluster / "PG_VERSION").write_text(f"{version}\n")
    said = await refusal(EmbeddedPostgres(closed))
    assert f"was written by PostgreSQL {version}, this is PostgreSQL" in said
    assert f"PG_BIN to the programs of PostgreSQL {version}" in said
    assert all(command in said for command in commands)
    assert (cluster / "PG_VERSION").read_text() == f"{version}\n"


async def test_a_folder_that_is_no_cluster(closed: Path) -> None:
    cluster = closed / "postgres/server/cluster"
    cluster.mkdir(parents=True)
    said = await refusal(EmbeddedPostgres(closed))
    assert f"{cluster} is not a PostgreSQL cluster" in said


async def test_no_programs(
    closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    said = await refusal(EmbeddedPostgres(closed))
    assert f"PG_BIN={tmp_path} has no initdb, postgres, pg_isready" in said


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("echo 'initdb (PostgreSQL) 16.4'", "PostgreSQL 16 in .* is too old"),
        ("echo hello", "initdb is no PostgreSQL .hello"),
        ("echo 'no such library'; exit 127", "does not run .no such library"),
    ],
)
async def test_programs_that_will_not_do(
    closed: Path, tmp_path: Path, shell: str, expected: str
) -> None:
    for name in ("initdb", "postgres", "pg_isready"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{shell}\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(ClusterUnusable, match=expected):
        await EmbeddedPostgres(closed, programs=tmp_path).start()
    assert not (closed / "postgres/server/cluster").exists()


@pytest.fixture
def tiny_disk(closed: Path) -> Iterator[Path]:
    disk = closed / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "kimp-test", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@as_root
async def test_a_full_disk(tiny_disk: Path) -> None:
    said = await refusal(EmbeddedPostgres(tiny_disk))
    assert "No space left on device" in said
    assert "Free some disk space" in said
    assert not list((tiny_disk / "postgres/server").glob("cluster*"))


async def test_windows_is_told_of_wsl(closed: Path) -> None:
    said = await refusal(EmbeddedPostgres(closed, platform="win32"))
    assert "WSL" in said
    assert "KIMP_DATABASE__URL" in said
    assert not (closed / "postgres").exists()


def test_on_windows_it_can_be_imported_to_say_so(closed: Path) -> None:
    code = (
        "import asyncio, importlib.util, pathlib, structlog, sqlalchemy, sys\n"
        "sys.modules.update(fcntl=None, pwd=None)\n"
        "sys.platform = 'win32'\n"
        "from adapters.postgres.embedded import EmbeddedPostgres\n"
        "postgres = EmbeddedPostgres(pathlib.Path(sys.argv[1]), platform='win32')\n"
        "asyncio.run(postgres.start())\n"
    )
    command = [sys.executable, "-c", code, str(closed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    last = done.stderr.strip().splitlines()[-1]
    assert "ClusterUnusable: The embedded Postgres runs on Linux and macOS only" in last


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ("locate.lock", "has been deciding about .* for too long"),
        ("server/start.lock", "has been starting or stopping the cluster"),
        ("server/user.lock", "has been stopping the cluster"),
    ],
)
async def test_somebody_else_takes_too_long(
    closed: Path, held: str, expected: str, members: Members
) -> None:
    (closed / "postgres/server").mkdir(parents=True)
    with Lock(closed / "postgres" / held) as lock:
        assert lock.try_exclusive()
        postgres = EmbeddedPostgres(closed, bounds=Bounds(start=0.5))
        with pytest.raises(ClusterUnusable, match=expected):
            await postgres.start()
    assert members(closed) == []


async def test_without_a_watchdog_nothing_starts(
    closed: Path, members: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenancy, "WATCHDOG", closed / "none.py")
    said = await refusal(EmbeddedPostgres(closed))
    assert "No watchdog for" in said
    assert "none.py" in said
    assert members(closed) == []


async def test_no_stop_waits_for_ever_for_somebody_who_is_starting(
    closed: Path, members: Members, soon: Soon
) -> None:
    bounds = Bounds(fast=0.3, quit=0.1, kill=0.1)
    postgres = EmbeddedPostgres(closed, bounds=bounds)
    await postgres.start()
    home = postgres.location
    with Lock(home / "start.lock") as start:
        assert start.try_exclusive()
        await postgres.stop()
    assert await soon(lambda: not members(closed)), "the watchdog sees to it"
