"""Documents that were prepared already, the least recently used of them forgotten."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Weighed(Protocol):
    """What is kept, and what it counts for."""

    @property
    def weight(self) -> int:
        """Tokens, or what takes as much memory."""
        ...


W = TypeVar("W", bound=Weighed)


class KeptDocuments(Generic[W]):
    """A cache by weight; of what weighs more than all may, only the last one is kept.

    `hits` counts what was found since the start, `made` what had to be made.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, W] = OrderedDict()
        self.weight = 0
        self.hits = 0
        self.made = 0

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable) -> W | None:
        """Return what is kept under a key, None where nothing is."""
        found = self._kept.get(key)
        if found is not None:
            self.hits += 1
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, made: W) -> W:
        """Keep what was made for a key that was not kept."""
        self.made += 1
        self._kept[key] = made
        self.weight += made.weight
        while self.weight > self._most and len(self._kept) > 1:
            self.weight -= self._kept.popitem(last=False)[1].weight
        return made
