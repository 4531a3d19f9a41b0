"""A client's own program, run to its end within a limit."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.case import ClientFailed

LIMIT_S = 300.0
REASON_LENGTH = 300

Command = Sequence[str | Path]


def run(
    command: Command,
    folder: Path,
    *,
    stdin: str = "",
    limit_s: float = LIMIT_S,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Return how a program ended, whatever its exit code.

    Raises:
        ClientFailed: it did not end within the limit.
    """
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise ClientFailed(f"not done in {limit_s:g} s") from exc


def output(
    command: Command, folder: Path, *, stdin: str = "", limit_s: float = LIMIT_S
) -> str:
    """Return what a program wrote.

    Raises:
        ClientFailed: it failed, or did not end within the limit.
    """
    done = run(command, folder, stdin=stdin, limit_s=limit_s)
    if done.returncode:
        raise ClientFailed(last_words(done))
    return done.stdout


def lines(command: Command, folder: Path) -> list[Any]:
    """Return the JSON lists among the lines that a program wrote.

    Raises:
        ClientFailed: there is none, or it did not end within the limit.
    """
    done = run(command, folder)
    found = [
        json.loads(line) for line in done.stdout.splitlines() if line.startswith('["')
    ]
    if not found:
        raise ClientFailed(last_words(done))
    return found


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return the end of what a program said, in one line."""
    said = " ".join((done.stderr.strip() or done.stdout.strip()).split())
    return f"exit code {done.returncode}: {said[-REASON_LENGTH:]}"
