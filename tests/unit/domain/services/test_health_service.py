"""Health: composed from every part, told when something turns."""

import asyncio
from dataclasses import replace

from adapters.memory.upstream import MemoryDatabase, MemoryUpstream
from domain.model.health import BreakerState, ServiceStatus, UpstreamStatus
from domain.model.market import Channel
from domain.services.health_service import HealthService
from tests.unit.domain.services.conftest import World

UPBIT = UpstreamStatus("upbit.rest", ServiceStatus.HEALTHY, Channel.REST)
LIMIT_S = 5.0


def test_the_whole_is_healthy_when_every_part_is(world: World) -> None:
    service = HealthService(
        "1.0", [MemoryUpstream(UPBIT)], MemoryDatabase(), world.clock
    )
    health = service.now()
    assert health.status is ServiceStatus.HEALTHY
    assert health.upstreams == (UPBIT,)
    assert health.started_at_ms == world.clock.now_ms()
    assert health.version == "1.0"


async def test_watchers_hear_at_once_and_then_only_of_turns(world: World) -> None:
    upstream, database = MemoryUpstream(UPBIT), MemoryDatabase()
    events = HealthService("1.0", [upstream], database, world.clock).watch()
    first = await anext(events)
    assert first.status is ServiceStatus.HEALTHY
    following = asyncio.create_task(anext(events))
    await world.clock.settle()
    upstream.set(replace(UPBIT, messages_per_second=7.0))
    await world.clock.advance(3)
    assert not following.done()
    upstream.set(replace(UPBIT, breaker=BreakerState.OPEN))
    await world.clock.advance(1)
    told = await asyncio.wait_for(following, LIMIT_S)
    assert told.upstreams[0].breaker is BreakerState.OPEN
