"""A clock that moves only when it is told to."""

import asyncio
import heapq
from itertools import count
from math import ceil

# 2026-01-01 00:00 UTC, the begin of a Thursday.
DEFAULT_NOW_MS = 1_767_225_600_000
DEFAULT_MONOTONIC_S = 1_000.0
# Rounds of the event loop in which woken tasks, and those they wake in turn, come to
# their next wait. Longer chains go on in the next round; sockets are not waited for.
SETTLE_ROUNDS = 50


class FakeClock:
    """`Clock` for tests: time stands still until `advance`.

    Sleepers wake one after the other in the order of their times, each at exactly its
    own; what one does happens before the next wakes. Both clocks move together;
    `set_now_ms` moves the wall alone, as a correction of the machine's clock does.
    """

    def __init__(
        self,
        now_ms: int = DEFAULT_NOW_MS,
        monotonic_s: float = DEFAULT_MONOTONIC_S,
    ) -> None:
        self._wall_ms = now_ms
        self._start_s = monotonic_s
        # Whole microseconds: sums of small floats would miss their appointments.
        self._passed_us = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._slept = asyncio.Event()

    def now_ms(self) -> int:
        """Return Unix time in milliseconds, UTC."""
        return self._wall_ms + self._passed_us // 1000

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return self._start_s + self._passed_us / 1e6

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced that far; 0 or less lets others run."""
        if seconds <= 0:
            await asyncio.sleep(0)  # lets others run
            return
        # Rounded to nanoseconds first: 0.1 s are 100,000 µs and not one more.
        due_us = self._passed_us + ceil(round(seconds * 1e6, 3))
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (due_us, next(self._order), wake))
        self._slept.set()
        await wake

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking whoever is due on the way.

        Raises:
            ValueError: time does not go back.
        """
        if seconds < 0:
            raise ValueError(f"cannot advance by {seconds} s")
        end_us = self._passed_us + round(seconds * 1e6)
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end_us:
            due_us, _, wake = heapq.heappop(self._sleepers)
            self._passed_us = max(self._passed_us, due_us)
            if not wake.done():
                wake.set_result(None)
                await self.settle()
        self._passed_us = end_us
        await self.settle()

    async def settle(self) -> None:
        """Let every task that can go on come to its next wait."""
        for _ in range(SETTLE_ROUNDS):
            await asyncio.sleep(0)  # a turn for each task

    async def until_sleeping(self, sleepers: int = 1) -> None:
        """Wait until so many tasks sleep; bound it with `asyncio.timeout`."""
        while self.sleeping < sleepers:
            self._slept.clear()
            await self._slept.wait()

    @property
    def sleeping(self) -> int:
        """How many tasks sleep now."""
        return sum(not wake.done() for _, _, wake in self._sleepers)

    def set_now_ms(self, now_ms: int) -> None:
        """Set the wall clock, forwards or back; the monotonic one stays."""
        self._wall_ms = now_ms - self._passed_us // 1000
