"""A signal ends a command in order."""

import asyncio
import os
import signal

import pytest

from app.failure import CommandFailed
from app.interruption import run_interruptibly


def test_work_that_ends_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert run_interruptibly(work) == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_undoes_what_was_begun(number: int) -> None:
    undone = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            undone.append(True)

    with pytest.raises(CommandFailed, match="stopped by a signal"):
        run_interruptibly(work)
    assert undone
