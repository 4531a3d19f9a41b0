"""Intervals and pages of candles; instants are ms since 1970."""

from calendar import timegm
from dataclasses import dataclass
from time import gmtime

from adapters.simulator.history import (
    DAY_MS,
    HOUR_MS,
    LISTED_MS,
    MINUTE_MS,
    Bar,
    History,
)

_THURSDAY_TO_MONDAY_MS = 3 * DAY_MS
_MONTHS = 12
# Periods without a trade that a page skips before it ends where it is.
SEARCH = 20_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A candle's length; `months` instead of milliseconds for calendar months."""

    length_ms: int
    offset_ms: int = 0
    months: int = 0

    def floor(self, t_ms: int) -> int:
        """Return the start of the candle that an instant is in."""
        if self.months:
            parts = gmtime(t_ms // 1_000)
            return _month_ms(parts.tm_year * _MONTHS + parts.tm_mon - 1)
        return t_ms - (t_ms + self.offset_ms) % self.length_ms

    def following(self, start_ms: int) -> int:
        """Return the start of the next candle."""
        if self.months:
            parts = gmtime(start_ms // 1_000)
            return _month_ms(parts.tm_year * _MONTHS + parts.tm_mon - 1 + self.months)
        return start_ms + self.length_ms


def _month_ms(month: int) -> int:
    return timegm((month // _MONTHS, month % _MONTHS + 1, 1, 0, 0, 0)) * 1_000


def minutes(many: int) -> Interval:
    """Return an interval of so many minutes."""
    return Interval(many * MINUTE_MS)


def hours(many: int) -> Interval:
    """Return an interval of so many hours."""
    return Interval(many * HOUR_MS)


def days(many: int) -> Interval:
    """Return an interval of so many days."""
    return Interval(many * DAY_MS)


WEEK = Interval(7 * DAY_MS, _THURSDAY_TO_MONDAY_MS)
MONTH = Interval(31 * DAY_MS, months=1)


def newest_first(
    history: History, interval: Interval, to_ms: int, many: int, now_ms: int
) -> list[Bar]:
    """Return candles that start before `to_ms`, without those that had no trade."""
    page: list[Bar] = []
    start = interval.floor(min(to_ms, now_ms + 1) - 1)
    for _ in range(SEARCH):
        if len(page) == many or start < LISTED_MS:
            break
        bar = history.bar(start, min(interval.following(start), now_ms + 1))
        if bar is not None:
            page.append(bar._replace(open_ms=start))
        start = interval.floor(start - 1)
    return page


def oldest_first(
    history: History, interval: Interval, start_ms: int, many: int, now_ms: int
) -> list[tuple[Bar, int]]:
    """Return each candle from `start_ms` on and its end, flat where nothing traded."""
    page: list[tuple[Bar, int]] = []
    listed = interval.floor(LISTED_MS + interval.length_ms)
    start = max(interval.floor(start_ms), listed)
    while len(page) < many and start <= now_ms:
        end = interval.following(start)
        bar = history.bar(start, min(end, now_ms + 1))
        if bar is None:
            close = page[-1][0].close if page else history.price_at(start)
            bar = Bar(start, close, close, close, close, 0, 0, 0, start)
        page.append((bar._replace(open_ms=start), end))
        start = end
    return page


def first_start(interval: Interval, end_ms: int, many: int) -> int:
    """Return where a page of so many candles begins whose last one holds `end_ms`."""
    start = interval.floor(end_ms)
    for _ in range(many - 1):
        start = interval.floor(start - 1)
    return start
