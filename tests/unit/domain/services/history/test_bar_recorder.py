"""Minutes are closed at their end and kept where a kill does not reach them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from domain.model.bar import Bar
from domain.model.fx import PremiumBasis
from domain.services.bar_recorder import LOOK_INTERVAL_S
from domain.services.bar_writer import HELD_BATCHES
from tests.unit.domain.services.history.conftest import Studio

MINUTE_MS = 60_000


@pytest.fixture
async def running(studio: Studio) -> AsyncIterator[Studio]:
    """The studio while its recorder and its writer run."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(studio.recorder.run()),
            group.create_task(studio.writer.run()),
        ]
        await studio.world.clock.settle()
        yield studio
        for task in tasks:
            task.cancel()


async def test_a_minute_is_in_the_database_as_soon_as_it_is_over(
    running: Studio,
) -> None:
    begun_ms = running.world.clock.now_ms()
    await running.world.clock.advance(59.9)
    assert running.store.count == 0
    await running.world.clock.advance(0.1)
    assert running.store.opened("BTC") == running.store.opened("ETH") == [begun_ms]
    assert running.store.bar(begun_ms).bases[PremiumBasis.OFFICIAL_FX].samples == 1
    assert running.shelf.batches == {}
    recorder = running.recorder
    assert (recorder.minutes, recorder.bars, recorder.missed) == (1, 2, 0)
    assert running.writer.rows == 2


async def test_every_minute_is_recorded_once_in_order(running: Studio) -> None:
    begun_ms = running.world.clock.now_ms()
    await running.live(5)
    assert running.store.opened() == [begun_ms + n * MINUTE_MS for n in range(5)]
    assert len(running.store.writes) == 5


async def test_a_tick_that_comes_first_closes_the_minute_as_well(
    studio: Studio,
) -> None:
    await studio.world.clock.advance(60)
    studio.world.trade("KRW-BTC", "52520000")
    studio.world.board.tick()
    assert studio.recorder.minutes == 1
    assert studio.store.count == 0
    await studio.recorder.flush()
    assert await studio.writer.drain()
    assert studio.store.count == 2


async def test_the_running_minute_is_not_written_at_a_stop(studio: Studio) -> None:
    await studio.world.clock.advance(59)
    await studio.recorder.flush()
    assert studio.writer.waiting == 0
    assert await studio.writer.drain()
    assert studio.store.count == 0


async def test_a_kill_loses_the_running_minute_and_nothing_else(studio: Studio) -> None:
    studio.store.store.down = "gone"
    begun_ms = studio.world.clock.now_ms()
    task = asyncio.create_task(studio.recorder.run())
    await studio.live(3)
    await studio.world.clock.advance(30)
    task.cancel()  # nothing is flushed
    studio.store.store.down = None
    studio.start()
    assert await studio.writer.drain()
    assert studio.store.opened() == [begun_ms + n * MINUTE_MS for n in range(3)]
    assert studio.shelf.batches == {}


async def test_a_clock_set_forward_is_seen_within_a_second(
    running: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    clock = running.world.clock
    clock.set_now_ms(clock.now_ms() + 55_000)
    await clock.advance(5)
    assert running.recorder.minutes == 1
    clock.set_now_ms(clock.now_ms() + 10 * MINUTE_MS)
    await clock.advance(LOOK_INTERVAL_S)
    assert (running.recorder.minutes, running.recorder.missed) == (1, 10)
    [record] = [r for r in caplog.records if r.message == "recorder.missed"]
    assert record.__dict__["minutes"] == 10
    assert record.levelno == logging.WARNING


async def test_versions_for_a_closed_minute_are_counted(running: Studio) -> None:
    clock = running.world.clock
    await clock.advance(61)
    clock.set_now_ms(clock.now_ms() - 5_000)
    running.world.trade("KRW-BTC", "52520000")
    running.world.board.tick()
    assert running.recorder.late == 2  # ETH has turned stale meanwhile
    await clock.advance(120)
    assert len(running.store.opened()) == 2


async def test_a_disk_that_hangs_for_long_costs_the_oldest_minutes(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_ms = studio.world.clock.now_ms()
    let_go = asyncio.Event()
    keep = studio.writer.keep

    async def hang(bars: Sequence[Bar]) -> None:
        await let_go.wait()
        await keep(bars)

    monkeypatch.setattr(studio.writer, "keep", hang)
    task = asyncio.create_task(studio.recorder.run())
    await studio.live(HELD_BATCHES + 3)
    let_go.set()
    await studio.world.clock.settle()
    task.cancel()
    assert await studio.writer.drain()
    opened = set(studio.store.opened())
    closed = {begun_ms + n * MINUTE_MS for n in range(HELD_BATCHES + 3)}
    # The first two went, but the disk had one of them in hand.
    assert closed - opened == {begun_ms + MINUTE_MS}
    assert studio.writer.dropped == 2


async def test_who_listens_hears_of_every_minute_that_is_closed(
    running: Studio,
) -> None:
    heard: list[Sequence[Bar]] = []
    running.recorder.on_closed(heard.append)
    await running.world.clock.advance(60)
    assert [[bar.symbol for bar in bars] for bars in heard] == [["BTC", "ETH"]]


async def test_a_disk_that_hangs_does_not_stop_the_closing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_ms = studio.world.clock.now_ms()
    let_go = asyncio.Event()
    keep = studio.writer.keep

    async def hang(bars: Sequence[Bar]) -> None:
        await let_go.wait()
        await keep(bars)

    monkeypatch.setattr(studio.writer, "keep", hang)
    task = asyncio.create_task(studio.recorder.run())
    await studio.live(3)
    assert studio.recorder.minutes == 2  # ticks close what the worker does not
    let_go.set()
    await studio.world.clock.settle()
    task.cancel()
    await studio.recorder.flush()
    assert await studio.writer.drain()
    assert studio.store.opened() == [begun_ms + n * MINUTE_MS for n in range(3)]
