"""A spool that forgets everything when the process ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from domain.model.bar import Bar

# A day of a board of 250 coins.
MAX_BARS = 360_000


@dataclass(slots=True)
class SpoolShelf:
    """What a folder is: give it to a new spool, and it finds what the old one left.

    While `full` it takes nothing. A batch named in `damaged` cannot be read.
    """

    full: bool = False
    batches: dict[str, tuple[Bar, ...]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    aside: list[str] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)


class MemoryBarSpool:
    """`BarSpool` over a `SpoolShelf`, bounded by bars."""

    def __init__(
        self, shelf: SpoolShelf | None = None, max_bars: int = MAX_BARS
    ) -> None:
        self.shelf = shelf or SpoolShelf()
        self._max_bars = max_bars
        self.dropped = 0
        self.damaged = 0

    @property
    def waiting(self) -> int:
        """How many batches wait."""
        return len(self.shelf.batches)

    async def append(self, bars: Sequence[Bar]) -> str | None:
        """Keep a batch; at the bound the oldest go."""
        if self.shelf.full:
            return None
        for name in await self.names():
            held = sum(map(len, self.shelf.batches.values()))
            if held + len(bars) <= self._max_bars:
                break
            del self.shelf.batches[name]
            self.dropped += 1
        opened_ms = min(bar.opened_ms for bar in bars)
        name = f"{opened_ms:015}-{next(self.shelf.numbers):06}"
        self.shelf.batches[name] = tuple(bars)
        return name

    async def names(self) -> Sequence[str]:
        """Return the batches that wait, oldest bars first."""
        return sorted(self.shelf.batches)

    async def read(self, name: str) -> Sequence[Bar]:
        """Return a batch; one that is gone or damaged is empty."""
        if name in self.shelf.damaged and name in self.shelf.batches:
            await self.set_aside(name)
        return self.shelf.batches.get(name, ())

    async def remove(self, name: str) -> None:
        """Forget a batch."""
        self.shelf.batches.pop(name, None)

    async def set_aside(self, name: str) -> None:
        """Take a batch out of the queue."""
        self.damaged += 1
        await self.remove(name)
        self.shelf.aside.append(name)
