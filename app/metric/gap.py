"""The gaps among minutes, and what became of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.gap_count import GapCount

FOUND = counter(
    "gaps_found",
    "Gaps among the minutes of a coin, each once for every day it touches.",
)
BARS = counter(
    "gap_bars",
    "Missing minutes: `healed` from the venues' candles, `impossible` to make.",
    "result",
)
FAILURES = counter("gap_failures", "Tries to heal a gap that failed; it stays open.")
IRREGULAR = counter(
    "gap_candles_irregular", "Candles that came twice or out of order, put right."
)
MISSING = gauge("gap_bars_missing", "Missing minutes of the last hours.")

FAMILIES = (FOUND, BARS, FAILURES, IRREGULAR, MISSING)


@dataclass(frozen=True, slots=True)
class GapFigures:
    """Reads the healer's own counts."""

    count: GapCount

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the gaps."""
        count = self.count
        yield FOUND.now(count.found)
        yield BARS.of({("healed",): count.healed, ("impossible",): count.impossible})
        yield FAILURES.now(count.failures)
        yield IRREGULAR.now(count.irregular)
        yield MISSING.now(count.open_minutes)
