"""A server that demands keys, in its own process, and the command that makes them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.process import without_settings
from tests.e2e.browser.conftest import browser

__all__ = ["browser"]

LIMIT_S = 60.0


@dataclass
class Keyed:
    """A running server and its `kimp keys`."""

    server: Any
    folder: Path

    @property
    def url(self) -> str:
        """Its address."""
        return str(self.server.url)

    def keys(self, *words: str) -> str:
        """Run `kimp keys …` beside the server; return what it printed."""
        settings = {"KIMP_DATA_DIR": str(self.folder / "data")}
        program = str(Path(sys.executable).parent / "kimp")
        told = subprocess.run(
            [program, "keys", *words],
            env={**without_settings(), **settings},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        return told.stdout.strip()


@pytest.fixture(scope="module")
def keyed(
    tmp_path_factory: pytest.TempPathFactory, kimp: str, running: Callable[..., Any]
) -> Iterator[Keyed]:
    """`kimp demo` with KIMP_AUTH__MODE=keys, ready."""
    folder = tmp_path_factory.mktemp("keyed")
    with running([kimp, "demo"], folder, KIMP_AUTH__MODE="keys") as server:
        server.wait(lambda s: s.get("/ready")[0] == 200)
        yield Keyed(server, folder)
