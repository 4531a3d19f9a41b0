"""A day of a server that keeps snapshots by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from domain.model.snapshot import Compared
from domain.services.snapshot_service import LOOK_INTERVAL_S
from domain.services.snapshot_taker import GRACE_MS
from domain.services.snapshot_witness import SETTLE_S
from tests.unit.domain.services.snapshot.conftest import CHANGE, DAY, DAY_MS, NEXT

if TYPE_CHECKING:
    from domain.services.snapshot_service import SnapshotService
    from tests.unit.domain.services.snapshot.conftest import Scene


async def stop(*tasks: asyncio.Task[None]) -> None:
    """End what runs for ever."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def start(service: SnapshotService) -> tuple[asyncio.Task[None], asyncio.Task[None]]:
    """Run both of a service's loops."""
    return (
        asyncio.create_task(service.run_take()),
        asyncio.create_task(service.run_prove()),
    )


async def test_the_day_is_verified_as_soon_as_its_record_has_settled(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.record("52000000", "40000")
    scene.set_now(-10_000)
    tasks = start(service)
    clock = scene.world.clock
    await clock.advance(10.0 + SETTLE_S - 1.0)
    assert (await scene.row()).verified_ms is None
    await clock.advance(3.0)
    row = await scene.row()
    assert row.verified_ms is not None
    assert SETTLE_S * 1000 <= row.verified_ms - CHANGE <= SETTLE_S * 1000 + 2000
    await stop(*tasks)


async def test_two_days_go_by_without_a_second_revision(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.record("52000000", "40000")
    scene.record("53000000", "40000", CHANGE + DAY_MS)
    scene.set_now(-10_000)
    tasks = start(service)
    clock = scene.world.clock
    await clock.advance(200.0)
    scene.trade("KRW-BTC", "53000000", 150_000)
    scene.trade("KRW-ETH", "53000000", 160_000)
    scene.tick()
    scene.set_now(DAY_MS - 10_000)
    await clock.advance(LOOK_INTERVAL_S + SETTLE_S)
    rows = [*await scene.store.of_day(DAY, 9), *await scene.store.of_day(NEXT, 9)]
    assert [int(row.prices.domestic_price or 0) for row in rows] == [
        52_000_000,
        52_000_000,
        53_000_000,
        53_000_000,
    ]
    assert {row.revision for row in rows} == {1}
    assert all(row.verified_ms for row in rows)
    assert scene.asked == 8
    await stop(*tasks)


async def test_what_is_about_to_be_stored_is_compared_once_an_interval(
    scene: Scene,
) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    tasks = start(service)
    clock = scene.world.clock
    await clock.advance(59.0)
    assert service.count.current == Compared()
    await clock.advance(1.0)
    assert service.count.current == Compared(2, 0, 2)
    await clock.advance(60.0)
    assert service.count.current == Compared(4, 2, 2)
    scene.trade("KRW-ETH", "2600", clock.now_ms() - CHANGE)
    scene.tick()
    await clock.advance(60.0)
    assert service.count.current == Compared(6, 3, 3)
    await stop(*tasks)


async def test_at_the_date_change_all_is_compared_once_more(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert service.count.current == Compared(2, 0, 2)
    [btc, _] = await scene.store.load_current()
    assert btc.prices == (await scene.row()).prices


async def test_the_venues_are_not_asked_again_without_need(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.record("52000000", "40000")
    tasks = start(service)
    await scene.world.clock.advance(3 * LOOK_INTERVAL_S)
    assert scene.asked == 0
    await stop(*tasks)
