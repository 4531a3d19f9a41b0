"""Waiting for whichever comes first: news, a task's end, or a time."""

import asyncio
from collections.abc import Collection
from typing import Any

from domain.ports.clock import Clock


async def until(
    clock: Clock,
    seconds: float | None,
    news: asyncio.Event,
    tasks: Collection[asyncio.Task[Any]] = (),
    *,
    name: str,
) -> None:
    """Return when the event is set, a task is done, or the time is over.

    `seconds` None waits without a time. The tasks stay their owner's.
    """
    own: list[asyncio.Task[Any]] = [asyncio.create_task(news.wait(), name=name)]
    if seconds is not None:
        own.append(asyncio.create_task(clock.sleep(max(0.0, seconds)), name=name))
    try:
        await asyncio.wait([*own, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await stop(own)


async def stop(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
