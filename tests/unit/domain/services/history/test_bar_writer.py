"""Batches wait on disk, or in memory, and are written oldest first."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.services.bar_writer import HELD_BATCHES, RETRY_S
from tests.unit.domain.services.history.conftest import Studio

NOW = 1_767_225_600_000
MINUTE_MS = 60_000
ONE = Decimal(1)
BTC = Bar(
    symbol="BTC",
    interval=Interval.M1,
    opened_ms=NOW,
    domestic_close=ONE,
    global_close=ONE,
    bases={
        PremiumBasis.KRW_USDT: BasisBar(ONE, ONE, ONE, ONE, ONE, 1, Quality.LIVE),
    },
    origin=BarOrigin.LIVE,
)


def minute(number: int, symbol: str = "BTC") -> list[Bar]:
    """A batch of one bar."""
    return [replace(BTC, symbol=symbol, opened_ms=NOW + number * MINUTE_MS)]


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


async def test_an_hour_without_a_database_is_written_when_it_is_back(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    studio.store.store.down = "gone"
    running = [
        asyncio.create_task(studio.recorder.run()),
        asyncio.create_task(studio.writer.run()),
    ]
    begun_ms = studio.world.clock.now_ms()
    await studio.live(60)
    assert studio.store.count == 0
    assert studio.writer.waiting == 60
    assert studio.writer.unkept == 0
    studio.store.store.down = None
    await studio.world.clock.advance(RETRY_S)
    assert studio.store.opened() == [begun_ms + n * MINUTE_MS for n in range(60)]
    assert studio.writer.waiting == 0
    told = [event for event in events(caplog) if event.startswith("recorder.")]
    assert told == ["recorder.behind", "recorder.caught_up"]
    [record] = [r for r in caplog.records if r.message == "recorder.caught_up"]
    assert record.__dict__["batches"] == 60
    for task in running:
        task.cancel()


async def test_batches_of_another_process_are_written_too(studio: Studio) -> None:
    await studio.writer.keep(minute(1))
    studio.start()
    await studio.writer.keep(minute(0))
    assert await studio.writer.drain()
    assert studio.store.opened() == [NOW, NOW + MINUTE_MS]


async def test_a_new_batch_need_not_be_read_back(studio: Studio) -> None:
    await studio.writer.keep(minute(0))
    studio.shelf.damaged.update(studio.shelf.batches)
    assert await studio.writer.drain()
    assert studio.store.opened() == [NOW]
    assert studio.writer.damaged == 0


async def test_a_damaged_batch_does_not_hold_the_others_up(studio: Studio) -> None:
    await studio.writer.keep(minute(0))
    await studio.writer.keep(minute(1))
    studio.shelf.damaged.add(min(studio.shelf.batches))
    studio.start()
    assert await studio.writer.drain()
    assert studio.store.opened() == [NOW + MINUTE_MS]
    assert (studio.writer.damaged, studio.writer.waiting) == (1, 0)


async def test_before_the_schema_is_there_nothing_is_asked_of_the_database(
    studio: Studio,
) -> None:
    studio.is_ready = False
    await studio.writer.keep(minute(0))
    assert not await studio.writer.drain()
    assert studio.store.count == 0
    studio.is_ready = True
    assert await studio.writer.drain()
    assert studio.store.opened() == [NOW]


async def test_a_batch_that_the_database_refuses_is_set_aside_for_people(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.store.refused = "BAD"
    await studio.writer.keep(minute(0, "BAD"))
    await studio.writer.keep(minute(1))
    assert await studio.writer.drain()
    assert studio.store.opened() == [NOW + MINUTE_MS]
    assert (studio.writer.damaged, len(studio.shelf.aside)) == (1, 1)
    assert events(caplog) == ["recorder.batch_refused"]


async def test_what_the_disk_does_not_take_waits_in_memory(studio: Studio) -> None:
    studio.shelf.full = True
    await studio.writer.keep(minute(0))
    assert (studio.writer.waiting, studio.writer.unkept) == (1, 1)
    assert await studio.writer.drain()
    assert studio.store.opened() == [NOW]
    assert (studio.writer.waiting, studio.writer.unkept) == (0, 0)


async def test_what_waits_in_memory_goes_to_the_disk_when_it_takes_it_again(
    studio: Studio,
) -> None:
    studio.store.store.down = "gone"
    studio.shelf.full = True
    await studio.writer.keep(minute(0))
    await studio.writer.keep(minute(1))
    studio.shelf.full = False
    await studio.writer.keep(minute(2))
    assert (studio.writer.waiting, studio.writer.unkept) == (3, 0)
    assert len(studio.shelf.batches) == 3


async def test_a_disk_that_fills_up_again_leaves_the_rest_in_memory(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.shelf.full = True
    await studio.writer.keep(minute(0))
    spool = studio.writer._spool
    append = spool.append

    async def once(bars: Sequence[Bar]) -> str | None:
        name = await append(bars)
        studio.shelf.full = True
        return name

    monkeypatch.setattr(spool, "append", once)
    studio.shelf.full = False
    await studio.writer.keep(minute(1))
    assert (studio.writer.waiting, studio.writer.unkept) == (2, 1)


async def test_a_batch_that_goes_to_the_disk_while_it_is_written_is_kept_twice_at_worst(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.shelf.full = True
    await studio.writer.keep(minute(0))
    write_live = studio.store.write_live

    async def meanwhile(bars: Sequence[Bar]) -> int:
        if not studio.store.writes:
            studio.shelf.full = False
            await studio.writer.keep(minute(1))
        return await write_live(bars)

    monkeypatch.setattr(studio.store, "write_live", meanwhile)
    assert await studio.writer.drain()
    assert (studio.writer.unkept, studio.writer.waiting) == (0, 2)
    assert await studio.writer.drain()
    assert studio.store.count == 2


async def test_a_batch_that_is_written_while_it_goes_to_the_disk_is_kept_twice_at_worst(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.shelf.full = True
    await studio.writer.keep(minute(0))
    studio.shelf.full = False
    spool = studio.writer._spool
    append = spool.append

    async def meanwhile(bars: Sequence[Bar]) -> str | None:
        if bars == minute(0):
            assert await studio.writer.drain()
        return await append(bars)

    monkeypatch.setattr(spool, "append", meanwhile)
    await studio.writer.keep(minute(1))
    assert (studio.writer.unkept, studio.writer.waiting) == (0, 1)
    assert await studio.writer.drain()
    assert studio.store.count == 2


async def test_memory_is_bounded_and_the_oldest_go(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    studio.store.store.down = "gone"
    studio.shelf.full = True
    for number in range(HELD_BATCHES + 2):
        await studio.writer.keep(minute(number))
    assert (studio.writer.unkept, studio.writer.dropped) == (HELD_BATCHES, 2)
    assert events(caplog) == ["recorder.lost", "recorder.lost"]
    studio.store.store.down = None
    assert await studio.writer.drain()
    assert studio.store.opened()[0] == NOW + 2 * MINUTE_MS


async def test_a_refused_batch_in_memory_is_counted_and_gone(studio: Studio) -> None:
    studio.shelf.full = True
    studio.store.refused = "BAD"
    await studio.writer.keep(minute(0, "BAD"))
    assert await studio.writer.drain()
    assert (studio.writer.waiting, studio.writer.damaged) == (0, 1)


async def test_a_batch_kept_while_others_are_written_is_written_at_once(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_live = studio.store.write_live

    async def meanwhile(bars: Sequence[Bar]) -> int:
        if not studio.store.writes:
            await studio.writer.keep(minute(1))
        return await write_live(bars)

    monkeypatch.setattr(studio.store, "write_live", meanwhile)
    await studio.writer.keep(minute(0))
    task = asyncio.create_task(studio.writer.run())
    await studio.world.clock.settle()
    task.cancel()
    assert studio.store.opened() == [NOW, NOW + MINUTE_MS]
