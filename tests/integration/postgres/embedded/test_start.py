"""Starting, using and stopping a cluster, on the real programs."""

import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.postgres.embedded import ClusterUnusable, EmbeddedPostgres

Ask = Callable[..., Awaitable[Any]]
Soon = Callable[[Callable[[], bool]], Awaitable[bool]]
Residents = Callable[[Path], list[int]]


async def test_it_gives_a_url_that_sqlalchemy_opens(closed: Path) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        engine = create_async_engine(postgres.url)
        async with engine.connect() as connection:
            question = text("SELECT current_user, current_database(), '김프'")
            row = (await connection.execute(question)).one()
        await engine.dispose()
    assert tuple(row) == ("kimp", "kimp", "김프")


async def test_it_sorts_and_folds_the_same_on_every_machine(
    closed: Path, ask: Ask
) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        question = (
            "SELECT (datlocprovider, datlocale, pg_encoding_to_char(encoding))::text "
            "FROM pg_database WHERE datname = 'kimp'"
        )
        assert await ask(postgres.url, question) == "(b,C.UTF-8,UTF8)"
        assert await ask(postgres.url, "SELECT upper('ä')") == "Ä"
        assert await ask(postgres.url, "SHOW timezone") == "UTC"


async def test_it_is_durable_and_out_of_reach_of_the_network_and_of_others(
    closed: Path, ask: Ask
) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        assert await ask(postgres.url, "SHOW listen_addresses") == ""
        assert await ask(postgres.url, "SHOW fsync") == "on"
        assert await ask(postgres.url, "SHOW synchronous_commit") == "on"
        assert stat.S_IMODE(postgres.location.stat().st_mode) == 0o700
        assert postgres.location == closed / "postgres" / "server"


async def test_settings_of_the_caller_win(closed: Path, ask: Ask) -> None:
    settings = {"synchronous_commit": "off", "shared_buffers": "16MB"}
    async with EmbeddedPostgres(closed, settings=settings) as postgres:
        assert await ask(postgres.url, "SHOW synchronous_commit") == "off"
        assert await ask(postgres.url, "SHOW shared_buffers") == "16MB"


async def test_what_was_written_is_there_after_a_restart(
    closed: Path, ask: Ask, residents: Residents, soon: Soon
) -> None:
    postgres = EmbeddedPostgres(closed)
    first = await postgres.start()
    await ask(first, "CREATE TABLE t AS SELECT 42 AS n", "SELECT 1")
    await postgres.stop()
    assert not (closed / "postgres/server/cluster/postmaster.pid").exists()
    assert await soon(lambda: not residents(closed))

    # A data folder whose path is too long for a socket gets another place for it.
    again = await postgres.start()
    assert await ask(again, "SELECT n FROM t") == 42
    await postgres.stop()


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "김치 ü",
        "long " + "x" * 120,
        "/".join(["deep" * 15] * 8),
        "quotes \" ' \\ $HOME, `id`",
        "line\nbreak",
    ],
    ids=["space", "non-ascii", "long", "very-long", "quotes", "control"],
)
async def test_any_path_will_do(closed: Path, ask: Ask, soon: Soon, name: str) -> None:
    async with EmbeddedPostgres(closed / name) as postgres:
        assert await ask(postgres.url, "SELECT 1") == 1
        folder = str(make_url(postgres.url).query["host"])
        async with EmbeddedPostgres(closed / name) as second:
            assert second.url == postgres.url
            assert second.pid == postgres.pid
    at_home = folder == str(postgres_home(closed / name))
    assert at_home or await soon(lambda: not os.path.lexists(folder))


def postgres_home(data_dir: Path) -> Path:
    return data_dir / "postgres" / "server"


async def test_it_may_be_stopped_at_any_time_but_started_once(closed: Path) -> None:
    postgres = EmbeddedPostgres(closed)
    await postgres.stop()
    assert not postgres.is_running()
    await postgres.wait_dead()
    with pytest.raises(RuntimeError, match="was not started"):
        _ = postgres.url
    await postgres.start()
    assert postgres.is_running()
    with pytest.raises(RuntimeError, match="already"):
        await postgres.start()
    await postgres.stop()
    await postgres.stop()
    assert not postgres.is_running()
    assert postgres.pid is None


async def test_a_cancelled_start_leaves_nothing_and_the_next_one_works(
    closed: Path,
    ask: Ask,
    residents: Residents,
    soon: Soon,
) -> None:
    postgres = EmbeddedPostgres(closed)
    starting = asyncio.create_task(postgres.start())
    home = postgres_home(closed)
    assert await soon(lambda: any(home.glob("cluster.new-*")))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not list(home.glob("cluster*"))
    assert await soon(lambda: not residents(closed))
    async with postgres:
        assert await ask(postgres.url, "SELECT 1") == 1


async def test_a_cancellation_that_comes_too_late_stops_the_server_again(
    closed: Path, residents: Residents, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres = EmbeddedPostgres(closed)
    loop = asyncio.get_running_loop()
    watch = postgres._watch

    def cancelled_meanwhile(*args: Any) -> None:
        loop.call_soon_threadsafe(starting.cancel)
        watch(*args)

    monkeypatch.setattr(postgres, "_watch", cancelled_meanwhile)
    starting = asyncio.create_task(postgres.start())
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not postgres.is_running()
    assert not (postgres_home(closed) / "cluster/postmaster.pid").exists()


async def test_what_a_killed_initdb_left_is_removed(closed: Path, ask: Ask) -> None:
    half = postgres_home(closed) / "cluster.new-0badcafe"
    (half / "base").mkdir(parents=True)
    async with EmbeddedPostgres(closed) as postgres:
        assert await ask(postgres.url, "SELECT 1") == 1
        assert not half.exists()


async def test_the_log_is_bounded(closed: Path) -> None:
    async with EmbeddedPostgres(closed) as postgres:
        log = postgres.location / "postgres.log"
        with log.open("ab") as file:
            file.truncate(5_000_000)
        assert await postgres.ensure_running() is False
        assert log.stat().st_size == 0
        assert (postgres.location / "postgres.log.1").stat().st_size == 5_000_000
    assert b"shut down" in log.read_bytes()


async def test_a_setting_that_postgres_refuses_is_named(closed: Path) -> None:
    postgres = EmbeddedPostgres(closed, settings={"shared_buffers": "plenty"})
    with pytest.raises(ClusterUnusable) as caught:
        await postgres.start()
    assert 'invalid value for parameter "shared_buffers": "plenty"' in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_supervisors_own_settings_cannot_be_overridden(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="listen_addresses"):
        EmbeddedPostgres(tmp_path, settings={"listen_addresses": "*"})
