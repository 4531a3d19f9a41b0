"""The batches of the latest values, traced: how large, how long, how they ended."""

from domain.ports.store import Latest, LatestRepository
from domain.ports.tracer import Attribute, Tracer


def traced(repository: LatestRepository, tracer: Tracer) -> LatestRepository:
    """Return the repository, itself where nothing is traced."""
    return TracedLatestRepository(repository, tracer) if tracer.is_on else repository


class TracedLatestRepository:
    """Implements `domain.ports.store.LatestRepository` over another one."""

    def __init__(self, repository: LatestRepository, tracer: Tracer) -> None:
        self._repository = repository
        self._tracer = tracer

    async def load(self) -> Latest:
        """Load under a span."""
        with self._tracer.span("database.load", {"kimp.batch": "latest"}):
            return await self._repository.load()

    async def save(self, latest: Latest) -> None:
        """Save under a span that tells the rows."""
        rows: dict[str, Attribute] = {
            "kimp.batch": "latest",
            "kimp.rows.quotes": len(latest.quotes),
            "kimp.rows.rates": len(latest.rates),
            "kimp.rows.premiums": len(latest.premiums),
        }
        with self._tracer.span("database.save", rows):
            await self._repository.save(latest)
