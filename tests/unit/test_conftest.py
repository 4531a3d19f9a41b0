"""The watchmen of the test-suite do watch."""

import asyncio
from pathlib import Path

import pytest
from blockbuster import BlockingError
from hypothesis import settings

import app

NAP = "import time; time.sleep(0)"
OURS = Path(app.__path__[0]) / "nap.py"
FOREIGN = Path(app.__path__[0]).parent / "elsewhere" / "nap.py"


async def test_a_blocking_call_of_ours_on_the_event_loop_fails() -> None:
    with pytest.raises(BlockingError, match=r"time\.sleep"):
        exec(compile(NAP, str(OURS), "exec"), {})


async def test_a_blocking_call_in_a_thread_or_of_a_test_passes() -> None:
    await asyncio.to_thread(exec, compile(NAP, str(OURS), "exec"), {})
    exec(compile(NAP, str(FOREIGN), "exec"), {})


def test_examples_have_no_deadline_because_machines_differ() -> None:
    assert settings().deadline is None
