"""Rate sources, each polled at its own pace."""

import asyncio
from decimal import Decimal

from adapters.memory.fx_source import MemoryFxSource
from domain.model.fx import PremiumBasis
from domain.services.fx_service import RETRY_INTERVAL_S, FxService
from tests.unit.domain.services.conftest import World


async def test_an_answer_reaches_the_board(world: World) -> None:
    world.go_live()
    source = MemoryFxSource("dunamu")
    source.set_rate(Decimal(1400), world.clock.now_ms())
    assert await FxService(world.board, world.clock).poll(source)
    used = world.premium().basis(PremiumBasis.OFFICIAL_FX).fx
    assert used is not None
    assert (used.rate, used.source) == (Decimal(1400), "dunamu")


async def test_a_refused_rate_is_counted_and_the_source_is_asked_again(
    world: World,
) -> None:
    source = MemoryFxSource("dunamu")
    source.set_rate(Decimal(1), world.clock.now_ms())
    service = FxService(world.board, world.clock)
    assert not await service.poll(source)
    assert service.refused == {"dunamu": 1}


async def test_a_silent_source_is_asked_again_soon_and_an_answering_one_at_its_pace(
    world: World,
) -> None:
    source = MemoryFxSource("dunamu", poll_interval_s=3600.0)
    source.down = "refused"
    task = asyncio.create_task(FxService(world.board, world.clock).run(source))
    await world.clock.settle()
    assert source.next_ms == world.clock.now_ms() + RETRY_INTERVAL_S * 1000
    source.down = None
    source.set_rate(Decimal(1300), world.clock.now_ms())
    await world.clock.advance(RETRY_INTERVAL_S)
    assert source.asked == 2
    await world.clock.advance(3599)
    assert source.asked == 2
    await world.clock.advance(1)
    assert source.asked == 3
    task.cancel()
