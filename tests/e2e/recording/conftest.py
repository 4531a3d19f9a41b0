"""Processes of `kimp` as people start them, ended whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.simulated_venues import told_settings

Kimp = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def kimp(tmp_path: Path) -> Iterator[Kimp]:
    """Start `kimp …` in a group of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *words: str,
        env: dict[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=before,
            env={
                **os.environ,
                "KIMP_DATA_DIR": str(tmp_path),
                "PYTHONPATH": str(Path(__file__).parents[3]),
                **(env or {}),
            },
        )
        started.append(child)
        return child

    yield start
    for child in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


@pytest.fixture
def venues(kimp: Kimp) -> dict[str, str]:
    """Settings that point at simulated exchanges."""
    return told_settings(kimp("simulate"))
