"""History: what was recorded, what waits for the database, what was kept in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import Metric

from app.metric.family import counter, gauge

MINUTES = counter("recorder_batches", "Minutes that were recorded, a batch each.")
BARS = counter("recorder_bars", "Minute bars that were recorded, one per coin.")
MISSED = counter(
    "recorder_batches_missed",
    "Minutes not recorded: the process was held up, or the clock was set; healed.",
)
LATE = counter(
    "recorder_samples_late",
    "Versions left out: their minute was closed, the clock stepped back.",
)
ROWS = counter("recorder_rows_written", "Rows of minutes that the database changed.")
WAITING = gauge("recorder_batches_waiting", "Minutes that wait for the database.")
UNKEPT = gauge(
    "recorder_batches_unkept",
    "Of these, the ones that no disk has: a kill would lose them.",
)
DROPPED = counter(
    "recorder_batches_dropped",
    "Minutes that went unwritten: `bound` no place left, `damaged` or refused.",
    "reason",
)
KEPT = counter(
    "keeper_changes",
    "Housekeeping: coin-days derived; months of minutes, larger bars and minutes of "
    "the future dropped.",
    "kind",
)

FAMILIES = (MINUTES, BARS, MISSED, LATE, ROWS, WAITING, UNKEPT, DROPPED, KEPT)


class RecorderReporter(Protocol):
    """Who closes the minutes."""

    @property
    def minutes(self) -> int:
        """Minutes closed."""
        ...

    @property
    def bars(self) -> int:
        """Bars of them."""
        ...

    @property
    def missed(self) -> int:
        """Minutes not recorded."""
        ...

    @property
    def late(self) -> int:
        """Versions for a minute that was closed."""
        ...


class WriterReporter(Protocol):
    """Who brings them into the database."""

    @property
    def rows(self) -> int:
        """Rows that changed."""
        ...

    @property
    def waiting(self) -> int:
        """Batches that wait, on disk and in memory."""
        ...

    @property
    def unkept(self) -> int:
        """Batches in memory alone."""
        ...

    @property
    def dropped(self) -> int:
        """Batches that went at a bound."""
        ...

    @property
    def damaged(self) -> int:
        """Batches that could not be read, or not be written."""
        ...


class KeeperReporter(Protocol):
    """Who keeps order."""

    @property
    def derived_days(self) -> int:
        """Coin-days derived."""
        ...

    @property
    def dropped_months(self) -> int:
        """Months of minutes dropped."""
        ...

    @property
    def dropped_bars(self) -> int:
        """Larger bars dropped."""
        ...

    @property
    def dropped_future(self) -> int:
        """Minutes dropped that opened in the future."""
        ...


@dataclass(frozen=True, slots=True)
class HistoryFigures:
    """Reads the counts of those who record, write and keep."""

    recorder: RecorderReporter
    writer: WriterReporter
    keeper: KeeperReporter

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of history."""
        recorder, writer, keeper = self.recorder, self.writer, self.keeper
        yield MINUTES.now(recorder.minutes)
        yield BARS.now(recorder.bars)
        yield MISSED.now(recorder.missed)
        yield LATE.now(recorder.late)
        yield ROWS.now(writer.rows)
        yield WAITING.now(writer.waiting)
        yield UNKEPT.now(writer.unkept)
        yield DROPPED.of({("bound",): writer.dropped, ("damaged",): writer.damaged})
        yield KEPT.of(
            {
                ("days_derived",): keeper.derived_days,
                ("months_dropped",): keeper.dropped_months,
                ("bars_dropped",): keeper.dropped_bars,
                ("future_dropped",): keeper.dropped_future,
            }
        )
