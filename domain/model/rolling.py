"""The price 24 hours ago, from ten-minute closing prices.

Source: semantics.md "Quotes", change windows: for Upbit, whose own fields speak of the
UTC day, the rolling window comes from one page of ten-minute candles at start and from
our own prices afterwards; accurate to ten minutes.
"""

from bisect import bisect_right
from collections.abc import Iterable
from decimal import Decimal

STEP_MS = 600_000
DAY_MS = 86_400_000


class RollingPrices:
    """Closing prices per ten minutes of one market, the last 24 h and a little more."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._closes: list[Decimal] = []

    def seed(self, closes: Iterable[tuple[int, Decimal]]) -> None:
        """Take closes (end of the ten minutes in Unix ms, price) older than ours."""
        first_own = self._ends[0] if self._ends else None
        older = sorted(
            {
                end: p for end, p in closes if first_own is None or end < first_own
            }.items()
        )
        self._ends[:0] = [end for end, _ in older]
        self._closes[:0] = [price for _, price in older]

    def sample(self, now_ms: int, price: Decimal) -> None:
        """Take the price now; the last sample of its ten minutes is their close."""
        end = (now_ms // STEP_MS + 1) * STEP_MS
        if self._ends and self._ends[-1] >= end:
            self._closes[-1] = price
            return
        self._ends.append(end)
        self._closes.append(price)
        self._trim(now_ms)

    def price_24h_ago(self, now_ms: int) -> Decimal | None:
        """Return the close that stood 24 hours ago; None while it is not known."""
        at = bisect_right(self._ends, now_ms - DAY_MS)
        return self._closes[at - 1] if at else None

    def _trim(self, now_ms: int) -> None:
        # The close that stood at the window's begin is kept, however old it is.
        surplus = bisect_right(self._ends, now_ms - DAY_MS) - 1
        if surplus > 0:
            del self._ends[:surplus], self._closes[:surplus]
