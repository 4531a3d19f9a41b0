"""How a channel did over its last calls. Pure: every time is an argument.

Times are seconds of a monotonic clock, durations milliseconds.
"""

from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from statistics import median_low

WINDOW_CALLS = 100


@dataclass(frozen=True, slots=True)
class ChannelCondition:
    """What is known of one channel of a venue at one moment.

    `available`: somebody can ask it at all. `success_share` (0..1) and `p50_ms` are of
    the last `calls` calls; a call that failed counts with the time it took.
    `failed_ago_s`: since its last failure, None where a good call came after it or
    none failed. `idle_s`: since it was last chosen or its last call ended, None where
    it never was asked.
    `good_run`: how many calls in a row, the last one included, were good and quick.
    """

    available: bool = True
    calls: int = 0
    success_share: float = 1.0
    p50_ms: float | None = None
    failed_ago_s: float | None = None
    idle_s: float | None = None
    good_run: int = 0


MISSING = ChannelCondition(available=False)


@dataclass(frozen=True, slots=True)
class _Call:
    good: bool
    took_ms: float


class CallWindow:
    """The last calls of one channel; at the cap the oldest is forgotten."""

    def __init__(self, calls: int = WINDOW_CALLS, slow_ms: float = 5_000.0) -> None:
        """Make an empty window; a call above `slow_ms` is not quick."""
        self._calls: deque[_Call] = deque(maxlen=calls)
        self._slow_ms = slow_ms
        self._failed_s: float | None = None
        self._chosen_s: float | None = None

    def choose(self, now_s: float) -> None:
        """Tell that the channel is about to be asked."""
        self._chosen_s = now_s

    def succeed(self, took_ms: float, now_s: float) -> None:
        """Tell of a call that was answered."""
        self._calls.append(_Call(True, took_ms))
        self._chosen_s = now_s
        self._failed_s = None

    def fail(self, took_ms: float, now_s: float) -> None:
        """Tell of a call that was not answered, or with garbage."""
        self._calls.append(_Call(False, took_ms))
        self._chosen_s = now_s
        self._failed_s = now_s

    def restart(self, calls: int) -> None:
        """Forget all but the last so many calls."""
        while len(self._calls) > calls:
            self._calls.popleft()

    def condition(self, now_s: float) -> ChannelCondition:
        """Return how the channel does now."""
        calls = len(self._calls)
        good = sum(call.good for call in self._calls)
        return ChannelCondition(
            calls=calls,
            success_share=good / calls if calls else 1.0,
            p50_ms=median_low([c.took_ms for c in self._calls]) if calls else None,
            failed_ago_s=_ago(self._failed_s, now_s),
            idle_s=_ago(self._chosen_s, now_s),
            good_run=sum(1 for _ in takewhile(self._is_good, reversed(self._calls))),
        )

    def _is_good(self, call: _Call) -> bool:
        return call.good and call.took_ms <= self._slow_ms


def _ago(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else now_s - at_s
