"""The figures of the recorder, the writer and the keeper."""

from dataclasses import dataclass

from app.metric.history import FAMILIES, HistoryFigures
from tests.unit.app.metric.sample import samples


@dataclass
class Recorder:
    minutes: int = 3
    bars: int = 750
    missed: int = 2
    late: int = 9


@dataclass
class Writer:
    rows: int = 748
    waiting: int = 5
    unkept: int = 1
    dropped: int = 4
    damaged: int = 6


@dataclass
class Keeper:
    derived_days: int = 250
    dropped_months: int = 1
    dropped_bars: int = 42
    dropped_future: int = 45


def test_what_was_recorded_waits_and_was_dropped() -> None:
    metrics = list(HistoryFigures(Recorder(), Writer(), Keeper()).gather())
    assert samples(metrics) == {
        "kimp_recorder_batches_total": 3,
        "kimp_recorder_bars_total": 750,
        "kimp_recorder_batches_missed_total": 2,
        "kimp_recorder_samples_late_total": 9,
        "kimp_recorder_rows_written_total": 748,
        "kimp_recorder_batches_waiting": 5,
        "kimp_recorder_batches_unkept": 1,
        "kimp_recorder_batches_dropped_total/bound": 4,
        "kimp_recorder_batches_dropped_total/damaged": 6,
        "kimp_keeper_changes_total/days_derived": 250,
        "kimp_keeper_changes_total/months_dropped": 1,
        "kimp_keeper_changes_total/bars_dropped": 42,
        "kimp_keeper_changes_total/future_dropped": 45,
    }
    assert len(metrics) == len(FAMILIES)
