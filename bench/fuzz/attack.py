"""Attacks over real sockets on `kimp demo`, while somebody asks for /health.

Every attack is a process of its own; the figure that counts is how long /health takes
meanwhile. What is attempted and what came of it goes to docs/FUZZ.md.
"""

import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench.fuzz import report, siege
from bench.fuzz.siege import Attack, Told
from bench.markdown import grid, number
from bench.process import Measured, ServerFailed, ask, server

HEALTH_S: Final = 0.1
"""/health answers faster, whatever goes on."""

PROBE_S: Final = 0.05
SECONDS: Final = 8.0
LIMIT_S: Final = 60.0
_ERROR: Final = '"level": "error"'
SETTLE_S: Final = 2.0
LEFT_S: Final = 20.0
SETTINGS: Final = {"KIMP_LIMIT__INIT_TIMEOUT_S": "4", "KIMP_LOG__FORMAT": "json"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attack; `health_s` are the answers of /health meanwhile.

    `errors` were logged: no attacker may fill the log with them.
    """

    name: str
    told: Told
    health_s: Sequence[float]
    rss_before_mb: float
    rss_after_mb: float
    sockets_after: int
    subscriptions_after: int
    errors: int = 0

    @property
    def is_calm(self) -> bool:
        """Whether 99 of 100 answers of /health came in time, and nothing is left."""
        slow = quantile(self.health_s, 0.99) > HEALTH_S
        left = self.sockets_after or self.subscriptions_after
        return not (slow or left or self.errors)


def command(write: bool, document: Path) -> int:
    """Try all attacks; return the exit code."""
    try:
        with (
            tempfile.NamedTemporaryFile("w+", prefix="kimp-fuzz-") as log,
            server(SETTINGS, "demo", log) as running,
        ):
            running.wait_live()
            quiet = _probed(running, lambda: False, SECONDS / 2)
            errors = Errors(Path(log.name))
            found = [attempted(running, one, errors) for one in siege.ATTACKS]
    except ServerFailed as exc:
        print(exc, file=sys.stderr)
        return 1
    text = table(found, quiet)
    print(text)
    if write:
        report.write(document, report.ATTACK, text)
    return int(not all(outcome.is_calm for outcome in found))


class Errors:
    """Counts what the server has logged as errors."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0

    def more(self) -> int:
        """Return how many there were since it was asked last."""
        before, self._seen = self._seen, self._path.read_text().count(_ERROR)
        return self._seen - before


def attempted(running: Measured, attack: Attack, errors: Errors) -> Outcome:
    """Try one attack, and wait until the server has got over it."""
    host, port = address(running)
    context = multiprocessing.get_context("spawn")
    listening, telling = context.Pipe(duplex=False)
    given = (attack, host, port, SECONDS, telling)
    process = context.Process(target=siege.run, args=given)
    before_mb = running.rss_mb()
    errors.more()
    process.start()
    telling.close()
    health_s: list[float] = []
    try:
        health_s = _probed(running, process.is_alive, LIMIT_S)
        told = listening.recv() if listening.poll() else {"died": 1}
    except EOFError:
        told = {"died": 1}
    finally:
        process.kill()
        process.join(10)
    time.sleep(SETTLE_S)  # what was held is let go
    after = held(running)
    outcome = Outcome(
        attack.name, told, health_s, before_mb, running.rss_mb(), *after, errors.more()
    )
    print(f"{attack.name}: {told}, left {after}", file=sys.stderr, flush=True)
    return outcome


def address(running: Measured) -> tuple[str, int]:
    """Return where a server listens."""
    parts = urlsplit(running.url)
    return str(parts.hostname), int(parts.port or 0)


def _probed(running: Measured, is_on: Callable[[], bool], most_s: float) -> list[float]:
    """Ask for /health as long as something holds; return the seconds of each answer."""
    found: list[float] = []
    line = HTTPConnection(*address(running), timeout=10)
    began_s = time.monotonic()
    while not found or (
        time.monotonic() - began_s < most_s and (is_on() or most_s < LIMIT_S)
    ):
        at_s = time.monotonic()
        try:
            line.request("GET", "/health")
            line.getresponse().read()
        except (HTTPException, OSError):
            line.close()  # the time until then counts all the same
        found.append(time.monotonic() - at_s)
        time.sleep(PROBE_S)  # the pace of the probes
    line.close()
    return found


def held(running: Measured) -> tuple[int, int]:
    """Return the sockets and subscriptions that the server says are open."""
    with ask(f"{running.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return _sum(text, "websocket_connections"), _sum(text, "subscriptions_active")


def wait_left(running: Measured) -> tuple[int, int]:
    """Return what the server still holds when nothing is left, or after a while."""
    until_s = time.monotonic() + LEFT_S
    while any(left := held(running)) and time.monotonic() < until_s:
        time.sleep(PROBE_S)  # another process: there is nothing to await
    return left


def _sum(text: str, name: str) -> int:
    lines = re.findall(
        rf"^kimp_\w*{name}(?:\{{.*\}})? ([0-9.e+]+)$", text, re.MULTILINE
    )
    return round(sum(map(float, lines)))


def table(found: Sequence[Outcome], quiet: Sequence[float]) -> str:
    """Return what was attempted as Markdown."""
    heads = (
        "attack", "what came of it", "/health p50, ms", "p99, ms", "most, ms",
        "RSS before → after, MiB", "sockets, subscriptions left", "errors logged",
    )  # fmt: skip
    lines: list[tuple[str, ...]] = [("nobody attacks", "", *_times(quiet), "", "", "")]
    lines += [_line(outcome) for outcome in found]
    return grid(heads, lines)


def _line(found: Outcome) -> tuple[str, ...]:
    told = ", ".join(f"{name} {count:,}" for name, count in found.told.items())
    memory = f"{number(found.rss_before_mb)} → {number(found.rss_after_mb)}"
    left = f"{found.sockets_after}, {found.subscriptions_after}"
    return (
        found.name,
        told,
        *_times(found.health_s),
        memory,
        left,
        f"{found.errors:,}",
    )


def _times(seconds: Sequence[float]) -> tuple[str, str, str]:
    ms = [value * 1000 for value in seconds]
    return (
        number(quantile(ms, 0.5)),
        number(quantile(ms, 0.99)),
        number(max(ms)),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not pass."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
