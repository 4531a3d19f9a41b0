"""How the bus is, and through it the ingest, as `/health` and clients see them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from domain.model.health import ServiceStatus, UpstreamStatus
from domain.services.board_follower import BoardFollower
from domain.services.board_publisher import BoardPublisher
from domain.services.replica_service import ReplicaService

BUS: Final = "bus"


class BusReport:
    """`UpstreamReporter` of the bus; where it `carries`, of the leader's upstreams too.

    While the leader is silent nobody can say that they are well.
    """

    def __init__(
        self,
        service: ReplicaService,
        follower: BoardFollower,
        publisher: BoardPublisher,
        *,
        carries: bool,
    ) -> None:
        self._service = service
        self._follower = follower
        self._publisher = publisher
        self._carries = carries

    def statuses(self) -> Sequence[UpstreamStatus]:
        """Return the bus, and behind it what the leader says of its upstreams."""
        bus = self._bus()
        if not self._carries:
            return (bus,)
        told = self._service.shared.signs.upstreams
        if self._service.is_silent:
            gone = ServiceStatus.UNAVAILABLE
            why = "the ingest is silent"
            told = tuple(replace(each, status=gone, detail=why) for each in told)
        return (*told, bus)

    def _bus(self) -> UpstreamStatus:
        shared = self._service.shared
        why = self._why()
        heard_ms = shared.heard_ms() or None
        if self._service.leads:
            heard_ms = self._publisher.told_ms or None
        return UpstreamStatus(
            BUS,
            ServiceStatus.HEALTHY if why is None else ServiceStatus.UNAVAILABLE,
            None,
            last_message_ms=heard_ms,
            last_success_ms=heard_ms,
            detail=why,
        )

    def _why(self) -> str | None:
        if self._service.leads:
            if self._publisher.why_away is not None:
                return self._publisher.why_away
            return None if self._publisher.has_term else "no term on the bus yet"
        if self._follower.why_away is not None:
            return self._follower.why_away
        return "the ingest is silent" if self._service.is_silent else None
