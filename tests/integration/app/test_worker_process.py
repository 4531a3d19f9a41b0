"""API processes on one port: started, missed, ended."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.http_setting import HttpSettings
from app.settings import Settings
from app.store import CannotStart
from app.worker_process import SIBLINGS, run_workers, siblings
from bench.process import without_settings

REPOSITORY = Path(__file__).parents[3]
LIMIT_S = 120.0


def test_a_process_of_its_own_has_no_siblings() -> None:
    assert siblings({}) == 1
    assert siblings({SIBLINGS: "many"}) == 1


def test_a_taken_port_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = Settings(http=HttpSettings(port=port))
        with pytest.raises(CannotStart, match=str(port)):
            run_workers(settings, 2)


def test_processes_that_cannot_start_end_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "serve", "--role", "api", "--workers", "1"],
        env={
            **without_settings(),
            "KIMP_HTTP__PORT": "0",
            # A folder that cannot be made: each process ends with one line.
            "KIMP_DATA_DIR": "/proc/none",
            "KIMP_BUS__URL": "nats://127.0.0.1:9",
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        cwd=REPOSITORY,
        check=False,
    )
    assert done.returncode == 1
    assert "do not start" in done.stderr
    assert done.stderr.count("KIMP_DATA_DIR=/proc/none") == 3
