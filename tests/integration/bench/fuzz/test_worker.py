"""Runs in processes of their own, watched from outside."""

import platform

import pytest

from bench.fuzz.worker import run_beside, session_here

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux", reason="it reads memory and CPU times from /proc"
)


def test_a_worker_tells_what_it_did() -> None:
    (told,) = run_beside(40, [4])
    assert told.seed == 4
    assert told.inputs >= 40
    assert sum(told.kinds.values()) == told.inputs
    assert told.memory[0].rss_mb > 0
    assert told.worst_cpu_s > 0


def test_one_session_is_run_in_this_process() -> None:
    assert session_here(0, 4).seed == 4
