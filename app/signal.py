"""SIGTERM and SIGINT as an event."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_on_signal(
    stop: asyncio.Event, again: Callable[[], None] | None = None
) -> Iterator[None]:
    """Set the event at the first signal and call `again` at every later one."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set() and again is not None:
            again()
        stop.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
