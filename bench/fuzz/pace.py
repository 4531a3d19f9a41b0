"""How long the loop is held, and waiting until what was set going has come to rest."""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.fuzz.finding import Findings

HANG_S: Final = 2.0
"""An answer that takes longer is a hang."""

BLOCK_S: Final = 0.25
"""The loop may not be held longer by one input, in seconds of this process's CPU: what
others take of the machine is none of ours."""

ROUNDS: Final = 60
"""Turns of the loop after which whatever waits for nothing has come to its end."""

_REAL_S: Final = 0.001


@dataclass(slots=True)
class Pace:
    """Measures turns of the loop; the longest is told."""

    findings: Findings
    worst_cpu_s: float = 0.0
    worst_wall_s: float = 0.0
    worst_collection_s: float = 0.0
    _collecting_s: float = 0.0
    _began_s: float = 0.0

    def __post_init__(self) -> None:
        """Have the collector's own time told apart: it is no input's."""
        gc.callbacks.append(self._collected)

    def close(self) -> None:
        """Look on no longer."""
        gc.callbacks.remove(self._collected)

    def _collected(self, phase: str, _info: object) -> None:
        if phase == "start":
            self._began_s = time.thread_time()
            return
        seconds = time.thread_time() - self._began_s
        self._collecting_s += seconds
        self.worst_collection_s = max(self.worst_collection_s, seconds)

    def run(self, function: Callable[..., object], *given: object) -> None:
        """Call what a socket would call, measured."""
        self._collecting_s = 0.0
        cpu_s, wall_s = time.thread_time(), time.perf_counter()
        try:
            function(*given)
        finally:
            self._took(time.thread_time() - cpu_s, time.perf_counter() - wall_s)

    async def turn(self) -> None:
        """Let the loop turn once, measured."""
        self._collecting_s = 0.0
        cpu_s, wall_s = time.thread_time(), time.perf_counter()
        await asyncio.sleep(0)  # the turn itself
        self._took(time.thread_time() - cpu_s, time.perf_counter() - wall_s)

    async def rest(self, is_done: Callable[[], bool], most: int = ROUNDS) -> bool:
        """Turn until something holds, at most so often; return whether it does."""
        for _ in range(most):
            if is_done():
                return True
            await self.turn()
        return is_done()

    async def wait(self, is_done: Callable[[], bool], most_s: float = HANG_S) -> bool:
        """Wait for what takes real time, such as a thread; not longer than a hang."""
        if await self.rest(is_done):
            return True
        until_s = time.monotonic() + most_s
        while time.monotonic() < until_s:
            await asyncio.sleep(_REAL_S)  # a thread needs real time
            if is_done():
                return True
        return False

    def _took(self, cpu_s: float, wall_s: float) -> None:
        cpu_s, self._collecting_s = cpu_s - self._collecting_s, 0.0
        self.worst_wall_s = max(self.worst_wall_s, wall_s)
        self.worst_cpu_s = max(self.worst_cpu_s, cpu_s)
        if cpu_s > BLOCK_S:
            self.findings.add("the loop was held", f"{cpu_s * 1000:.0f} ms")
