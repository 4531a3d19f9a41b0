"""Keys beside the small market, and a server that demands or honours them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from hashlib import shake_256
from typing import Any

import pytest

from adapters.memory.key_repository import MemoryKeyRepository
from adapters.memory.store import MemoryStore
from api.access import Access
from domain.model.access import ALL_SCOPES, ApiKey, KeyLimits, Scope, new_key
from domain.services.key_service import KeyService


@dataclass
class Keys:
    """The keys of a server: made and revoked as the command does."""

    store: MemoryStore
    service: KeyService
    made: int = 0

    async def make(
        self,
        scopes: frozenset[Scope] = ALL_SCOPES,
        limits: KeyLimits | None = None,
        **more: Any,
    ) -> str:
        """Make a key, have the server know it, and return its text."""
        self.made += 1
        found = new_key(shake_256(bytes([self.made])).digest(42))
        key = ApiKey(found.id, "k", found.digest, scopes, limits or KeyLimits(), **more)
        await MemoryKeyRepository(self.store).add(key)
        await self.service.look()
        return found.token

    async def revoke(self, token: str) -> None:
        """Revoke a key; the server hears of it at its next look."""
        name = token.split("_")[1]
        assert await MemoryKeyRepository(self.store).revoke(name, 1)

    async def look(self) -> None:
        """Let the server look, as it does several times a second."""
        await self.service.look()


@pytest.fixture
async def keys(world: Any) -> Keys:
    """A server's keys; it knows that there are none."""
    store = MemoryStore()
    service = KeyService(MemoryKeyRepository(store), world.clock)
    await service.look()
    return Keys(store, service)


Serve = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
async def open_site(world: Any, keys: Keys, serving: Serve) -> AsyncIterator[Any]:
    """A server that honours keys."""
    async with serving(replace(world.deps, access=Access(keys.service))) as site:
        yield site


@pytest.fixture
async def keyed_site(world: Any, keys: Keys, serving: Serve) -> AsyncIterator[Any]:
    """A server that demands keys."""
    access = Access(keys.service, required=True)
    async with serving(replace(world.deps, access=access)) as site:
        yield site
