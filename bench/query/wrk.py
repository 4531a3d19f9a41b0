"""The load client: wrk, 16 keep-alive connections from one thread."""

import json
import resource
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.environment import CannotBuild
from bench.peer import CLIENT_CORE, on_core
from bench.query.operation import COUNTER, Operation

CONNECTIONS = 16
SCRIPT = Path(__file__).parent / "wrk.lua"
ANSWER_LIMIT_S = 10
"""An answer that takes longer counts as broken."""
END_LIMIT_S = 30.0


class LoadFailed(Exception):
    """The load could not be carried out, or was answered with errors."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the client came to; `client_core` is its own share of a core."""

    requests: int
    seconds: float
    bytes: int
    p50_ms: float
    p99_ms: float
    client_core: float


def require() -> None:
    """See that the client is there.

    Raises:
        CannotBuild: it is not; says how to get it.
    """
    if shutil.which("wrk") is None:
        raise CannotBuild(
            "no wrk here, the load client; on Debian and Ubuntu: apt-get install wrk, "
            "on macOS: brew install wrk"
        )


def load(url: str, operation: Operation, seconds: int, first: int = 0) -> Load:
    """Send an operation as fast as it is answered; `first`: where counting begins.

    Raises:
        LoadFailed: a connection broke, or an answer was no 200.
    """
    began_s = _children_s()
    with tempfile.NamedTemporaryFile("w", prefix="kimp-query-") as bodies:
        bodies.write("".join(body + "\n" for body in operation.bodies()))
        bodies.flush()
        mark = COUNTER if operation.fresh else ""
        told = _run(url, seconds, [bodies.name, mark, str(first)])
    if told["refused"] or told["broken"] or not told["requests"]:
        raise LoadFailed(
            f"{told['requests']} requests, {told['refused']} refused, "
            f"{told['broken']} broken"
        )
    return Load(
        requests=int(told["requests"]),
        seconds=told["seconds"],
        bytes=int(told["bytes"]),
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        client_core=(_children_s() - began_s) / told["seconds"],
    )


def _run(url: str, seconds: int, arguments: list[str]) -> dict[str, float]:
    threads = ["-t", "1", "-c", str(CONNECTIONS), "--timeout", f"{ANSWER_LIMIT_S}s"]
    command = ["wrk", *threads, "-d", f"{seconds}s", "-s", str(SCRIPT)]
    with on_core(CLIENT_CORE):
        done = subprocess.run(
            [*command, url, "--", *arguments],
            capture_output=True,
            text=True,
            timeout=seconds + END_LIMIT_S,
            check=False,
        )
    if done.returncode:
        raise LoadFailed(f"wrk: {(done.stderr or done.stdout)[-500:]}")
    found: dict[str, float] = json.loads(done.stdout.rstrip().splitlines()[-1])
    return found


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
