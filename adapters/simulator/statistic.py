"""Running figures of a market: since 00:00 UTC, over 24 hours, over a year."""

from collections import deque
from typing import NamedTuple

from adapters.simulator.history import DAY_MS, HOUR_MS, Bar, History, join
from adapters.simulator.price_tick import UNIT

WINDOW_HOURS = 24
_LOOK_MS = 28 * DAY_MS
_LOOKS = 13


class Day:
    """Figures since 00:00 UTC; prices and volumes in 10^-8, `value` in 10^-16."""

    __slots__ = (
        "ask_volume",
        "bid_volume",
        "high",
        "low",
        "number",
        "open",
        "previous_close",
        "value",
    )

    def __init__(self, number: int, previous_close: int, so_far: Bar | None) -> None:
        self.number = number
        self.previous_close = previous_close
        bar = so_far or Bar(0, *(previous_close,) * 4, 0, 0, 0, 0)
        self.open, self.high, self.low = bar.open, bar.high, bar.low
        self.value = bar.value * UNIT
        self.bid_volume = bar.volume // 2
        self.ask_volume = bar.volume - self.bid_volume

    def add(self, price: int, volume: int, side: str) -> None:
        """Count a trade in."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.value += price * volume
        if side == "BID":
            self.bid_volume += volume
        else:
            self.ask_volume += volume


class Rolling(NamedTuple):
    """The last 24 hours; prices and volumes in 10^-8, `value` in 10^-16."""

    high: int
    low: int
    volume: int
    value: int
    trades: int


class Window:
    """The last 24 hours, kept by the hour: 24 whole ones and the one that runs.

    The whole hours are read from the history on the first question, since most
    markets of a run are never asked about.
    """

    __slots__ = (
        "_high",
        "_history",
        "_hour",
        "_hours",
        "_low",
        "_past",
        "_trades",
        "_value",
        "_volume",
    )

    def __init__(self, history: History, start_ms: int) -> None:
        self._history = history
        self._hour = start_ms // HOUR_MS
        self._hours: deque[Bar | None] | None = None
        self._past: Rolling | None = None
        self._high = self._low = self._volume = self._value = self._trades = 0
        self._open(history.made(self._hour * HOUR_MS, start_ms))

    def add(self, price: int, volume: int) -> None:
        """Count a trade in."""
        if price > self._high:
            self._high = price
        if price < self._low or not self._low:
            self._low = price
        self._volume += volume
        self._value += price * volume
        self._trades += 1

    def roll(self, hour: int) -> None:
        """Begin the hour with this number (since 1970); hours between had no trade."""
        if self._hours is not None:
            self._hours.append(self._closed())
            self._hours.extend([None] * min(hour - self._hour - 1, WINDOW_HOURS))
        self._hour = hour
        self._past = None
        self._open(None)

    def figures(self, price: int) -> Rolling:
        """Return the window's figures; `price` where nothing traded in it."""
        past = self._past or self._sum()
        if not self._trades:
            return past if past.trades else Rolling(price, price, 0, 0, 0)
        return Rolling(
            max(past.high, self._high),
            min(past.low, self._low) if past.trades else self._low,
            past.volume + self._volume,
            past.value + self._value,
            past.trades + self._trades,
        )

    def _open(self, bar: Bar | None) -> None:
        bar = bar or Bar(0, 0, 0, 0, 0, 0, 0, 0, 0)
        self._high, self._low = bar.high, bar.low
        self._volume, self._value, self._trades = (
            bar.volume,
            bar.value * UNIT,
            bar.trades,
        )

    def _closed(self) -> Bar | None:
        if not self._trades:
            return None
        high, low, value = self._high, self._low, self._value // UNIT
        return Bar(0, low, high, low, high, self._volume, value, self._trades, 0)

    def _sum(self) -> Rolling:
        if self._hours is None:
            ends = range(self._hour - WINDOW_HOURS, self._hour)
            bars = (
                self._history.bar(hour * HOUR_MS, hour * HOUR_MS + HOUR_MS)
                for hour in ends
            )
            self._hours = deque(bars, maxlen=WINDOW_HOURS)
        total: Bar | None = None
        for bar in self._hours:
            total = join(total, bar)
        if total is None:
            self._past = Rolling(0, 0, 0, 0, 0)
        else:
            value = total.value * UNIT
            self._past = Rolling(
                total.high, total.low, total.volume, value, total.trades
            )
        return self._past


class Extreme(NamedTuple):
    """A price and the day (ms) it was seen on."""

    price: int
    time_ms: int


def year_extremes(history: History, t_ms: int) -> tuple[Extreme, Extreme]:
    """Return the highest and the lowest price of 52 weeks, of a look every four."""
    instants = [t_ms - look * _LOOK_MS for look in range(_LOOKS)]
    seen = [Extreme(history.price_at(instant), instant) for instant in instants]
    return max(seen), min(seen)
