"""`kimp simulate` in a process of its own, for tests that start servers beside it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.process import without_settings

REPOSITORY = Path(__file__).parents[1]
START_LIMIT_S = 60.0
STOP_LIMIT_S = 60.0
# The last line that the command prints once it listens.
LAST_SETTING = "KIMP_FX__OPEN_ER_API_URL"


def told_settings(child: subprocess.Popen[str]) -> dict[str, str]:
    """Return the settings that a child prints, once all are there."""
    settings: dict[str, str] = {}
    out = child.stdout
    assert out is not None
    # Reading blocks: a child that says nothing is ended.
    bound = threading.Timer(START_LIMIT_S, child.kill)
    bound.start()
    try:
        while LAST_SETTING not in settings:
            line = out.readline()
            assert line, f"the simulator ended: {child.communicate()[1]}"
            name, _, value = line.strip().partition("=")
            settings[name] = value
    finally:
        bound.cancel()
        bound.join()
    return settings


@contextmanager
def simulated_venues(rate: float) -> Iterator[dict[str, str]]:
    """Give the settings that point at simulated exchanges, which end with us.

    `rate` 1 is a usual market's trades.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "simulate", "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
        env={**without_settings(), "KIMP_SIMULATOR__RATE": str(rate)},
    )
    try:
        yield told_settings(child)
    finally:
        child.terminate()
        child.communicate(timeout=STOP_LIMIT_S)
