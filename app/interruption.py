"""Runs a command's work so that a signal ends it in order."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import uvloop

from app.failure import CommandFailed

Result = TypeVar("Result")


def run_interruptibly(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run work to its end; SIGTERM and SIGINT cancel it, and what it began is undone.

    Raises:
        CommandFailed: a signal ended it.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_guarded(work))


async def _guarded(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work(), name="command")
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError as exc:
        raise CommandFailed("stopped by a signal") from exc
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
