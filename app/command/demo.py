"""`kimp demo`: the server with simulated exchanges beside it, no network needed."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from app.command import serve
from app.command.simulate import venue_settings
from app.failure import CommandFailed
from app.settings import Settings, load_settings

# Simulated prices never share a database with real ones.
DATA_DIR = "var/demo"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Start the simulator as a child, point every unset setting at it, and serve."""
    with _simulator() as base_url:
        given = {"KIMP_DATA_DIR": DATA_DIR, **venue_settings(base_url)}
        for name, value in given.items():
            os.environ.setdefault(name, value)
        return serve.run(load_settings(), options)


@contextmanager
def _simulator() -> Iterator[str]:
    """Run the simulator; it ends when this process does, however that happens."""
    child = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "simulate", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A Ctrl-C on the terminal is ours to handle: the server drains first.
        start_new_session=True,
    )
    try:
        yield _base_url(child)
    finally:
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        _end(child)


def _base_url(child: subprocess.Popen[str]) -> str:
    deadline = time.monotonic() + START_TIMEOUT_S
    out: IO[str] | None = child.stdout
    while out is not None and time.monotonic() < deadline:
        line = out.readline()
        if not line:
            break
        name, _, value = line.strip().partition("=")
        if name == "KIMP_UPBIT__REST_URL":
            return value.removesuffix("/upbit")
    raise CommandFailed("the simulated exchanges did not start; see the lines above")


def _end(child: subprocess.Popen[str]) -> None:
    try:
        child.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
