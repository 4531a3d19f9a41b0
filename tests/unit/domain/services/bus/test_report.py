"""The bus as health tells it; minutes as only a leader keeps them."""

from decimal import Decimal

import pytest

from adapters.memory.bar_spool import MemoryBarSpool
from adapters.memory.bar_store import MemoryBarStore
from adapters.memory.clock import FakeClock
from domain.model.bar import Bar, BarOrigin
from domain.model.health import ServiceStatus
from domain.model.interval import Interval
from domain.services.bus_report import BusReport
from domain.services.leaders_bar_writer import LeadersBarWriter
from tests.unit.domain.services.bus.conftest import Cluster


async def test_an_ingest_tells_of_the_bus_only_and_a_replica_of_all(
    cluster: Cluster,
) -> None:
    leader, replica = await cluster.ingest(), await cluster.replica()
    own = BusReport(leader.service, leader.follower, leader.publisher, carries=False)
    assert [s.name for s in own.statuses()] == ["bus"]
    assert own.statuses()[0].status is ServiceStatus.HEALTHY
    await cluster.clock.advance(1.0)
    told = {s.name: s.status for s in replica.report.statuses()}
    assert told == {
        "upbit.stream": ServiceStatus.HEALTHY,
        "bus": ServiceStatus.HEALTHY,
    }
    cluster.row.fall("gone")
    leader.trade("KRW-BTC", 52_000_001)
    await cluster.clock.advance(1.0)
    assert own.statuses()[0].detail == "gone"


@pytest.mark.parametrize("leads", [True, False])
async def test_closed_minutes_are_kept_by_a_leader_alone(leads: bool) -> None:
    spool = MemoryBarSpool()
    writer = LeadersBarWriter(MemoryBarStore(), spool, FakeClock(), keeps=lambda: leads)
    one = Decimal(1)
    bar = Bar("BTC", Interval.M1, 0, one, one, {}, BarOrigin.LIVE)
    await writer.keep([bar])
    assert writer.waiting == int(leads)
