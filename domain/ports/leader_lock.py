"""The one seat that at most one ingest has."""

from typing import Protocol


class LeaderLock(Protocol):
    """A lock that ends with its holder, however that ends."""

    async def hold(self) -> bool:
        """Take the lock or make sure of it; False: another process has it.

        Raises:
            StoreUnavailable: nobody can say; what was held may be lost.
        """
        ...

    async def release(self) -> None:
        """Give the lock up, where it is held."""
        ...
