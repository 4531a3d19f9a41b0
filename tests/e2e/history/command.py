"""`kimp` commands as people call them, and the database behind them."""

import asyncio
import os
import signal
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from adapters.postgres.url import parse_url
from bench.process import without_settings
from tests.e2e.semantics.server import KIMP, REPOSITORY, Server, serving

CLOCK: Final = Path(__file__).parent / "clock"
COMMAND_LIMIT_S: Final = 300.0
PRICE_LIMIT_S: Final = 60.0

# The venues live in the tests' own process: on a busy machine they are slow to answer,
# and a server that called them silent or dead would be right.
PATIENCE = {
    "KIMP_UPBIT__SILENCE_BOUND_S": "60",
    "KIMP_BINANCE__SILENCE_BOUND_S": "60",
    "KIMP_RESILIENCE__TIMEOUT_S": "60",
}


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code and its words."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Everything it said."""
        return self.out + self.err


@dataclass
class Bench:
    """Where commands and servers of one test run: folder, settings, clock."""

    folder: Path
    settings: dict[str, str]
    shift_s: float = 0.0

    def __post_init__(self) -> None:
        """Set the children's clock; the folder is made where it is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.set_clock(self.shift_s)

    def set_clock(self, shift_s: float) -> None:
        """Set the wall clock of all children so far ahead, those that run too."""
        self.shift_s = shift_s
        text = struct.pack("<q", round(shift_s * 1e9))
        if not self._clock.exists():
            self._clock.write_bytes(text)
        with self._clock.open("r+b") as file:  # in place: children have it mapped
            file.write(text)

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of a child."""
        data = {"KIMP_DATA_DIR": str(self.folder / "data")}
        return {**without_settings(), **data, **self._own}

    @property
    def _clock(self) -> Path:
        return self.folder / "clock"

    @property
    def _own(self) -> dict[str, str]:
        clock = {"PYTHONPATH": str(CLOCK), "KIMP_TEST_CLOCK": str(self._clock)}
        return {**PATIENCE, **self.settings, **clock}

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in a group of its own."""
        return subprocess.Popen(
            [str(KIMP), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=REPOSITORY,
            start_new_session=True,
        )

    def run(self, *words: str) -> Said:
        """Run a command to its end."""
        return ended(self.start(*words))

    def run_all(self, lines: Sequence[Sequence[str]], at_once: int = 4) -> list[Said]:
        """Run commands side by side, and return what they said in order."""
        said: list[Said] = []
        for first in range(0, len(lines), at_once):
            children = [self.start(*line) for line in lines[first : first + at_once]]
            said.extend(ended(child) for child in children)
        return said

    @contextmanager
    def serve(self, **more: str) -> Iterator[Server]:
        """Run the server."""
        with serving(self.folder, {**self._own, **more}) as server:
            yield server

    def rows(self, question: str, *values: Any) -> list[dict[str, Any]]:
        """Ask the database at KIMP_DATABASE__URL."""
        return rows(self.settings["KIMP_DATABASE__URL"], question, *values)

    def value(self, question: str, *values: Any) -> Any:
        """Ask for one value."""
        (row,) = self.rows(question, *values)
        (value,) = row.values()
        return value


def ended(child: subprocess.Popen[str], limit_s: float = COMMAND_LIMIT_S) -> Said:
    """Wait for a command's end; one that takes too long is killed with its group."""
    try:
        out, err = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        kill(child)
        out, err = child.communicate()
        raise AssertionError(f"not within {limit_s} s:\n{out}\n{err}") from None
    return Said(child.returncode, out, err)


def kill(child: subprocess.Popen[str]) -> None:
    """End a command the hardest way."""
    os.killpg(child.pid, signal.SIGKILL)


def rows(url: str, question: str, *values: Any) -> list[dict[str, Any]]:
    """Ask a database."""

    async def ask() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(parse_url(url).dsn)
        try:
            return [dict(row) for row in await connection.fetch(question, *values)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def metric(server: Server, word: str) -> dict[str, float]:
    """Return the series of /metrics whose name holds a word."""
    lines = server.get("/metrics")[1].splitlines()
    found = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in found if word in name}


def wait_price(server: Server, symbol: str, price: str) -> None:
    """Return as soon as a coin's domestic leg shows a price."""
    server.premium_when(
        symbol,
        lambda p: p["domestic"] is not None and p["domestic"]["price"] == price,
        f"{symbol} at {price}",
        PRICE_LIMIT_S,
    )
