"""The bus: who leads, what was told and heard."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client.core import Metric

from app.metric.family import counter, gauge
from domain.model.bus_count import BusCount
from domain.services.replica_service import ReplicaService

LEADS = gauge(
    "bus_leader", "1 while this process leads, else 0; alone, without a bus, always 1."
)
LOCKED = gauge("bus_lock_held", "1 while it holds the leader's lock in the database.")
TERM = gauge("bus_term", "The term of the leader that is followed, or our own.")
SILENT = gauge(
    "bus_silent", "1 while a leader is followed that was not heard within the bound."
)
MESSAGES = counter(
    "bus_messages",
    "News: `published` and `refused` of ours, `followed`, `outdated` of an older term "
    "and `unreadable` of others.",
    "result",
)
RESYNCS = counter("bus_resyncs", "Boards that were read as a whole.")
STATES = counter("bus_states_kept", "States kept for late comers.")
FAILURES = counter("bus_failures", "Questions to the bus without an answer.")
TAKEOVERS = counter("bus_takeovers", "Leaderships of this process.")

FAMILIES = (
    LEADS,
    LOCKED,
    TERM,
    SILENT,
    MESSAGES,
    RESYNCS,
    STATES,
    FAILURES,
    TAKEOVERS,
)


class BusReporter(Protocol):
    """Who shares an ingest over a bus."""

    @property
    def leads(self) -> bool:
        """Whether this process leads."""
        ...

    @property
    def is_locked(self) -> bool:
        """Whether the leader's lock is ours."""
        ...

    @property
    def term(self) -> int:
        """The term that is followed, or our own."""
        ...

    @property
    def count(self) -> BusCount:
        """What was done since the start."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """Who shares nothing: the only one, and so the leader."""

    leads: bool = True
    is_locked: bool = False
    term: int = 0
    count: BusCount = field(default_factory=BusCount)


@dataclass(frozen=True, slots=True)
class BusFigures:
    """Reads the counts of who publishes and follows."""

    bus: BusReporter
    board: ReplicaService | None = None

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of the bus."""
        bus, count = self.bus, self.bus.count
        yield LEADS.now(float(bus.leads))
        yield LOCKED.now(float(bus.is_locked))
        yield TERM.now(bus.term)
        yield SILENT.now(float(self.board is not None and self.board.is_silent))
        yield MESSAGES.of(
            {
                ("published",): count.published,
                ("refused",): count.refused,
                ("followed",): count.followed,
                ("outdated",): count.outdated,
                ("unreadable",): count.unreadable,
            }
        )
        yield RESYNCS.now(count.resyncs)
        yield STATES.now(count.states_kept)
        yield FAILURES.now(count.failures)
        yield TAKEOVERS.now(count.takeovers)
