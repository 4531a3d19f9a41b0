"""A simulator in this process and a server beside it, with its database."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.command.simulate import venue_settings
from bench.process import ask, end, free_port, without_settings

START_LIMIT_S = 90.0
# As real as they are by default, only less patient: more happens in a minute.
SETTINGS: Mapping[str, str] = {
    "KIMP_UPBIT__SILENCE_BOUND_S": "4",
    "KIMP_BINANCE__SILENCE_BOUND_S": "3",
    "KIMP_RESILIENCE__TIMEOUT_S": "4",
    "KIMP_RESILIENCE__BREAKER_OPEN_S": "15",
    "KIMP_LOG__LEVEL": "INFO",
    "KIMP_LOG__FORMAT": "json",
}


class NotServing(Exception):
    """The server ended, or did not come up in time; the message says which."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that tells its tasks; `folder` holds its data, log and told tasks."""

    process: subprocess.Popen[bytes]
    url: str
    folder: Path

    @property
    def told(self) -> Path:
        """Where it writes its tasks when asked."""
        return self.folder / "tasks.json"

    @property
    def log(self) -> Path:
        """What it logs."""
        return self.folder / "server.log"

    @property
    def bounds_s(self) -> dict[str, float]:
        """Its silence bounds by venue."""
        return {
            venue: float(SETTINGS[f"KIMP_{venue.upper()}__SILENCE_BOUND_S"])
            for venue in ("upbit", "binance")
        }

    def wait_ready(self) -> None:
        """Return when /ready says so; blocks.

        Raises:
            NotServing: it ended, or was not ready in time.
        """
        deadline_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline_s:
            if self.process.poll() is not None:
                raise NotServing(f"ended with {self.process.returncode}")
            try:
                with ask(f"{self.url}/ready", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)  # another process: there is nothing to await
        raise NotServing(f"not ready within {START_LIMIT_S:.0f} s")

    def kill_database(self) -> bool:
        """Kill -9 the database; False: it is not running now."""
        for file in sorted(self.folder.rglob("postmaster.pid")):
            try:
                os.kill(int(file.read_text().split()[0]), signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                continue
            return True
        return False


@contextmanager
def serving(
    base_url: str, settings: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """Run a server against a simulator, on an embedded database of its own."""
    with tempfile.TemporaryDirectory(
        prefix="kimp-soak-", ignore_cleanup_errors=True
    ) as name:
        folder, port = Path(name), free_port()
        given = {
            "KIMP_HTTP__PORT": str(port),
            "KIMP_DATA_DIR": name,
            **venue_settings(base_url),
            **SETTINGS,
            **(settings or {}),
        }
        told = str(folder / "tasks.json")
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bench.soak.launch", told],
                env={**without_settings(), **given},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        try:
            yield ServerProcess(process, f"http://127.0.0.1:{port}", folder)
        finally:
            end(process)
