"""Which part of a shared ingest a process has."""

import asyncio
from typing import Any, cast

import pytest

from adapters.memory.board_bus import MemoryBoardBus
from adapters.memory.clock import FakeClock
from adapters.memory.leader_lock import MemoryLeaderLock
from adapters.memory.store import MemoryCoinRepository
from adapters.nats.board_bus import NatsBoardBus
from app.extra_setting import BusSettings
from app.leading import LeaderWork
from app.metric.bus import FAMILIES, Alone, BusFigures
from app.settings import Settings
from app.sharing import (
    API_WORKERS,
    LEADER_WORKERS,
    LeaderCoins,
    Role,
    Sharing,
    open_sharing,
)
from app.store import CannotStart, Store
from app.supervisor import Worker
from domain.model.coin import Coin
from domain.model.error import StoreUnavailable
from domain.model.fx import FxChain, FxSourcePlan
from domain.services.leader_service import LeaderService
from domain.services.replica_service import ReplicaService

LIMIT_S = 5.0
COIN = Coin("BTC", "비트코인", "Bitcoin")
SETTINGS = Settings()


async def idle() -> None:
    """Work until cancelled."""
    await asyncio.Event().wait()


def sharing(role: Role, siblings: int = 1) -> tuple[Sharing, ReplicaService]:
    """Return a process's part on a bus of its own, and its board."""
    clock = FakeClock()
    lock = cast(Any, MemoryLeaderLock())
    one = Sharing(role, MemoryBoardBus(), lock, clock, siblings)
    chain = FxChain([FxSourcePlan("dunamu", 60.0)])
    board = one.board(SETTINGS, chain, {})
    one.attach(board, [])
    return one, board


@pytest.mark.parametrize("role", [Role.API, Role.INGEST])
def test_a_role_without_a_bus_cannot_start_and_says_why(role: Role) -> None:
    with pytest.raises(CannotStart, match="KIMP_BUS__URL"):
        open_sharing(SETTINGS, role, cast(Store, None), FakeClock())


def test_without_a_bus_a_process_is_alone() -> None:
    assert open_sharing(SETTINGS, Role.ALL, cast(Store, None), FakeClock()) is None


async def test_with_a_bus_every_role_shares() -> None:
    bus = BusSettings(url="nats://127.0.0.1:4222")
    settings = SETTINGS.model_copy(update={"bus": bus})
    one = open_sharing(settings, Role.ALL, cast(Store, None), FakeClock())
    assert one is not None
    assert isinstance(one.bus, NatsBoardBus)
    assert not one.leads
    assert not one.is_locked
    assert one.term == 0
    assert one.workers([Worker("board", idle)])[0].name == "board"
    await one.prepare()
    await one.close()


def names(workers: list[Worker]) -> set[str]:
    """Return the workers' names."""
    return {worker.name for worker in workers}


def test_an_api_replica_watches_no_venue_and_writes_nothing() -> None:
    every = [Worker(name, idle) for name in (*API_WORKERS, *LEADER_WORKERS, "fx.x")]
    one, _ = sharing(Role.API, siblings=4)
    assert names(one.workers(every)) == {*API_WORKERS, "bus.follower"}
    assert (one.ingests, one.serves, one.share) == (False, True, 0.125)


def test_an_ingest_keeps_the_leaders_work_for_when_it_leads() -> None:
    every = [Worker(name, idle) for name in (*API_WORKERS, *LEADER_WORKERS, "fx.x")]
    one, _ = sharing(Role.INGEST)
    ours = {"bus.follower", "bus.publisher", "leader", "leader.work"}
    assert names(one.workers(every)) == {*API_WORKERS, "fx.x", *ours}
    assert (one.ingests, one.serves, one.share) == (True, False, 1.0)


async def test_leading_shows_in_term_lock_and_metrics() -> None:
    one, board = sharing(Role.ALL)
    workers = {worker.name: worker for worker in one.workers([])}
    leading = asyncio.create_task(workers["leader"].run())
    clock = cast(FakeClock, one.clock)
    await clock.advance(0.1)
    assert one.leads
    assert one.is_locked
    assert one.term > 0
    metrics = {m.name: m for m in BusFigures(one, board).gather()}
    assert {f"kimp_{family.name}" for family in FAMILIES} == set(metrics)
    assert metrics["kimp_bus_leader"].samples[0].value == 1.0
    leading.cancel()
    await one.close()


def test_who_shares_nothing_leads() -> None:
    metrics = {m.name: m for m in BusFigures(Alone()).gather()}
    assert metrics["kimp_bus_leader"].samples[0].value == 1.0
    assert metrics["kimp_bus_silent"].samples[0].value == 0.0


async def test_coins_are_written_by_a_leader_alone() -> None:
    inner, leads = MemoryCoinRepository(), False
    coins = LeaderCoins(inner, lambda: leads)
    with pytest.raises(StoreUnavailable, match="another ingest"):
        await coins.save([COIN])
    leads = True
    await coins.save([COIN])
    assert [coin.symbol for coin in await coins.load()] == ["BTC"]
    assert await coins.set_icon_url("BTC", "https://example.com/btc.png")
    assert (await coins.mark()).coins == 1


class Turns:
    """A leader that leads when it is told to."""

    def __init__(self) -> None:
        self.leading, self.following = asyncio.Event(), asyncio.Event()

    async def wait_leading(self) -> None:
        await self.leading.wait()

    async def wait_following(self) -> None:
        await self.following.wait()

    def lead(self, leads: bool) -> None:
        (self.leading if leads else self.following).set()
        (self.following if leads else self.leading).clear()


async def test_a_leaders_work_begins_and_ends_with_each_leadership() -> None:
    log: list[str] = []
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        log.append("begins")
        began.set()
        try:
            await idle()
        finally:
            log.append("ends")
            ended.set()

    turns = Turns()
    leader = cast(LeaderService, turns)
    running = asyncio.create_task(LeaderWork(leader, [Worker("work", work)]).run())
    async with asyncio.timeout(LIMIT_S):
        for _ in range(2):
            turns.lead(True)
            await began.wait()
            turns.lead(False)
            await ended.wait()
            began.clear()
            ended.clear()
        turns.lead(True)
        await began.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert log == ["begins", "ends"] * 3


async def test_a_leaders_worker_that_dies_ends_the_process() -> None:
    async def dies() -> None:
        raise RuntimeError("surprise")

    turns = Turns()
    turns.lead(True)
    work = LeaderWork(cast(LeaderService, turns), [Worker("dies", dies)])
    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(LIMIT_S):
            await work.run()
