"""How late timers of this process were lately: what a busy machine costs everyone."""

import asyncio
import time
from collections import deque

STEP_S = 0.1
RECENT = 100
"""Steps remembered: ten seconds."""


class Stall:
    """Sleeps and looks how much later it woke."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=RECENT)

    @property
    def recent_s(self) -> float:
        """The sum of what timers were late in the last seconds, over 10 ms each."""
        return sum(late_s for late_s in self._late_s if late_s > STEP_S / 10)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due_s = time.monotonic() + STEP_S
            await asyncio.sleep(STEP_S)  # the step whose lateness counts
            self._late_s.append(max(0.0, time.monotonic() - due_s))
