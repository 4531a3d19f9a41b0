"""Where bars wait on disk until the database has them."""

from collections.abc import Sequence
from typing import Protocol

from domain.model.bar import Bar


class BarSpool(Protocol):
    """A bounded queue of batches in files; survives a kill of the process.

    Several processes may share one: a batch written twice is harmless.
    """

    @property
    def waiting(self) -> int:
        """How many batches wait, as last counted."""
        ...

    @property
    def dropped(self) -> int:
        """How many batches were dropped at the bound since the start, the oldest."""
        ...

    async def append(self, bars: Sequence[Bar]) -> str | None:
        """Keep a batch and return its name; None: the disk did not take it.

        At the bound the oldest batch goes.
        """
        ...

    async def names(self) -> Sequence[str]:
        """Return the batches that wait, oldest first."""
        ...

    async def read(self, name: str) -> Sequence[Bar]:
        """Return a batch; one that is gone or damaged is empty (counted and set aside).

        Never raises for what stands in a file.
        """
        ...

    async def remove(self, name: str) -> None:
        """Forget a batch that the database has; one that is gone is no error."""
        ...
