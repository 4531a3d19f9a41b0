"""Daily snapshots: what was compared, taken, proven, amended and made later."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.snapshot_count import SnapshotCount

COMPARED = counter(
    "current_rows_compared", "Rows about to be stored, compared with the stored ones."
)
EQUAL = counter("current_rows_equal", "Of these, rows that were equal: not written.")
UPDATED = counter("current_rows_updated", "Of these, rows that differed: written.")
TAKEN = counter("snapshots_taken", "Daily snapshots taken at a date change of Seoul.")
CAUGHT_UP = counter(
    "snapshots_caught_up", "Daily snapshots made later from the venues' record."
)
VERIFIED = counter(
    "snapshots_verified", "Daily snapshots compared with the venues' record as a whole."
)
AMENDED = counter(
    "snapshots_amended", "Revisions of daily snapshots that the record asked for."
)
MISSED = counter(
    "snapshot_days_missed", "Date changes that were noticed too late to be taken."
)
WAITING = gauge("snapshots_waiting", "Daily snapshots that wait for the database.")
UNVERIFIED = gauge(
    "snapshots_unverified", "Daily snapshots of the last 60 days not verified yet."
)

FAMILIES = (
    COMPARED,
    EQUAL,
    UPDATED,
    TAKEN,
    CAUGHT_UP,
    VERIFIED,
    AMENDED,
    MISSED,
    WAITING,
    UNVERIFIED,
)


@dataclass(frozen=True, slots=True)
class SnapshotFigures:
    """Reads what the keeper of snapshots has counted."""

    count: SnapshotCount

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of snapshots."""
        count = self.count
        # Read once: metrics are written in a thread, and the three belong together.
        current = count.current
        yield COMPARED.now(current.compared)
        yield EQUAL.now(current.equal)
        yield UPDATED.now(current.updated)
        yield TAKEN.now(count.taken)
        yield CAUGHT_UP.now(count.caught_up)
        yield VERIFIED.now(count.verified)
        yield AMENDED.now(count.amended)
        yield MISSED.now(count.missed_days)
        yield WAITING.now(count.waiting)
        yield UNVERIFIED.now(count.unverified)
