"""What is taken reaches the store: late, once, and up to a bound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from domain.services import snapshot_taker
from domain.services.snapshot_taker import GRACE_MS
from tests.unit.domain.services.snapshot.conftest import DAY, DAY_MS, NEXT

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.model.snapshot import DailySnapshot
    from tests.unit.domain.services.snapshot.conftest import Scene


async def test_a_day_waits_in_memory_while_the_store_is_away(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.store.store.down = "gone"
    await scene.change_date(service, GRACE_MS)
    scene.trade("KRW-BTC", "99", 5000)
    scene.tick()
    assert not await scene.turn(service)
    await scene.change_date(service, DAY_MS + GRACE_MS)
    assert service.count.waiting == 4
    scene.store.store.down = None
    assert await scene.turn(service)
    assert (await scene.row("BTC", DAY)).prices.domestic_price == 52_000_000
    assert (await scene.row("BTC", NEXT)).prices.domestic_price == 99
    assert (service.count.waiting, service.count.taken) == (0, 4)


async def test_the_oldest_of_too_many_waiting_days_goes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(snapshot_taker, "MAX_WAITING_DAYS", 2)
    service = scene.serve()
    scene.world.go_live()
    scene.store.store.down = "gone"
    for number in range(3):
        await scene.change_date(service, number * DAY_MS + GRACE_MS)
    assert service.count.waiting == 4
    assert "snapshot.dropped" in caplog.messages
    scene.store.store.down = None
    await scene.turn(service)
    assert await scene.store.first_day() == NEXT


async def test_a_day_that_is_dropped_while_it_is_written_is_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_taker, "MAX_WAITING_DAYS", 1)
    service = scene.serve()
    scene.world.go_live()
    scene.store.store.down = "gone"
    await scene.change_date(service, GRACE_MS)
    scene.store.store.down = None
    add = scene.store.add

    async def add_slowly(rows: Collection[DailySnapshot]) -> int:
        for at_ms in (DAY_MS - 1000, DAY_MS + GRACE_MS):
            scene.set_now(at_ms)
            service.taker.watch()
        return await add(rows)

    monkeypatch.setattr(scene.store, "add", add_slowly)
    assert await scene.turn(service)
    assert sorted(await scene.store.stored(DAY, NEXT)) == [DAY]
    assert await scene.turn(service)
    assert sorted(await scene.store.stored(DAY, NEXT)) == [DAY, NEXT]


async def test_two_servers_store_each_row_once(scene: Scene) -> None:
    first, second = scene.serve(), scene.serve()
    scene.world.go_live()
    scene.tick()
    scene.set_now(GRACE_MS)
    await asyncio.gather(scene.turn(first), scene.turn(second))
    assert first.count.taken + second.count.taken == 2
    assert len(await scene.store.of_day(DAY, 10)) == 2
    assert {row.revision for row in await scene.store.of_day(DAY, 10)} == {1}


async def test_a_running_server_tries_a_lost_store_again(scene: Scene) -> None:
    service = scene.serve()
    scene.world.go_live()
    clock = scene.world.clock
    scene.store.store.down = "gone"
    task = asyncio.create_task(service.run_take())
    scene.set_now(-10_000)
    await clock.advance(60.0)
    scene.store.store.down = None
    await clock.advance(snapshot_taker.RETRY_S)
    assert await scene.store.last_day() == DAY
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
