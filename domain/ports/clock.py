"""Time, as the core asks for it."""

from typing import Protocol


class Clock(Protocol):
    """Wall time for stamps, monotonic time for waits and bounds."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; 0 lets others run."""
        ...
