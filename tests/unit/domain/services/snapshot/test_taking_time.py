"""When the snapshot of a day is taken, by which clock, and when it is not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from domain.services import snapshot_taker
from domain.services.snapshot_taker import GRACE_MS
from tests.unit.domain.services.snapshot.conftest import DAY, DAY_MS, NEXT

if TYPE_CHECKING:
    from tests.unit.domain.services.snapshot.conftest import Scene


async def test_nothing_is_taken_before_the_grace_is_over(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    await scene.change_date(service, GRACE_MS - 1)
    assert await scene.store.last_day() is None
    await scene.change_date(service, GRACE_MS)
    assert await scene.store.last_day() == DAY


async def test_a_change_that_was_slept_through_is_not_taken(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    service = scene.serve()
    scene.world.go_live()
    await scene.change_date(service, GRACE_MS + snapshot_taker.LATE_MS + 1)
    assert await scene.store.last_day() is None
    assert service.count.missed_days == 1
    assert "snapshot.missed" in caplog.messages
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert await scene.store.last_day() == NEXT


async def test_a_clock_set_ahead_and_back_makes_no_second_row(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    before = await scene.row()
    scene.trade("KRW-BTC", "99", 100)
    scene.tick()
    # Back before the change, and over it again.
    await scene.change_date(service, -5000)
    await scene.change_date(service, GRACE_MS + 10)
    assert service.count.taken == 2
    assert await scene.row() == before
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert (await scene.row("BTC", NEXT)).prices.domestic_price == 99


async def test_a_clock_that_was_days_ahead_takes_the_right_day_in_the_end(
    scene: Scene,
) -> None:
    scene.set_now(9 * DAY_MS)
    service = scene.serve()
    scene.world.go_live()
    scene.set_now(-5000)
    await scene.turn(service)
    scene.trade("KRW-BTC", "99", -5500)
    scene.tick()
    await scene.change_date(service, GRACE_MS)
    assert await scene.store.last_day() == DAY


async def test_the_venues_clock_decides_when_the_day_ends(scene: Scene) -> None:
    scene.skew_ms = 30_000
    service = scene.serve()
    scene.world.go_live()
    await scene.change_date(service, GRACE_MS)
    assert await scene.store.last_day() is None
    scene.trade("KRW-BTC", "53", -4000)
    scene.tick()
    await scene.change_date(service, GRACE_MS + 30_000)
    assert (await scene.row()).prices.domestic_price == 53


async def test_a_running_server_takes_the_change_by_itself(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    clock = scene.world.clock
    task = asyncio.create_task(service.run_take())
    scene.set_now(-10_000)
    await clock.advance(20.0)
    assert await scene.store.last_day() == DAY
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
