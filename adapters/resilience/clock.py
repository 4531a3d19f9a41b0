"""The machine's clocks."""

import asyncio
import time


class SystemClock:
    """Implements `domain.ports.clock.Clock` with the machine's clocks."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait; 0 lets others run."""
        await asyncio.sleep(seconds)  # the one real wait behind `Clock`
