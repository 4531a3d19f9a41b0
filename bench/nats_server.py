"""A real NATS server from its wheel, with JetStream in a folder."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import ServerFailed, end

START_LIMIT_S = 20.0
STOP_LIMIT_S = 10.0


def nats_program() -> str:
    """Return the program: beside our Python, or on the path.

    Raises:
        ServerFailed: there is none.
    """
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise ServerFailed("nats-server is missing: make dev")
    return found


@dataclass
class NatsServer:
    """A server with JetStream in a folder; it can be ended and started again.

    `launcher` are words before the program's own: a command that becomes it.
    """

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    port: int = -1
    options: tuple[str, ...] = ()
    launcher: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Its address."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the same port as before; returns when it answers.

        Raises:
            ServerFailed: it is missing, ended, or does not answer in time.
        """
        ports = self.folder / "ports"
        shutil.rmtree(ports, ignore_errors=True)
        ports.mkdir(parents=True)
        self.process = subprocess.Popen(
            [
                *self.launcher,
                nats_program(),
                *("-a", "127.0.0.1", "-p", str(self.port)),
                *("-js", "-sd", str(self.folder / "store")),
                *("--ports_file_dir", str(ports)),
                *self.options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"nats-server ended with {self.process.returncode}")
            for file in ports.glob("*.ports"):
                told = json.loads(file.read_text() or "{}")
                for url in told.get("nats", ()):
                    self.port = int(url.rsplit(":", 1)[1])
                    return
            time.sleep(0.02)  # another process: there is nothing to await
        raise ServerFailed(f"nats-server does not answer within {START_LIMIT_S:g} s")

    def stop(self, *, kill: bool = False) -> None:
        """End it in order, or at once."""
        process, self.process = self.process, None
        if process is None:
            return
        if kill:
            process.kill()
        end(process, STOP_LIMIT_S)

    def forget(self) -> None:
        """Delete what it has stored, while it is down."""
        shutil.rmtree(self.folder / "store", ignore_errors=True)


@contextmanager
def run_nats(folder: Path) -> Iterator[NatsServer]:
    """Run a server on a free port.

    Raises:
        ServerFailed: it is missing, ended, or does not answer in time.
    """
    server = NatsServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
