"""Where API keys are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from domain.model.access import ApiKey


@dataclass(frozen=True, slots=True)
class KeyMark:
    """How the keys stand: another mark tells that a key was made or revoked.

    Keys never change otherwise and are never deleted, so counts say it all.
    """

    made: int = 0
    revoked: int = 0


class KeyRepository(Protocol):
    """API keys. Every method may raise `StoreUnavailable`."""

    async def mark(self) -> KeyMark:
        """Return how the keys stand, cheaply: asked several times a second."""
        ...

    async def load(self, *, revoked: bool = False) -> Sequence[ApiKey]:
        """Return the keys that were not revoked, or with them all ever made.

        The oldest first; expired ones too.
        """
        ...

    async def add(self, key: ApiKey) -> None:
        """Keep a new key.

        Raises:
            KeyExists: there is one with its ID.
        """
        ...

    async def revoke(self, key_id: str, now_ms: int) -> bool:
        """End a key for good; False: there is none. Again changes nothing."""
        ...

    async def used(self, key_ids: Collection[str], day: date) -> None:
        """Note that keys were used on a UTC day; an earlier day changes nothing."""
        ...


class KeyExists(Exception):
    """A key with this ID is kept already."""
