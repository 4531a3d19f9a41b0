"""One process of the cluster: started with a log of its own, ended in order."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bench.cluster.text import figures
from bench.process import KIMP, ask, end

API = "api"
TIE = Path(__file__).with_name("tie.py")
# A process that answers nothing for so long is hanging.
ASK_LIMIT_S = 0.5


@dataclass(slots=True)
class Member:
    """A process by its role and where it is; `log` is what it says."""

    name: str
    process: subprocess.Popen[Any]
    url: str
    log: Path

    @property
    def shown(self) -> str:
        """The address for people: where it has pages, the page."""
        return f"{self.url}/graphql" if self.name == API else self.url

    @property
    def code(self) -> int | None:
        """Its exit code; None: it lives."""
        return self.process.poll()

    def said(self) -> str:
        """Return all that it has said so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def figures(self) -> dict[str, float]:
        """Return its metrics by name and labels; none while it does not answer."""
        try:
            with ask(f"{self.url}/metrics", timeout=ASK_LIMIT_S) as answer:
                return figures(answer.read().decode())
        except (OSError, HTTPException):
            return {}  # it is not there yet, hangs, or ended halfway


def launcher() -> tuple[str, ...]:
    """Return the words before a command that ends with us, however we end."""
    return (sys.executable, "-I", "-S", str(TIE), str(os.getpid()))


@contextmanager
def kimp(
    name: str,
    words: Sequence[str],
    settings: Mapping[str, str],
    log: Path,
    stop_limit_s: float,
) -> Iterator[Member]:
    """Run a command of `kimp` until the block ends; `settings` are its environment.

    It gets SIGTERM at the end, and after the limit SIGKILL.
    """
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*launcher(), KIMP, *words],
            env=dict(settings),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield Member(name, process, "", log)
    finally:
        end(process, stop_limit_s)
