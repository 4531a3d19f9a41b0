"""`KeyRepository` that forgets everything when the process ends."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from adapters.memory.store import MemoryStore
from domain.model.access import ApiKey
from domain.ports.key_store import KeyExists, KeyMark


class MemoryKeyRepository:
    """API keys in a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()

    async def mark(self) -> KeyMark:
        """Return how the keys stand."""
        self.store.reach()
        keys = self.store.keys.values()
        revoked = sum(key.revoked_ms is not None for key in keys)
        return KeyMark(len(keys), revoked)

    async def load(self, *, revoked: bool = False) -> Sequence[ApiKey]:
        """Return the keys that were not revoked, or all."""
        self.store.reach()
        keys = sorted(self.store.keys.values(), key=lambda k: (k.created_ms, k.id))
        return [key for key in keys if revoked or key.revoked_ms is None]

    async def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            KeyExists: there is one with its ID.
        """
        self.store.reach()
        if key.id in self.store.keys:
            raise KeyExists(key.id)
        self.store.keys[key.id] = key

    async def revoke(self, key_id: str, now_ms: int) -> bool:
        """End a key for good; False: there is none."""
        self.store.reach()
        key = self.store.keys.get(key_id)
        if key is None:
            return False
        if key.revoked_ms is None:
            self.store.keys[key_id] = replace(key, revoked_ms=now_ms)
        return True

    async def used(self, key_ids: Collection[str], day: date) -> None:
        """Note that keys were used on a UTC day."""
        self.store.reach()
        for name in key_ids:
            key = self.store.keys.get(name)
            if key is not None and (key.last_used is None or key.last_used < day):
                self.store.keys[name] = replace(key, last_used=day)
