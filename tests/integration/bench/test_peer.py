"""How servers under measurement are started, by little programs in their place."""

import os
import platform
import subprocess
import sys

import pytest

from bench.peer import started
from bench.process import Measured, ServerFailed, cpu_s, free_port

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux", reason="it sets cores and reads /proc"
)
LISTENS = """
import os, sys
print("a word before")
print("P", os.environ["PORT"], flush=True)
print(len(os.sched_getaffinity(0)), "KIMP_X" in os.environ, flush=True)
sys.stdin.read()
"""


def test_a_server_runs_on_one_core_without_our_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIMP_X", "1")
    before = os.sched_getaffinity(0)
    with started([sys.executable, "-c", LISTENS], {"PORT": "4321"}) as server:
        assert server.port == 4321
        assert server.process.stdout is not None
        assert server.process.stdout.readline() == b"1 False\n"
        assert server.rss_mb() > 0
        assert cpu_s(server.process.pid) >= 0
        assert os.sched_getaffinity(0) == before
    assert server.process.returncode is not None


def test_a_server_that_does_not_listen_has_failed() -> None:
    with (
        pytest.raises(ServerFailed, match="ended with 3"),
        started([sys.executable, "-c", "raise SystemExit(3)"]),
    ):
        pass


def test_nobody_waits_for_the_coins_of_a_server_that_ended() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ""], stdout=subprocess.DEVNULL, text=True
    ) as process:
        process.wait(20)
    with pytest.raises(ServerFailed, match="ended at its start"):
        Measured(process, f"http://127.0.0.1:{free_port()}").wait_live()
