"""`kimp serve --role api --workers N`: N processes that listen on one port.

Each has a listening socket of its own (SO_REUSEPORT): the kernel spreads callers evenly
over them (Linux). One that dies is started again; they end with this process, however
it ends.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
import uvloop

from app.failure import CommandFailed
from app.http_server import bind, share_port
from app.http_setting import HttpSettings
from app.settings import Settings
from app.signal import stop_on_signal
from app.store import CannotStart

COMMAND: Final = (sys.executable, "-m", "app.cli", "serve", "--role", "api")
# Set for the processes: how many they are. No setting: nobody else has to know.
SIBLINGS: Final = "KIMCHI_PREMIUM_SIBLINGS"
# A process that lived so long had started well.
STEADY_S: Final = 10.0
# A process that died is started again after 1, 2, 4 … s, at most these.
FIRST_WAIT_S: Final = 1.0
MAX_WAIT_S: Final = 30.0
STDIN: Final = 0
# So many that never started well, one after the other, end all.
MAX_STILLBORN: Final = 3
# Past the time that open requests may take, what ending may take besides.
STOP_GRACE_S: Final = 10.0

_log = structlog.get_logger(__name__)


def siblings(environment: Mapping[str, str]) -> int:
    """Return how many processes share our port and our part of the venues' limits.

    Among siblings we end when the process that started us does.
    """
    text = environment.get(SIBLINGS, "")
    if not text.isdecimal():
        return 1
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
    return max(1, int(text))


def run_workers(settings: Settings, count: int) -> int:
    """Run the processes until a signal ends them; return the exit code.

    Raises:
        CannotStart: the port is taken.
        CommandFailed: the processes do not start.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(Crew(settings, count, COMMAND).run())


class Crew:
    """The processes of one command, and who starts them again."""

    def __init__(self, settings: Settings, count: int, command: Sequence[str]) -> None:
        self._settings = settings
        self._count = count
        self._command = command
        self._stop = asyncio.Event()
        self._stillborn = 0

    async def run(self) -> int:
        """Run them until a signal comes; return the exit code.

        Raises:
            CannotStart: the port is taken.
            CommandFailed: the processes do not start.
        """
        with _held_port(self._settings.http) as held, stop_on_signal(self._stop):
            port = held.getsockname()[1]
            _log.info("workers.started", processes=self._count, port=port)
            async with asyncio.TaskGroup() as group:
                for number in range(1, self._count + 1):
                    group.create_task(self._keep(number, port), name=f"worker.{number}")
        _log.info("workers.stopped")
        if self._stillborn >= MAX_STILLBORN:
            raise CommandFailed("the API processes do not start; see the lines above")
        return 0

    async def _keep(self, number: int, port: int) -> None:
        """Keep one process running until all are told to stop."""
        loop = asyncio.get_running_loop()
        wait_s = FIRST_WAIT_S
        while not self._stop.is_set():
            began_s = loop.time()
            code = await self._live(port)
            if self._stop.is_set():
                return
            lived_s = loop.time() - began_s
            _log.warning("workers.died", number=number, code=code, after_s=lived_s)
            steady = lived_s >= STEADY_S
            self._stillborn = 0 if steady else self._stillborn + 1
            if self._stillborn >= MAX_STILLBORN:
                self._stop.set()
                return
            wait_s = FIRST_WAIT_S if steady else wait_s
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stop.wait()
            wait_s = min(2 * wait_s, MAX_WAIT_S)

    async def _live(self, port: int) -> int:
        """Run a process to its end and return its exit code."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            env={
                **os.environ,
                "KIMP_HTTP__PORT": str(port),
                "KIMP_HTTP__REUSE_PORT": "true",
                SIBLINGS: str(self._count),
            },
            stdin=asyncio.subprocess.PIPE,
            # Ctrl+C is for us, and we end it in order.
            start_new_session=True,
        )
        ended = asyncio.create_task(process.wait(), name="worker.ended")
        told = asyncio.create_task(self._stop.wait(), name="worker.told")
        try:
            await asyncio.wait([ended, told], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                patience_s = self._settings.http.drain_s + STOP_GRACE_S
                await asyncio.wait([ended], timeout=patience_s)
        finally:
            told.cancel()
            if process.returncode is None:
                process.kill()
                await process.wait()
        return await ended


def _held_port(http: HttpSettings) -> socket.socket:
    """Return a socket that keeps the port for the processes, and takes no callers.

    Raises:
        CannotStart: another program listens there.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise CannotStart("--workers needs SO_REUSEPORT, which this system lacks")
    alone = http.model_copy(update={"reuse_port": False})
    with bind(alone) as probe:
        address = probe.getsockname()
        family = probe.family
    held = socket.socket(family, socket.SOCK_STREAM)
    try:
        share_port(held)
        held.bind(address)
    except OSError as exc:
        held.close()
        raise CannotStart(f"cannot hold {address}: {exc}") from exc
    return held


def _end_with_parent() -> None:
    # The pipe closes when the process that holds its other end is gone.
    with suppress(OSError, ValueError):
        while os.read(STDIN, 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
