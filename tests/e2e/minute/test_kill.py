"""A real server is killed right after a real minute: every closed minute is there.

Minutes cannot be hurried from outside, so this test waits for the end of one.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.postgres.url import parse_url

Running = Callable[..., AbstractContextManager[Any]]
# One minute's end, and what a busy machine needs beside it.
LIMIT_S = 100.0
MINUTE_S = 60


def fetch(url: str, question: str) -> list[Any]:
    """Ask the database, whose tables may be under way."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(parse_url(url).dsn)
        try:
            return list(await connection.fetch(question))
        finally:
            await connection.close()

    return asyncio.run(ask())


def minutes(url: str) -> list[tuple[int, int, int]]:
    """Each stored minute: its opening in Unix s, its rows, its coins."""
    rows = fetch(
        url,
        "SELECT extract(epoch FROM opened_at)::bigint, count(*),"
        " count(DISTINCT symbol) FROM premium_minute GROUP BY 1 ORDER BY 1",
    )
    return [tuple(row) for row in rows]


def waiting(folder: Path) -> list[str]:
    """The batches on disk."""
    return [file.name for file in folder.glob("*.jsonl")]


def is_kept(opened_s: int, folder: Path, url: str) -> bool:
    """Whether a minute is on disk or in the database."""
    if any(int(name.split("-")[0]) == opened_s * 1000 for name in waiting(folder)):
        return True
    return any(minute[0] == opened_s for minute in minutes(url))


@pytest.mark.slow
def test_a_kill_right_after_a_minute_loses_none_and_doubles_none(
    running: Running,
    kimp: str,
    live_coins: Callable[[Any], int],
    cut_off: dict[str, str],
    postgres_url: str,
    tmp_path: Path,
) -> None:
    spool = tmp_path / "data" / "spool" / "bars"
    database = {"KIMP_DATABASE__URL": postgres_url, "KIMP_HISTORY__HEAL_DAYS": "0"}
    with running([kimp, "demo"], tmp_path, **database) as server:
        server.wait(lambda s: live_coins(s) > 100)
        coins = live_coins(server)
        # Another process: there is nothing to await but the time itself.
        while time.time() % MINUTE_S > MINUTE_S - 2:
            time.sleep(0.1)  # until the next look
        opened_s = int(time.time()) // MINUTE_S * MINUTE_S
        while time.time() < opened_s + MINUTE_S:
            time.sleep(0.005)  # until the next look
        deadline = time.monotonic() + LIMIT_S - MINUTE_S
        while not is_kept(opened_s, spool, postgres_url):
            assert time.monotonic() < deadline, server.log.read_text()
        server.stop(signal.SIGKILL)
    # In the file, in the table, or in both: nowhere else, and nothing is torn.
    assert not list(spool.glob("*.part"))
    with running([kimp, "serve"], tmp_path, **database, **cut_off) as server:
        server.wait(lambda s: minutes(postgres_url) and not waiting(spool))
        stored = minutes(postgres_url)
        assert server.stop() == 0
    closed = [minute for minute in stored if minute[0] <= opened_s]
    assert closed, stored
    assert closed[-1][0] == opened_s
    for _, rows, symbols in closed:
        assert rows == symbols >= coins
    assert not (spool / "aside").exists()
