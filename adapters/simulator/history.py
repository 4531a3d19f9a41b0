"""Candles of one market: what really traded, before that what the walk says.

Minutes since the start are kept as they happened, so a candle asked for later agrees
with the trades that were streamed. Older ones are made from the fair price, which is
a function of time, and so agree with each other on every asking.
"""

from array import array
from bisect import bisect_left
from math import exp
from typing import NamedTuple

from adapters.simulator.listing import Listing
from adapters.simulator.price_tick import UNIT
from adapters.simulator.walk import salt, unit

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
# Minutes kept as they happened. Beyond them the oldest are dropped and the walk
# answers in their place. 26 hours: a day, and time to ask for it.
KEPT_MINUTES = 26 * 60
_TRIM_MINUTES = 60
# Nothing traded before (2021-01-01 UTC): a page that goes back further ends there.
LISTED_MS = 1_609_459_200_000
# Expected trades in a candle above which it surely has one.
_SURE = 30.0
# How much the volume of a candle strays from the mean, by its length.
_STRAY = ((MINUTE_MS, 0.8), (HOUR_MS, 0.4), (DAY_MS * 400, 0.2))
# Points of the walk that a made candle is drawn through, by its length.
_SAMPLES = ((MINUTE_MS, 3), (HOUR_MS, 2), (DAY_MS * 400, 8))


class Bar(NamedTuple):
    """Prices, volume and value in units of 10^-8; `last_ms` is of the last trade."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    trades: int
    last_ms: int


def join(first: Bar | None, second: Bar | None) -> Bar | None:
    """Return one bar for two that follow each other."""
    if first is None or second is None:
        return first or second
    return Bar(
        first.open_ms,
        first.open,
        max(first.high, second.high),
        min(first.low, second.low),
        second.close,
        first.volume + second.volume,
        first.value + second.value,
        first.trades + second.trades,
        second.last_ms,
    )


class History:
    """Bars of any interval of one market; times are ms since 1970, ends exclusive."""

    __slots__ = (
        "_busy",
        "_current",
        "_floats",
        "_ints",
        "_listing",
        "_noise",
        "_since",
    )

    def __init__(self, listing: Listing, seed: int, start_ms: int) -> None:
        self._listing = listing
        self._noise = salt(seed, f"volume/{listing.exchange}/{listing.symbol}")
        self._busy = salt(seed, f"busy/{listing.exchange}/{listing.symbol}")
        self._since = start_ms
        self._current: Bar | None = None
        # A bar as Python objects weighs ten times as much. Columns of one row:
        # open_ms open high low close count last_ms, and volume value.
        self._ints = array("q")
        self._floats = array("d")

    def record(self, t_ms: int, price: int, volume: int, value: int) -> None:
        """Add a trade; trades come in the order of their time."""
        minute = t_ms - t_ms % MINUTE_MS
        bar = self._current
        if bar is None or bar.open_ms != minute:
            if bar is not None:
                self._keep(bar)
            self._current = Bar(
                minute, price, price, price, price, volume, value, 1, t_ms
            )
            return
        self._current = Bar(
            minute,
            bar.open,
            price if price > bar.high else bar.high,
            price if price < bar.low else bar.low,
            price,
            bar.volume + volume,
            bar.value + value,
            bar.trades + 1,
            t_ms,
        )

    def bar(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of [start, end), None where nothing traded in it."""
        made = None
        if start_ms < self._since:
            made = self.made(start_ms, min(end_ms, self._since))
        return join(made, self._kept(start_ms, end_ms))

    def price_at(self, t_ms: int) -> int:
        """Return the price of the last trade before an instant, as far as is known."""
        if t_ms > self._since:
            kept = self._kept(t_ms - t_ms % MINUTE_MS - DAY_MS, t_ms)
            if kept is not None:
                return kept.close
        return self._fair(min(t_ms, self._since))

    def made(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar that the walk gives, None where nothing traded in it."""
        listing = self._listing
        length = end_ms - start_ms
        if length <= 0 or start_ms < LISTED_MS:
            return None
        expected = listing.trades_per_s * length / 1_000
        cell = start_ms // MINUTE_MS
        if expected < _SURE and unit(self._busy, cell) >= 1.0 - exp(-expected):
            return None
        samples = next(many for limit, many in _SAMPLES if length <= limit)
        last = end_ms - 1
        prices = [
            self._fair(start_ms + (last - start_ms) * n // samples)
            for n in range(samples + 1)
        ]
        stray = next(share for limit, share in _STRAY if length <= limit)
        share = 1.0 + stray * (2.0 * unit(self._noise, cell) - 1.0)
        count = max(int(expected * share), 1)
        value = int(max(expected, 1.0) * share * listing.trade_value * UNIT)
        late = int(min(length, length / count) * unit(self._noise, ~cell))
        mean = sum(prices) // len(prices)
        volume = value * UNIT // mean
        return Bar(
            start_ms,
            prices[0],
            max(prices),
            min(prices),
            prices[-1],
            volume,
            value,
            count,
            last - late,
        )

    def _fair(self, t_ms: int) -> int:
        fair = self._listing.fair(t_ms)
        step = self._listing.tick.step(fair)
        return max(int(fair / step + 0.5), 1) * step

    def _keep(self, bar: Bar) -> None:
        self._ints.extend((*bar[:5], bar.trades, bar.last_ms))
        self._floats.extend((float(bar.volume), float(bar.value)))
        if len(self._ints) >= (KEPT_MINUTES + _TRIM_MINUTES) * 7:
            del self._ints[: _TRIM_MINUTES * 7]
            del self._floats[: _TRIM_MINUTES * 2]
            self._since = self._ints[0]

    def _kept(self, start_ms: int, end_ms: int) -> Bar | None:
        """Return the bar of the kept minutes that begin in [start, end)."""
        rows = range(len(self._ints) // 7)
        first = bisect_left(rows, start_ms, key=lambda row: self._ints[row * 7])
        total: Bar | None = None
        for row in rows[first:]:
            if self._ints[row * 7] >= end_ms:
                return total
            total = join(total, self._row(row))
        current = self._current
        if current is not None and start_ms <= current.open_ms < end_ms:
            total = join(total, current)
        return total

    def _row(self, row: int) -> Bar:
        opened, first, high, low, close, count, last = self._ints[row * 7 : row * 7 + 7]
        volume, value = self._floats[row * 2 : row * 2 + 2]
        return Bar(
            opened, first, high, low, close, int(volume), int(value), count, last
        )
