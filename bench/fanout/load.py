"""The load client: a C process of its own, see native/client.c."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.fanout import market, native
from bench.peer import CLIENT_CORE, Running, on_core
from bench.process import end

Kind = Literal["active", "silent", "idle"]


class LoadFailed(Exception):
    """The load client cannot go on; its words."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of ticks came to; times of CPU are the whole process's, in seconds.

    `made_cpu_s` is the part of the server's in which events were made, not delivered.
    Milliseconds count from the tick to its frame at the member; None: no events.
    """

    complete: bool
    members: int
    ticks: int
    messages: int
    bytes: int
    seconds: float
    server_cpu_s: float
    client_cpu_s: float
    made_cpu_s: float
    ended: int
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None

    @property
    def per_second(self) -> float:
        """Messages delivered per second."""
        return self.messages / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU of the server per message delivered, µs."""
        return self.server_cpu_s / max(1, self.messages) * 1e6

    @property
    def delivery_us(self) -> float:
        """The same without the making of events."""
        return (self.server_cpu_s - self.made_cpu_s) / max(1, self.messages) * 1e6

    @property
    def delivery_per_second(self) -> float:
        """Messages per second, the time not counted in which events were made."""
        return self.messages / (self.seconds - self.made_cpu_s)

    @property
    def client_us(self) -> float:
        """CPU of the load client per message, µs."""
        return self.client_cpu_s / max(1, self.messages) * 1e6

    @property
    def core(self) -> float:
        """The server's share of one core."""
        return self.server_cpu_s / self.seconds

    @property
    def frame_bytes(self) -> float:
        """Bytes of a frame."""
        return self.bytes / max(1, self.messages)


class Load:
    """Gives the client its commands; each returns when it is carried out.

    Every method raises `LoadFailed` where the client or the server cannot go on.
    """

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def open(
        self, count: int, payloads: Sequence[dict[str, Any]], kind: Kind = "active"
    ) -> float:
        """Open subscribers, payloads in turn; return the seconds until all are told."""
        if not count:
            return 0.0
        path = self._folder / "payloads"
        path.write_text("".join(json.dumps(payload) + "\n" for payload in payloads))
        return float(self._do(f"open {count} {kind} {path}")["seconds"])

    def saturate(self, seconds: float) -> Run:
        """Tick as soon as all active members have the last event."""
        return _run(self._do(f"saturate {seconds}"))

    def pace(self, per_second: float, seconds: float) -> Run:
        """Tick at a steady pace."""
        return _run(self._do(f"pace {per_second} {seconds}"))

    def rest(self, seconds: float) -> None:
        """Let time pass without ticks."""
        self._do(f"rest {seconds}")

    def check(self, asked: dict[str, Any]) -> None:
        """Tick once and look at what the first member is told.

        Raises:
            LoadFailed: it is not the event that was asked for.
        """
        path = self._folder / "captured"
        self._do(f"capture {path}")
        found = market.problem(json.loads(path.read_text()), asked)
        if found:
            raise LoadFailed(f"a wrong event: {found}")

    def _do(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as exc:
            raise LoadFailed("the load client is gone") from exc
        line = self._process.stdout.readline()
        if not line:
            raise LoadFailed(f"the load client ended at: {command}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise LoadFailed(answer["error"])
        return answer


def _run(answer: dict[str, Any]) -> Run:
    late = {
        key: None if answer[key] < 0 else answer[key]
        for key in ("p50_ms", "p99_ms", "max_ms")
    }
    return Run(**{**answer, **late})


@contextmanager
def client(server: Running, ids: Literal["uuid", "same"] = "uuid") -> Iterator[Load]:
    """Run a load client of a server.

    Raises:
        CannotBuild: it cannot be compiled here.
    """
    orders, told = server.pipes
    pid = server.process.pid
    program = native.program("client")
    arguments = [str(word) for word in (program, server.port, orders, told, pid, ids)]
    with tempfile.TemporaryDirectory(prefix="kimp-fanout-") as folder:
        os.set_blocking(orders, True)
        with on_core(CLIENT_CORE):
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(orders, told),
                text=True,
            )
        try:
            yield Load(process, Path(folder))
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            end(process)
