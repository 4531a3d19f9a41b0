"""Where bars wait on disk until the database has them."""

from collections.abc import Sequence
from typing import Protocol

from domain.model.bar import Bar


class BarSpool(Protocol):
    """A bounded queue of batches in files; survives a kill of the process.

    Several processes may share one: a batch written twice is harmless. Nothing here
    raises for what a disk does or what stands in a file.
    """

    @property
    def waiting(self) -> int:
        """How many batches wait, as last counted."""
        ...

    @property
    def dropped(self) -> int:
        """How many batches were dropped at the bound since the start, the oldest."""
        ...

    @property
    def damaged(self) -> int:
        """How many batches were set aside since the start."""
        ...

    async def append(self, bars: Sequence[Bar]) -> str | None:
        """Keep a batch and return its name; None: the disk did not take it.

        At the bound the oldest batches go, never the one given.
        """
        ...

    async def names(self) -> Sequence[str]:
        """Return the batches that wait, oldest bars first."""
        ...

    async def read(self, name: str) -> Sequence[Bar]:
        """Return a batch; one that is gone is empty, and so is a damaged one.

        The latter is set aside.
        """
        ...

    async def remove(self, name: str) -> None:
        """Forget a batch that the database has; one that is gone is no error."""
        ...

    async def set_aside(self, name: str) -> None:
        """Take a batch that cannot be stored out of the queue, for people to look at.

        What is set aside is bounded too: the oldest goes for good.
        """
        ...
