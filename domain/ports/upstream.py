"""What upstreams say about themselves."""

from collections.abc import Iterable
from typing import Protocol

from domain.model.health import ServiceStatus, UpstreamStatus


class UpstreamReporter(Protocol):
    """Adapters that talk to an upstream report how it is."""

    def statuses(self) -> Iterable[UpstreamStatus]:
        """Return one status per upstream and channel."""
        ...


class DatabaseReporter(Protocol):
    """Tells how the database is."""

    @property
    def status(self) -> ServiceStatus:
        """HEALTHY after the last question was answered."""
        ...
