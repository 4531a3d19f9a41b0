"""What could not be done and is to be tried again, each thing after its own waits.

Pure: times are seconds of the monotonic clock.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

FIRST_WAIT_S = 600.0
# The wait doubles with each failure up to this: four questions a day are no burden.
MAX_WAIT_S = 21_600.0

K = TypeVar("K", bound=Hashable)


class Postponed(Generic[K]):
    """When each thing that failed is due again; what never failed is due now."""

    def __init__(
        self, first_wait_s: float = FIRST_WAIT_S, max_wait_s: float = MAX_WAIT_S
    ) -> None:
        self._first_wait_s = first_wait_s
        self._max_wait_s = max_wait_s
        self._waits: dict[K, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._waits)

    def is_due(self, key: K, now_s: float) -> bool:
        """Whether it may be tried now."""
        _, due_s = self._waits.get(key, (0.0, now_s))
        return due_s <= now_s

    def next_due_s(self, now_s: float) -> float | None:
        """Return when the next of what is not due becomes so, None: nothing waits."""
        waiting = (due_s for _, due_s in self._waits.values() if due_s > now_s)
        return min(waiting, default=None)

    def failed(self, key: K, now_s: float) -> None:
        """Count a failure: it is due after a wait, twice as long as the last one."""
        before_s, _ = self._waits.get(key, (self._first_wait_s / 2, now_s))
        wait_s = min(before_s * 2, self._max_wait_s)
        self._waits[key] = (wait_s, now_s + wait_s)

    def succeeded(self, key: K) -> None:
        """Forget its failures."""
        self._waits.pop(key, None)

    def forget(self, is_over: Callable[[K], bool]) -> None:
        """Forget everything that nobody will try again."""
        for key in [key for key in self._waits if is_over(key)]:
            del self._waits[key]
