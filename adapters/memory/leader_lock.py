"""A lock in memory, for any number of holders in one process."""

from dataclasses import dataclass

from domain.model.error import StoreUnavailable


@dataclass(slots=True)
class MemorySeat:
    """The lock itself: who has it, and whether anybody can say."""

    holder: "MemoryLeaderLock | None" = None
    down: str | None = None


class MemoryLeaderLock:
    """`LeaderLock` over a `MemorySeat`."""

    def __init__(self, seat: MemorySeat | None = None) -> None:
        self.seat = MemorySeat() if seat is None else seat

    async def hold(self) -> bool:
        """Take the lock or make sure of it."""
        self._reach()
        if self.seat.holder is None:
            self.seat.holder = self
        return self.seat.holder is self

    async def release(self) -> None:
        """Give the lock up, where it is ours."""
        self._reach()
        if self.seat.holder is self:
            self.seat.holder = None

    def _reach(self) -> None:
        if self.seat.down is not None:
            raise StoreUnavailable(self.seat.down)
