"""The database: whether it answers, its pool, what waits to be written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.alarm import StoreAlarm
from domain.model.health import ServiceStatus

UP = gauge("database_up", "1 while the database answers.")
SIZE = gauge("database_pool_size", "Connections allowed at most.")
CONNECTIONS = gauge("database_pool_connections", "Connections open now.", "state")
WAITING = gauge("database_pool_waiting", "Callers that wait for a connection now.")
TIMEOUTS = counter("database_pool_timeouts", "Callers that got no connection in time.")

UNSAVED = gauge(
    "store_unsaved_rows",
    "Rows that wait to be written; a newer one takes the place of an older.",
)
ALARM = gauge(
    "store_alarm", "1 while nothing can be kept, from the fifth second of it on."
)

FAMILIES = (UP, SIZE, CONNECTIONS, WAITING, TIMEOUTS, UNSAVED, ALARM)


class PoolCount(Protocol):
    """Connections: allowed, open, in use; callers that wait, and that gave up."""

    @property
    def size(self) -> int:
        """Connections allowed at most."""
        ...

    @property
    def open(self) -> int:
        """Connections open now."""
        ...

    @property
    def in_use(self) -> int:
        """Of these, given to somebody."""
        ...

    @property
    def waiting(self) -> int:
        """Callers that wait for one."""
        ...

    @property
    def timeouts(self) -> int:
        """Callers that got none in time, since the start."""
        ...


class DatabaseReporter(Protocol):
    """Who owns the connections."""

    @property
    def status(self) -> ServiceStatus:
        """HEALTHY after the last question was answered."""
        ...

    @property
    def pool_stats(self) -> PoolCount:
        """The connections now."""
        ...


class Writer(Protocol):
    """Who keeps the latest values."""

    @property
    def unsaved_count(self) -> int:
        """Rows that wait to be written."""
        ...

    @property
    def alarm(self) -> StoreAlarm | None:
        """Since when and why nothing can be kept."""
        ...


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """Reads the counts of the database and of those who write."""

    database: DatabaseReporter
    writer: Writer

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the database."""
        yield UP.now(float(self.database.status is ServiceStatus.HEALTHY))
        pool = self.database.pool_stats
        yield SIZE.now(pool.size)
        yield CONNECTIONS.of(
            {("in_use",): pool.in_use, ("idle",): max(0, pool.open - pool.in_use)}
        )
        yield WAITING.now(pool.waiting)
        yield TIMEOUTS.now(pool.timeouts)
        yield UNSAVED.now(self.writer.unsaved_count)
        yield ALARM.now(float(self.writer.alarm is not None))
