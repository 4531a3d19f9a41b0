"""Nothing evaporates: write-behind of the latest values, and their return."""

import asyncio
import logging
from decimal import Decimal

import pytest

from adapters.memory.store import MemoryLatestRepository, MemoryStore
from domain.model.alarm import ALARM_AFTER_S, StoreAlarm
from domain.model.board import PremiumBoard
from domain.model.error import StoreUnavailable
from domain.model.fx import FxChain, FxSourcePlan
from domain.model.market import Channel, Quality, Reason
from domain.model.premium import Premium
from domain.ports.store import Latest
from domain.services.board_service import BoardService
from domain.services.latest_service import (
    SAVE_INTERVAL_S,
    SAVES_PER_PREMIUMS,
    UNCLEAN_RESERVE,
    LatestService,
)
from tests.unit.domain.services.conftest import World


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def _service(world: World, store: MemoryStore, board: BoardService) -> LatestService:
    service = LatestService(MemoryLatestRepository(store), board, world.clock)
    board.on_tick(service.note)
    return service


def _reborn(world: World) -> BoardService:
    board = BoardService(
        PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)])), world.clock
    )
    board.set_coins(world.coins)
    return board


def _bitcoin(board: BoardService) -> Premium:
    premium = board.board.premium("BTC")
    assert premium is not None
    return premium


async def test_a_restart_brings_every_coin_back_with_its_age_and_reason(
    world: World, store: MemoryStore
) -> None:
    service = _service(world, store, world.board)
    await service.restore()
    world.go_live()
    world.board.tick()
    before = _bitcoin(world.board)
    assert await service.save(clean=True)

    await world.clock.advance(30)
    board = _reborn(world)
    await _service(world, store, board).restore()
    premium = _bitcoin(board)
    assert premium.domestic is not None
    assert premium.domestic.channel is Channel.CACHE
    assert premium.domestic.age_ms(world.clock.now_ms()) == 30_000
    assert (premium.quality, premium.reason) == (Quality.STALE, Reason.DOMESTIC_STALE)
    assert premium.percent == before.percent
    assert premium.at_ms == before.at_ms
    assert premium.last_live_ms == before.last_live_ms
    assert premium.seq == before.seq + 1
    assert board.board.seq > world.board.board.seq


async def test_after_a_kill_the_counts_go_on_above_what_may_have_been_seen(
    world: World, store: MemoryStore
) -> None:
    service = _service(world, store, world.board)
    world.go_live()
    world.board.tick()
    assert await service.save()
    board = _reborn(world)
    await _service(world, store, board).restore()
    assert _bitcoin(board).seq == 1 + UNCLEAN_RESERVE + 1
    assert board.board.seq == 1 + UNCLEAN_RESERVE + 1


async def test_what_the_store_could_not_take_waits_and_the_newest_is_written(
    world: World, store: MemoryStore
) -> None:
    service = _service(world, store, world.board)
    await service.restore()
    world.go_live()
    world.board.tick()
    store.down = "refused"
    assert not await service.save()
    world.trade("KRW-BTC", "53000000")
    world.board.tick()
    assert not await service.save()
    store.down = None
    assert await service.save()
    prices = {key.market: quote.price for key, quote in store.quotes.items()}
    assert prices["KRW-BTC"] == Decimal(53000000)
    assert prices["ETHUSDT"] == Decimal(40000)
    assert store.rates["dunamu"].rate == Decimal(1300)


async def test_a_store_that_was_away_at_the_start_is_read_when_it_comes(
    world: World, store: MemoryStore
) -> None:
    first = _service(world, store, world.board)
    await first.restore()
    world.go_live()
    world.board.tick()
    await first.save(clean=True)
    stored_seq = store.premiums["BTC"].seq

    store.down = "refused"
    board = _reborn(world)
    service = _service(world, store, board)
    with pytest.raises(StoreUnavailable):
        await service.restore()
    board.tick()
    assert not await service.save()
    store.down = None
    assert await service.save()
    assert _bitcoin(board).seq > stored_seq


async def test_the_first_write_marks_the_store_as_in_use_and_then_only_changes_do(
    world: World, store: MemoryStore
) -> None:
    service = _service(world, store, world.board)
    assert await service.save()
    assert store.clean is False
    store.clean = True
    assert await service.save()
    assert store.clean is True


async def test_after_a_kill_a_coin_that_was_never_stored_counts_on_as_well(
    world: World, store: MemoryStore
) -> None:
    service = _service(world, store, world.board)
    assert await service.save()
    world.go_live()
    world.board.tick()
    board = _reborn(world)
    await _service(world, store, board).restore()
    board.tick()
    assert _bitcoin(board).seq == UNCLEAN_RESERVE + 1


async def test_it_writes_once_a_second(world: World, store: MemoryStore) -> None:
    service = _service(world, store, world.board)
    task = asyncio.create_task(service.run())
    world.go_live()
    world.board.tick()
    await world.clock.advance(SAVE_INTERVAL_S)
    assert set(store.premiums) == {"BTC", "ETH"}
    task.cancel()


async def test_counts_are_written_with_the_first_and_then_every_fifth_batch(
    world: World, store: MemoryStore
) -> None:
    service = _service(world, store, world.board)
    world.go_live()
    stored = []
    for number in range(SAVES_PER_PREMIUMS + 1):
        world.trade("KRW-BTC", str(52_000_000 + number))
        world.board.tick()
        await service.save()
        stored.append(store.premiums["BTC"].seq)
    assert stored == [1] * SAVES_PER_PREMIUMS + [SAVES_PER_PREMIUMS + 1]


async def test_nothing_written_for_five_seconds_is_an_alarm_until_the_first_write(
    world: World, store: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = _service(world, store, world.board)
    world.go_live()
    world.board.tick()
    assert await service.save()
    assert (service.alarm, service.unsaved_count) == (None, 0)
    store.down = "the server is out of resources"
    world.trade("KRW-BTC", "53000000")
    world.board.tick()
    since_ms = world.clock.now_ms()
    for _ in range(int(ALARM_AFTER_S)):
        assert not await service.save()
        assert service.alarm is None
        await world.clock.advance(1.0)
    assert not await service.save()
    assert service.alarm == StoreAlarm(since_ms, "the server is out of resources")
    assert service.unsaved_count > 0
    store.down = None
    assert await service.save()
    assert (service.alarm, service.unsaved_count) == (None, 0)
    told = [(record.levelname, record.msg) for record in caplog.records]
    assert told == [
        ("WARNING", "latest.unsaved"),
        ("ERROR", "store.alarm"),
        ("INFO", "store.recovered"),
    ]


async def test_a_write_that_hangs_is_an_alarm_as_soon_as_it_is_given_up(
    world: World, store: MemoryStore
) -> None:
    class Slow(MemoryLatestRepository):
        """A store that takes ten seconds to fail."""

        async def save(self, latest: Latest) -> None:
            await world.clock.sleep(10.0)
            raise StoreUnavailable("no answer in time")

    service = LatestService(Slow(store), world.board, world.clock)
    saving = asyncio.create_task(service.save())
    await world.clock.advance(10.0)
    assert not await saving
    alarm = service.alarm
    assert alarm is not None
    assert alarm.since_ms == world.clock.now_ms() - 10_000


async def test_what_a_cancelled_write_was_to_keep_is_written_by_the_next(
    world: World, store: MemoryStore
) -> None:
    class Hanging(MemoryLatestRepository):
        """A store that never answers the first write."""

        async def save(self, latest: Latest) -> None:
            if not hung:
                hung.append(True)
                await asyncio.Event().wait()
            await super().save(latest)

    hung: list[bool] = []
    service = LatestService(Hanging(store), world.board, world.clock)
    world.board.on_tick(service.note)
    world.go_live()
    world.board.tick()
    saving = asyncio.create_task(service.save())
    await world.clock.settle()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert store.quotes == {}
    assert await service.save(clean=True)
    assert len(store.quotes) == 4
    assert set(store.premiums) == {"BTC", "ETH"}


async def test_nothing_is_restored_late_before_the_stored_coins_are_read(
    world: World, store: MemoryStore
) -> None:
    first = _service(world, store, world.board)
    await first.restore()
    world.go_live()
    world.board.tick()
    await first.save(clean=True)

    unread: list[str | None] = ["the stored coins were not read yet"]
    board = BoardService(
        PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)])), world.clock
    )
    service = LatestService(
        MemoryLatestRepository(store), board, world.clock, lambda: unread[0]
    )
    board.on_tick(service.note)
    assert not await service.save()
    assert store.clean
    board.set_coins(world.coins)
    unread[0] = None
    assert await service.save()
    premium = _bitcoin(board)
    assert premium.domestic is not None
    assert premium.domestic.channel is Channel.CACHE
