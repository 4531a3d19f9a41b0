"""The last 24 hours of minute values of many series, in rings of whole numbers.

One ring is 1,440 numbers of 8 bytes, 11.5 KB; 250 coins on three bases take 8.7 MB.
Times are counted in minutes since 1970 (UTC). Pure.
"""

from array import array
from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, TypeVar

MINUTES = 1_440
LARGEST = 2**62
"""Values beyond ± this are not kept: no percent of ours comes near."""

_NONE = -(2**63)
_EMPTY = array("q", [_NONE]) * MINUTES

K = TypeVar("K", bound=Hashable)


class DayRing(Generic[K]):
    """Values by series and minute; what is 24 hours older than the newest is gone.

    A series without a value is forgotten within the hour.
    """

    def __init__(self) -> None:
        self.newest = 0
        """The newest minute that any series has had a value in."""
        self._rings: dict[K, array[int]] = {}
        self._revisions: dict[K, int] = {}

    def __len__(self) -> int:
        """Return how many series there are."""
        return len(self._rings)

    def put(self, series: K, minute: int, value: int) -> None:
        """Keep a value in place of an earlier one of that minute."""
        if minute <= self.newest - MINUTES or abs(value) > LARGEST:
            return
        self.advance(minute)
        ring = self._rings.get(series)
        if ring is None:
            ring = self._rings[series] = _EMPTY[:]
        ring[minute % MINUTES] = value
        self._revisions[series] = self._revisions.get(series, 0) + 1

    def fill(self, series: K, minute: int, value: int) -> None:
        """Keep a value where that minute has none."""
        ring = self._rings.get(series)
        known = minute <= self.newest and ring is not None
        if not known or ring is None or ring[minute % MINUTES] == _NONE:
            self.put(series, minute, value)

    def advance(self, minute: int) -> None:
        """Let time come to a minute: what is 24 hours older goes."""
        steps = min(minute - self.newest, MINUTES)
        for passed in range(minute - steps + 1, minute + 1):
            for ring in self._rings.values():
                ring[passed % MINUTES] = _NONE
            if passed % 60 == 0:
                self._forget_empty()
        self.newest = max(self.newest, minute)

    def rewind(self, minute: int) -> None:
        """Let time go back to a minute: values after it were told by a wrong clock."""
        if minute >= self.newest:
            return
        for ahead in range(minute + 1, min(self.newest, minute + MINUTES) + 1):
            for ring in self._rings.values():
                ring[ahead % MINUTES] = _NONE
        for series in self._rings:
            self._revisions[series] += 1
        self.newest = minute

    def version(self, series: K) -> tuple[int, int]:
        """Return what changes whenever the series does."""
        return self.newest, self._revisions.get(series, 0)

    def series(self, series: K) -> tuple[Sequence[int], Sequence[int]]:
        """Return the minutes that have a value, counted from `oldest`, and the values.

        Both ascend in time; empty where the series is unknown.
        """
        ring = self._rings.get(series)
        if ring is None:
            return (), ()
        start = (self.newest + 1) % MINUTES
        values = ring[start:] + ring[:start]
        if _NONE not in values:
            return range(MINUTES), values
        known = [at for at, value in enumerate(values) if value != _NONE]
        return known, [values[at] for at in known]

    @property
    def oldest(self) -> int:
        """The first minute that is kept."""
        return self.newest - MINUTES + 1

    def lacks(self, from_minute: int, to_minute: int) -> Iterator[K]:
        """Yield the series without a value in some minute, `from` ≤ minute < `to`."""
        places = [minute % MINUTES for minute in range(from_minute, to_minute)]
        for series, ring in self._rings.items():
            if any(ring[place] == _NONE for place in places):
                yield series

    def _forget_empty(self) -> None:
        empty = [s for s, ring in self._rings.items() if ring == _EMPTY]
        for series in empty:
            del self._rings[series]
            self._revisions.pop(series, None)
