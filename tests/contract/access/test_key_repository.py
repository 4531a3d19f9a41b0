"""What every `KeyRepository` does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from domain.model.access import ALL_SCOPES, ApiKey, KeyLimits, Scope, new_key
from domain.model.error import StoreUnavailable
from domain.ports.key_store import KeyExists, KeyMark

if TYPE_CHECKING:
    from domain.ports.key_store import KeyRepository
    from tests.contract.access.conftest import Keys

NOW_MS = 1_763_700_000_123
MADE = new_key(bytes(42))
FULL = ApiKey(
    MADE.id,
    "대시보드 'a\"; --",
    MADE.digest,
    frozenset({Scope.READ, Scope.HISTORY}),
    KeyLimits(0.1, 12345.678, 0, 7),
    NOW_MS,
    NOW_MS + 86_400_000,
    None,
    date(2026, 11, 20),
)
PLAIN = ApiKey("b" * 16, "", bytes(32), ALL_SCOPES, created_ms=NOW_MS + 1)


async def test_there_are_no_keys_at_first(keys: Keys) -> None:
    assert list(await keys().load(revoked=True)) == []
    assert await keys().mark() == KeyMark(0, 0)


async def test_a_key_comes_back_as_it_was_kept_the_oldest_first(keys: Keys) -> None:
    await keys().add(PLAIN)
    await keys().add(FULL)
    assert list(await keys().load()) == [FULL, PLAIN]
    assert await keys().mark() == KeyMark(2, 0)


async def test_an_id_is_taken_once(keys: Keys) -> None:
    await keys().add(FULL)
    with pytest.raises(KeyExists):
        await keys().add(replace(PLAIN, id=FULL.id))
    assert list(await keys().load()) == [FULL]
    assert await keys().mark() == KeyMark(1, 0)


async def test_of_two_who_take_an_id_at_once_one_gets_it(keys: Keys) -> None:
    ends = await asyncio.gather(
        keys().add(FULL), keys().add(FULL), return_exceptions=True
    )
    assert [type(end) for end in ends if end is not None] == [KeyExists]
    assert (await keys().mark()).made == 1


async def test_a_revoked_key_is_over_for_good_and_is_still_listed(keys: Keys) -> None:
    await keys().add(FULL)
    await keys().add(PLAIN)
    assert await keys().revoke(FULL.id, NOW_MS + 5)
    assert list(await keys().load()) == [PLAIN]
    assert await keys().mark() == KeyMark(2, 1)
    # Again is no mistake, and the first time stands.
    assert await keys().revoke(FULL.id, NOW_MS + 9)
    assert list(await keys().load(revoked=True)) == [
        replace(FULL, revoked_ms=NOW_MS + 5),
        PLAIN,
    ]


@pytest.mark.parametrize("name", ["unknown", "", "a\x00b", "\ud800", "'; DROP TABLE x"])
async def test_who_is_not_there_cannot_be_revoked(keys: Keys, name: str) -> None:
    await keys().add(FULL)
    assert not await keys().revoke(name, NOW_MS)
    assert await keys().mark() == KeyMark(1, 0)


async def test_the_last_day_of_use_only_goes_forward(keys: Keys) -> None:
    for key in (FULL, PLAIN):
        await keys().add(key)
    day = date(2026, 11, 21)
    before = await keys().mark()
    await keys().used({FULL.id, PLAIN.id, "nobody"}, day)
    await keys().used({FULL.id}, date(2026, 11, 1))
    await keys().used(set(), date(2026, 11, 30))
    assert [key.last_used for key in await keys().load()] == [day, day]
    # Nobody need read everything anew for that.
    assert await keys().mark() == before


async def test_a_lost_store_says_so_to_every_question(lost_keys: KeyRepository) -> None:
    for question in (
        lost_keys.mark(),
        lost_keys.load(),
        lost_keys.add(FULL),
        lost_keys.revoke(FULL.id, NOW_MS),
        lost_keys.used({FULL.id}, date(2026, 11, 21)),
    ):
        with pytest.raises(StoreUnavailable):
            await question
