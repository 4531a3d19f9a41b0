"""The keys a server knows: watched, recognised, ended."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.key_repository import MemoryKeyRepository
from adapters.memory.store import MemoryStore
from domain.model.access import ApiKey, NewKey, new_key
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus
from domain.services.key_service import (
    IDLE_S,
    RELOAD_S,
    WATCH_S,
    KeyService,
    KeysUnknown,
    OnEnd,
    WrongKey,
)

LIMIT_S = 5.0


def made(number: int) -> NewKey:
    return new_key(bytes([number]) * 42)


class CountingKeys(MemoryKeyRepository):
    """Says how often all was read, and what use was noted."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.loads = 0
        self.uses: list[tuple[set[str], date]] = []
        self.takes = True

    async def load(self, *, revoked: bool = False) -> Sequence[ApiKey]:
        self.loads += 1
        return await super().load(revoked=revoked)

    async def used(self, key_ids: Collection[str], day: date) -> None:
        if not self.takes:
            raise StoreUnavailable("the server is read-only")
        self.uses.append((set(key_ids), day))
        await super().used(key_ids, day)


class World:
    """A store with keys, and one process that watches it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.repository = CountingKeys()
        self.store = self.repository.store
        self.service = KeyService(self.repository, self.clock)

    async def add(self, number: int, expires_ms: int | None = None) -> NewKey:
        found = made(number)
        now_ms = self.clock.now_ms()
        key = ApiKey(found.id, f"key {number}", found.digest, created_ms=now_ms)
        await self.repository.add(replace(key, expires_ms=expires_ms))
        return found


@pytest.fixture
async def world() -> World:
    return World()


async def test_a_key_is_known_from_the_next_look_on(world: World) -> None:
    await world.service.look()
    key = await world.add(1)
    with pytest.raises(WrongKey, match="not known here"):
        world.service.find(key.token)
    await world.service.look()
    assert world.service.find(key.token).name == "key 1"
    assert world.service.count == 1


async def test_nothing_is_read_again_while_nothing_has_changed(world: World) -> None:
    await world.add(1)
    for _ in range(5):
        await world.service.look()
    assert world.repository.loads == 1
    await world.clock.advance(RELOAD_S)
    await world.service.look()
    assert world.repository.loads == 2


@pytest.mark.parametrize(
    "token",
    ["", "x", "kimp_a_b", made(2).token, f"kimp_{made(1).id}_{'a' * 52}"],
)
async def test_what_is_not_the_key_is_wrong(world: World, token: str) -> None:
    await world.add(1)
    await world.service.look()
    with pytest.raises(WrongKey) as told:
        world.service.find(token)
    assert not token or token not in str(told.value)


async def test_wrong_secrets_and_unknown_ids_are_told_alike(world: World) -> None:
    await world.add(1)
    await world.service.look()
    told = set()
    for token in (made(2).token, f"kimp_{made(1).id}_{'a' * 52}"):
        with pytest.raises(WrongKey) as error:
            world.service.find(token)
        told.add(str(error.value))
    assert len(told) == 1


async def test_a_revoked_key_is_wrong_and_its_watchers_hear_once(world: World) -> None:
    key, other = await world.add(1), await world.add(2)
    await world.service.look()
    heard: list[str] = []
    for name in ("a", "b"):
        world.service.watch(key.id, partial(heard.append, name))
    forget = world.service.watch(key.id, lambda: heard.append("left"))
    world.service.watch(other.id, lambda: heard.append("other"))
    forget()
    forget()
    await world.repository.revoke(key.id, world.clock.now_ms())
    assert heard == []
    await world.service.look()
    assert heard == ["a", "b"]
    await world.service.look()
    assert heard == ["a", "b"]
    with pytest.raises(WrongKey, match="revoked"):
        world.service.find(key.token)
    assert world.service.find(other.token).id == other.id


async def test_who_watches_a_key_that_is_over_hears_at_once(world: World) -> None:
    await world.service.look()
    heard: list[str] = []
    forget = world.service.watch("gone", lambda: heard.append("over"))
    assert heard == ["over"]
    forget()


async def test_a_watcher_that_fails_keeps_nobody_else_from_hearing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    key = await world.add(1)
    await world.service.look()
    heard: list[str] = []

    def fail() -> None:
        raise RuntimeError("broken")

    world.service.watch(key.id, fail)
    world.service.watch(key.id, lambda: heard.append("b"))
    await world.repository.revoke(key.id, 0)
    await world.service.look()
    assert heard == ["b"]
    assert "key.end_failed" in caplog.messages


async def test_who_leaves_while_others_are_told_is_told_no_more(world: World) -> None:
    keys = [await world.add(1), await world.add(2)]
    await world.service.look()
    heard: list[str] = []
    forgets: dict[str, OnEnd] = {}

    def tell(key: NewKey, other: NewKey) -> None:
        heard.append(key.id)
        forgets[other.id]()

    for key, other in (keys, keys[::-1]):
        forgets[key.id] = world.service.watch(key.id, partial(tell, key, other))
    for key in keys:
        await world.repository.revoke(key.id, world.clock.now_ms())
    await world.service.look()
    assert heard == [keys[0].id]


async def test_a_key_expires_by_our_own_clock_without_the_store(world: World) -> None:
    key = await world.add(1, expires_ms=world.clock.now_ms() + 1_000)
    await world.service.look()
    heard: list[str] = []
    world.service.watch(key.id, lambda: heard.append("over"))
    world.service.find(key.token)
    await world.clock.advance(1.0)
    world.store.down = "gone"
    with pytest.raises(WrongKey, match="expired"):
        world.service.find(key.token)
    await world.service.look()
    assert heard == ["over"]


async def test_while_the_store_is_away_known_keys_go_on_and_others_are_unknown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    key = await world.add(1)
    await world.service.look()
    assert [s.status for s in world.service.statuses()] == [ServiceStatus.HEALTHY]
    world.store.down = "gone"
    for _ in range(3):
        await world.service.look()
    assert world.service.find(key.token).id == key.id
    with pytest.raises(KeysUnknown):
        world.service.find(made(2).token)
    # What is known is known: a wrong secret for it stays wrong.
    with pytest.raises(WrongKey):
        world.service.find(f"kimp_{key.id}_{'a' * 52}")
    (status,) = world.service.statuses()
    assert status.status is ServiceStatus.DEGRADED
    assert status.detail is not None
    assert "gone" in status.detail
    assert not world.service.is_known
    world.store.down = None
    await world.service.look()
    with pytest.raises(WrongKey):
        world.service.find(made(2).token)
    assert caplog.messages == ["keys.away", "keys.back"]


async def test_a_store_that_comes_back_is_read_whatever_its_mark_says(
    world: World,
) -> None:
    first = await world.add(1)
    await world.service.look()
    world.store.down = "gone"
    await world.service.look()
    # Another database, as after a restore: as many keys, others.
    world.store.down = None
    world.store.keys.clear()
    second = await world.add(2)
    await world.service.look()
    assert world.service.find(second.token).id == second.id
    with pytest.raises(WrongKey):
        world.service.find(first.token)


async def test_before_the_first_look_nobody_can_say(world: World) -> None:
    key = await world.add(1)
    with pytest.raises(KeysUnknown):
        world.service.find(key.token)
    assert world.service.statuses() == ()


async def test_without_a_store_there_are_no_keys() -> None:
    service = KeyService(None, FakeClock())
    await service.look()
    with pytest.raises(WrongKey):
        service.find(made(1).token)
    assert service.statuses() == ()


async def test_the_day_of_use_is_noted_once_a_day(world: World) -> None:
    key = await world.add(1)
    await world.service.look()
    for _ in range(3):
        world.service.find(key.token)
        world.service.find(key.token)
        await world.service.look()
    uses = world.repository.uses
    assert [ids for ids, _ in uses] == [{key.id}]
    await world.clock.advance(86_400.0)
    await world.service.look()
    world.service.find(key.token)
    await world.service.look()
    days = [day for _, day in uses]
    assert len(days) == 2
    assert (days[1] - days[0]).days == 1


async def test_a_store_that_takes_nothing_does_not_make_keys_unknown(
    world: World,
) -> None:
    key = await world.add(1)
    await world.service.look()
    world.repository.takes = False
    world.service.find(key.token)
    await world.service.look()
    assert world.service.is_known
    assert world.service.find(key.token).id == key.id


async def test_it_looks_several_times_a_second_for_as_long_as_it_runs(
    world: World,
) -> None:
    assert WATCH_S <= 0.5
    task = asyncio.create_task(world.service.run())
    async with asyncio.timeout(LIMIT_S):
        await world.clock.until_sleeping()
    key = await world.add(1)
    async with asyncio.timeout(LIMIT_S):
        await world.clock.until_sleeping()
        await world.clock.advance(IDLE_S)
    assert world.service.find(key.token).id == key.id
    await world.repository.revoke(key.id, 0)
    await world.clock.advance(WATCH_S)
    assert world.service.count == 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
