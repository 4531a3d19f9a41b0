"""Time as the simulator is told it."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds since 1970, injected."""


def wall_clock_ms() -> int:
    """Return the machine's time."""
    return time.time_ns() // 1_000_000
