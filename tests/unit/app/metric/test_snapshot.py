"""What the metrics say of daily snapshots."""

from app.metric.snapshot import FAMILIES, SnapshotFigures
from domain.model.snapshot import Compared
from domain.model.snapshot_count import SnapshotCount
from tests.unit.app.metric.sample import samples


def test_every_count_has_its_metric() -> None:
    count = SnapshotCount(
        current=Compared(9, 7, 2),
        taken=3,
        verified=4,
        amended=1,
        caught_up=5,
        missed_days=6,
        waiting=8,
        unverified=10,
    )
    told = samples(SnapshotFigures(count).gather())
    assert told == {
        "kimp_current_rows_compared_total": 9,
        "kimp_current_rows_equal_total": 7,
        "kimp_current_rows_updated_total": 2,
        "kimp_snapshots_taken_total": 3,
        "kimp_snapshots_verified_total": 4,
        "kimp_snapshots_amended_total": 1,
        "kimp_snapshots_caught_up_total": 5,
        "kimp_snapshot_days_missed_total": 6,
        "kimp_snapshots_waiting": 8,
        "kimp_snapshots_unverified": 10,
    }
    assert len(FAMILIES) == len(told)


def test_a_fresh_server_has_counted_nothing() -> None:
    told = samples(SnapshotFigures(SnapshotCount()).gather())
    assert set(told.values()) == {0}
