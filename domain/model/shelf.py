"""A bounded shelf of values that go bad: time to live, least recently used first out.

Pure: the instant comes in as an argument, in seconds of a clock that never goes back.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Kept(Generic[V]):
    """A value that was found, which may itself be None, and when it goes bad."""

    value: V
    until_s: float


class Shelf(Generic[K, V]):
    """At most `max_entries` values, each good for `ttl_s` seconds after its `put`.

    A value is good while `now_s < put + ttl_s`. At the cap the least recently used
    goes: taken (`take`) or put longest ago, good or not.
    """

    def __init__(self, *, ttl_s: float, max_entries: int) -> None:
        """Make an empty shelf; `ttl_s` may be infinite.

        Raises:
            ValueError: no time to live, or room for nothing.
        """
        if not ttl_s > 0:
            raise ValueError(f"a time to live is more than 0 s, not {ttl_s}")
        if max_entries < 1:
            raise ValueError(f"a shelf holds at least one entry, not {max_entries}")
        self._ttl_s = ttl_s
        self._max_entries = max_entries
        self._entries: OrderedDict[K, Kept[V]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many values are held, those gone bad and not yet met included."""
        return len(self._entries)

    def look(self, key: K, now_s: float) -> Kept[V] | None:
        """Return a good value, without making it the latest used."""
        kept = self._entries.get(key)
        return None if kept is None or kept.until_s <= now_s else kept

    def take(self, key: K, now_s: float) -> Kept[V] | None:
        """Return a good value, the latest used from now on; a bad one is dropped."""
        kept = self.look(key, now_s)
        if kept is None:
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return kept

    def put(self, key: K, value: V, now_s: float) -> K | None:
        """Hold a value; return the key that had to go for it."""
        self._entries[key] = Kept(value, now_s + self._ttl_s)
        self._entries.move_to_end(key)
        if len(self._entries) <= self._max_entries:
            return None
        return self._entries.popitem(last=False)[0]

    def drop(self, key: K) -> bool:
        """Forget a key; False: nothing was held."""
        return self._entries.pop(key, None) is not None

    def keys(self) -> list[K]:
        """Return the keys held, the least recently used first."""
        return list(self._entries)
