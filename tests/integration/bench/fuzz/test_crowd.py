"""Many real sockets against a real server: a few of them here."""

import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        platform.system() != "Linux", reason="it reads open files from /proc"
    ),
]

REPOSITORY: Final = Path(__file__).parents[4]
LIMIT_S: Final = 180.0


def test_all_are_admitted_one_is_told_and_one_above_the_bound_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.fuzz", "--sockets", "60"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    free, bounded = done.stdout.splitlines()[-2:]
    assert free.startswith("| the default | 60 | 60 | none |")
    assert bounded.startswith("| 60 | 60 | 60 | none |")
    assert "| 429 |" in bounded
