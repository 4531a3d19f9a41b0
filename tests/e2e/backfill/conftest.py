"""`kimp backfill` as people call it, against simulated exchanges."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.postgres.url import parse_url
from app.database_access import open_as_it_is
from app.settings import Settings
from bench.process import without_settings
from tests.simulated_venues import simulated_venues

LIMIT_S = 120.0
REPOSITORY = Path(__file__).parents[3]


def day_ago(days: int) -> date:
    """Return the UTC day so many days before today."""
    return datetime.now(UTC).date() - timedelta(days=days)


@dataclass
class Desk:
    """Where commands run: a data folder and the settings that all of them get."""

    folder: Path
    settings: Mapping[str, str]
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start `kimp …` in a group of its own."""
        child = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=REPOSITORY,
            env={
                **without_settings(),
                "KIMP_DATA_DIR": str(self.folder),
                **self.settings,
            },
        )
        self.children.append(child)
        return child

    def run(self, *words: str) -> tuple[int, str, str]:
        """Return the exit code, and what was said on both streams."""
        child = self.start(*words)
        out, err = child.communicate(timeout=LIMIT_S)
        return child.returncode, out, err

    def query(self, statement: str) -> Sequence[Any]:
        """Return rows of the embedded database, beside whoever uses it."""
        return asyncio.run(self._query(statement))

    async def _query(self, statement: str) -> Sequence[Any]:
        async with open_as_it_is(Settings(data_dir=self.folder)) as database:
            connection = await asyncpg.connect(parse_url(database.url.dsn).dsn)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

    def end(self) -> None:
        """End everything that still runs."""
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()


@pytest.fixture(scope="module")
def venues() -> Iterator[Mapping[str, str]]:
    """Settings that point at simulated exchanges of their own process."""
    with simulated_venues(rate=0.2) as settings:
        yield settings


@pytest.fixture
def desk(tmp_path: Path, venues: Mapping[str, str]) -> Iterator[Desk]:
    """A data folder with a blank in its name, empty at first."""
    one = Desk(tmp_path / "a folder", venues)
    yield one
    one.end()
