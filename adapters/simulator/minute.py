"""The minutes of a market as they happened, in columns."""

from array import array
from bisect import bisect_left

from adapters.simulator.bar import Bar, join

KEPT_MINUTES = 26 * 60
"""Minutes kept at most: a day, and time to ask for it; the oldest hour goes first."""
_TRIM_MINUTES = 60
_NARROW, _WIDE = 8, 4
_COLUMNS = _NARROW + 2 * _WIDE
_LOW_BITS, _LOW = 32, (1 << 32) - 1


class Minutes:
    """Bars of whole minutes in the order of their time."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        # open_ms open high low close trades last_ms number, and in two columns each,
        # since they may be wider than 64 bits: volume value bought bought_value.
        self._rows = array("q")

    def add(self, bar: Bar) -> bool:
        """Take the newest minute; True where the oldest were dropped for it."""
        opened, first, high, low, close, volume, value, trades, last, *rest = bar
        bought, bought_value, number = rest
        self._rows.extend((opened, first, high, low, close, trades, last, number))
        for wide in (volume, value, bought, bought_value):
            self._rows.extend((wide >> _LOW_BITS, wide & _LOW))
        if len(self._rows) < (KEPT_MINUTES + _TRIM_MINUTES) * _COLUMNS:
            return False
        del self._rows[: _TRIM_MINUTES * _COLUMNS]
        return True

    @property
    def first_ms(self) -> int:
        """Start of the oldest minute; there must be one."""
        return self._rows[0]

    def bar(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of the minutes that begin in [start, end)."""
        rows = range(len(self._rows) // _COLUMNS)
        first = bisect_left(rows, start_ms, key=lambda row: self._rows[row * _COLUMNS])
        total: Bar | None = None
        for row in rows[first:]:
            if self._rows[row * _COLUMNS] >= end_ms:
                break
            total = join(total, self._row(row))
        return total

    def _row(self, row: int) -> Bar:
        cells = self._rows[row * _COLUMNS : (row + 1) * _COLUMNS]
        opened, first, high, low, close, trades, last, number, *halves = cells
        volume, value, bought, bought_value = (
            (halves[n] << _LOW_BITS) | halves[n + 1] for n in range(0, 2 * _WIDE, 2)
        )
        return Bar(
            opened,
            first,
            high,
            low,
            close,
            volume,
            value,
            trades,
            last,
            bought,
            bought_value,
            number,
        )
