"""The last trades of a market, one by one, in columns.

Trades as Python objects would weigh five times as much.
"""

from array import array
from bisect import bisect_left

from adapters.simulator.bar import MINUTE_MS, Deal

KEPT_TRADES, KEPT_MS = 2_000, 20 * MINUTE_MS
"""A minute of trades goes when so many are newer and it is so old: a page of 1,000
trades and one of 1,000 seconds are what was streamed."""
MOST_TRADES = 50_000
"""Trades kept at most; then the oldest minutes go, the running one never."""
_COLUMNS = 6
_LOW_BITS, _LOW = 32, (1 << 32) - 1


class Tape:
    """Trades in the order of their time; whole minutes from `since_ms` on."""

    __slots__ = ("_rows", "_running", "since_ms")

    def __init__(self, since_ms: int) -> None:
        self.since_ms = since_ms
        self._running = -1
        # time_ms, price, volume (two columns: it may be wider than 64 bits), taker
        # bought, number.
        self._rows = array("q")

    def add(self, deal: Deal) -> None:
        """Take the newest trade."""
        self._rows.extend(
            (
                deal.time_ms,
                deal.price,
                deal.volume >> _LOW_BITS,
                deal.volume & _LOW,
                deal.side == "BID",
                deal.number,
            )
        )
        minute = deal.time_ms - deal.time_ms % MINUTE_MS
        if minute != self._running:
            self._running = minute
            self._trim()

    def deals(self, start_ms: int, end_ms: int) -> list[Deal]:
        """Return the trades of [start, end), oldest first."""
        first, last = self._find(start_ms), self._find(end_ms)
        return [self._deal(row) for row in range(first, last)]

    def _trim(self) -> None:
        """Drop the oldest minutes that need not be kept."""
        while self._rows[0] < self._running:
            following = self._rows[0] - self._rows[0] % MINUTE_MS + MINUTE_MS
            first, many = self._find(following), len(self._rows) // _COLUMNS
            aged = following <= self._running - KEPT_MS and many - first >= KEPT_TRADES
            if not aged and many <= MOST_TRADES:
                return
            self.since_ms = following
            del self._rows[: first * _COLUMNS]

    def _find(self, t_ms: int) -> int:
        rows = range(len(self._rows) // _COLUMNS)
        return bisect_left(rows, t_ms, key=lambda row: self._rows[row * _COLUMNS])

    def _deal(self, row: int) -> Deal:
        first = row * _COLUMNS
        time_ms, price, high, low, bought, number = self._rows[first : first + _COLUMNS]
        side = "BID" if bought else "ASK"
        return Deal(time_ms, price, (high << _LOW_BITS) | low, side, number)
