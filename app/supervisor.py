"""Someone owns every task: named workers in one group, ended in order.

A worker that dies by surprise ends the process with its error, and so does one that
returns although it should run for ever (design.md "Process").
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

import structlog

_log = structlog.get_logger(__name__)


class WorkerDied(Exception):
    """A worker ended although it should run until the process does."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A named task that runs until it is cancelled."""

    name: str
    run: Callable[[], Coroutine[object, object, None]]


async def supervise(workers: list[Worker], stop: asyncio.Event) -> None:
    """Run the workers until `stop` is set, then cancel them, the last one first.

    Raises:
        ExceptionGroup: with the error of every worker that died.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_guarded(worker), name=worker.name) for worker in workers
        ]
        try:
            await stop.wait()
        finally:
            for task in reversed(tasks):
                task.cancel()


async def _guarded(worker: Worker) -> None:
    try:
        await worker.run()
    except asyncio.CancelledError:
        raise
    except BaseException as exc:
        _log.error("worker.died", worker=worker.name, error=repr(exc))
        raise
    raise WorkerDied(worker.name)
