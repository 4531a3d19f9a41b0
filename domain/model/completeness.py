"""How complete the minutes of a coin and UTC day are. Pure.

Expected are the minutes from a coin's first kept one on, up to now while it trades on
both sides, else up to its last kept one. Those that are impossible count as there.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from domain.model.bar import Gap
from domain.model.interval import Interval
from domain.model.snapshot import DAY_MS, utc_day


@dataclass(frozen=True, slots=True)
class DayCompleteness:
    """Minutes of one coin and day: by origin, impossible, missing; stale among them."""

    symbol: str
    day: date
    live: int = 0
    backfilled: int = 0
    impossible: int = 0
    missing: int = 0
    stale: int = 0

    @property
    def expected(self) -> int:
        """How many there should be."""
        return self.live + self.backfilled + self.impossible + self.missing

    def __add__(self, other: "DayCompleteness") -> "DayCompleteness":
        return DayCompleteness(
            self.symbol,
            self.day,
            self.live + other.live,
            self.backfilled + other.backfilled,
            self.impossible + other.impossible,
            self.missing + other.missing,
            self.stale + other.stale,
        )


def missing_minutes(
    gaps: Iterable[Gap], lasts_ms: dict[str, int], trading: Collection[str]
) -> Counter[tuple[str, date]]:
    """Return the missing minutes per coin and UTC day.

    `lasts_ms` are the openings of the last kept minutes; after its last one nothing is
    missing of a coin that is not `trading`.
    """
    missing: Counter[tuple[str, date]] = Counter()
    for gap in gaps:
        last_ms = lasts_ms.get(gap.symbol)
        if gap.symbol not in trading and (last_ms is None or gap.from_ms > last_ms):
            continue
        at_ms = gap.from_ms
        while at_ms < gap.to_ms:
            ends_ms = min(gap.to_ms, (at_ms // DAY_MS + 1) * DAY_MS)
            minutes = (ends_ms - at_ms) // Interval.M1.length_ms
            missing[gap.symbol, utc_day(at_ms)] += minutes
            at_ms = ends_ms
    return missing
