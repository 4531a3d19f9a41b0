"""Parts that say of themselves what they are told to say."""

from collections.abc import Iterable

from domain.model.health import ServiceStatus, UpstreamStatus


class MemoryUpstream:
    """`UpstreamReporter` with the statuses it was given, by name."""

    def __init__(self, *statuses: UpstreamStatus) -> None:
        self._statuses = {status.name: status for status in statuses}

    def set(self, status: UpstreamStatus) -> None:
        """Set one upstream's status, in place of an earlier one of its name."""
        self._statuses[status.name] = status

    def statuses(self) -> Iterable[UpstreamStatus]:
        """Return one status per upstream and channel."""
        return tuple(self._statuses.values())


class MemoryDatabase:
    """`DatabaseReporter` whose status is set by hand."""

    def __init__(self, status: ServiceStatus = ServiceStatus.HEALTHY) -> None:
        self.status = status
