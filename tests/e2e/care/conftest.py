"""Commands run to their end, the way people run them."""

import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

LIMIT_S = 90.0

Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]


def ran_in(
    folder: Path,
    kimp: str,
    data_dir: Path,
    *arguments: str,
    shell: str | None = None,
    **settings: str,
) -> Ran:
    """Run a command in a folder, or a line of the shell."""
    environment = {k: v for k, v in os.environ.items() if k[:5] != "KIMP_"}
    environment["KIMP_DATA_DIR"] = str(data_dir)
    return subprocess.run(
        [kimp, *arguments] if shell is None else shell,
        shell=shell is not None,
        env=environment | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


@pytest.fixture
def run(kimp: str, tmp_path: Path) -> Run:
    """``run(data_dir, "backup", "x.dump", KIMP_…="…")`` in a folder of its own."""
    return partial(ran_in, tmp_path, kimp)


def one_line(ran: Ran) -> str:
    """Return the one line that a command that failed has said."""
    lines = ran.stderr.strip().splitlines()
    assert ran.returncode == 1, ran
    assert len(lines) == 1, ran.stderr
    assert lines[0].startswith("kimp: ")
    return lines[0]
