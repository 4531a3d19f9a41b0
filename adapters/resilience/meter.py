"""Rates and percentiles over the recent past. Pure: every time is an argument."""

from collections import deque

RATE_WINDOW_S = 10
LATENCY_SAMPLES = 100


class RateMeter:
    """Counts per second over the last ten whole seconds, in bounded memory."""

    def __init__(self, window_s: int = RATE_WINDOW_S) -> None:
        self._window_s = window_s
        self._counts = [0] * window_s
        self._second = 0
        self._since_s: float | None = None

    def add(self, now_s: float) -> None:
        """Count one; times may not go back."""
        second = int(now_s)
        if second != self._second:
            self._roll(second)
        self._counts[second % self._window_s] += 1
        if self._since_s is None:
            self._since_s = now_s

    def count(self, now_s: float) -> int:
        """Return how many were counted within the window that ends now."""
        self._roll(int(now_s))
        return sum(self._counts)

    def per_second(self, now_s: float) -> float:
        """Return the mean rate over the window, or since the first if shorter."""
        if self._since_s is None:
            return 0.0
        # The current second is part of the window but not over yet.
        full_s = self._window_s - 1 + now_s % 1
        return self.count(now_s) / max(1.0, min(full_s, now_s - self._since_s))

    def _roll(self, second: int) -> None:
        elapsed = second - self._second
        for step in range(min(max(elapsed, 0), self._window_s)):
            self._counts[(second - step) % self._window_s] = 0
        self._second = max(second, self._second)


class Percentiles:
    """The last hundred values, asked for by rank."""

    def __init__(self, samples: int = LATENCY_SAMPLES) -> None:
        self._values: deque[float] = deque(maxlen=samples)

    def add(self, value: float) -> None:
        """Take a value in, in place of the oldest beyond the bound."""
        self._values.append(value)

    def at(self, *percents: int) -> tuple[float | None, ...]:
        """Return the values at these percentiles (nearest rank); None: no value."""
        ordered = sorted(self._values)
        if not ordered:
            return (None,) * len(percents)
        size = len(ordered)
        # Nearest rank is ceil(p/100 · n), counted from one; integers stay exact.
        return tuple(ordered[max(0, -(-p * size // 100) - 1)] for p in percents)
