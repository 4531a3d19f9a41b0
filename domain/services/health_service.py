"""How the server is, asked from everyone who knows."""

from collections.abc import AsyncGenerator, Sequence

from domain.model.health import Health, overall
from domain.ports.clock import Clock
from domain.ports.upstream import DatabaseReporter, UpstreamReporter

# A change of a status is told at most once a second (semantics.md).
WATCH_INTERVAL_S = 1.0


class HealthService:
    """Composes the reports of upstreams and database."""

    def __init__(
        self,
        version: str,
        reporters: Sequence[UpstreamReporter],
        database: DatabaseReporter,
        clock: Clock,
    ) -> None:
        self._version = version
        self._reporters = reporters
        self._database = database
        self._clock = clock
        self._started_at_ms = clock.now_ms()

    def now(self) -> Health:
        """Return the state of every part."""
        upstreams = tuple(
            s for reporter in self._reporters for s in reporter.statuses()
        )
        database = self._database.status
        return Health(
            status=overall(database, upstreams),
            version=self._version,
            started_at_ms=self._started_at_ms,
            database=database,
            upstreams=upstreams,
        )

    async def watch(self) -> AsyncGenerator[Health, None]:
        """Yield the health at once, then when a status, breaker or channel turns."""
        told = self.now()
        yield told
        while True:
            await self._clock.sleep(WATCH_INTERVAL_S)
            fresh = self.now()
            if fresh.turned_from(told):
                told = fresh
                yield fresh
