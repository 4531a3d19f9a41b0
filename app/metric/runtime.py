"""The process itself: its version and the delay of its event loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import Metric

from app.metric.family import gauge, histogram
from domain.model.histogram import Histogram
from domain.ports.clock import Clock

SAMPLE_INTERVAL_S: Final = 0.25
"""How often the loop is asked: four wake-ups a second cost nothing."""

DELAY_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

BUILD = gauge("build_info", "1; the running version is its label.", "version")
STARTED = gauge("uptime_seconds", "Seconds since the server was composed.")
DELAY = histogram(
    "event_loop_delay_seconds",
    f"How much later than asked a timer fires, sampled every {SAMPLE_INTERVAL_S} s.",
)

FAMILIES = (BUILD, STARTED, DELAY)


class LoopDelay:
    """Samples how long a ready task waits for its turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.histogram = Histogram(DELAY_BOUNDS_S)

    async def run(self) -> None:
        """Sample for ever."""
        while True:
            due_s = self._clock.monotonic() + SAMPLE_INTERVAL_S
            await self._clock.sleep(SAMPLE_INTERVAL_S)
            self.histogram.observe(max(0.0, self._clock.monotonic() - due_s))


@dataclass(frozen=True, slots=True)
class RuntimeFigures:
    """Reads the loop's delay; tells the version."""

    version: str
    started_at_ms: int
    delay: LoopDelay
    clock: Clock

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the process."""
        yield BUILD.of({(self.version,): 1.0})
        yield STARTED.now(max(0, self.clock.now_ms() - self.started_at_ms) / 1000)
        yield DELAY.spread({(): self.delay.histogram})
