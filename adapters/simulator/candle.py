"""Intervals and pages of candles; instants are ms since 1970."""

from calendar import timegm
from dataclasses import dataclass
from itertools import groupby, islice
from time import gmtime

from adapters.simulator.bar import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Bar, fold
from adapters.simulator.history import History
from adapters.simulator.past import LISTED_MS

_THURSDAY_TO_MONDAY_MS = 3 * DAY_MS
_MONTHS = 12
# Periods without a trade that a page skips before it ends where it is.
SEARCH = 20_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A candle's length; `months` instead of milliseconds for calendar months.

    `zone_ms` is how far ahead of UTC the days are that it counts in.
    """

    length_ms: int
    offset_ms: int = 0
    months: int = 0
    zone_ms: int = 0

    def floor(self, t_ms: int) -> int:
        """Return the start of the candle that an instant is in."""
        local = t_ms + self.zone_ms
        if self.months:
            month = _month(local) // self.months * self.months
            return _month_ms(month) - self.zone_ms
        return t_ms - (local + self.offset_ms) % self.length_ms

    def following(self, start_ms: int) -> int:
        """Return the start of the next candle."""
        if self.months:
            month = _month(start_ms + self.zone_ms)
            return _month_ms(month + self.months) - self.zone_ms
        return start_ms + self.length_ms


def _month(t_ms: int) -> int:
    parts = gmtime(t_ms // 1_000)
    return parts.tm_year * _MONTHS + parts.tm_mon - 1


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
YEAR = Interval(366 * DAY_MS, months=_MONTHS)
SECOND = Interval(SECOND_MS)


def newest_first(
    history: History,
    interval: Interval,
    to_ms: int,
    many: int,
    now_ms: int,
    *,
    oldest_ms: int = LISTED_MS,
) -> list[Bar]:
    """Return candles that start before `to_ms`, without those that had no trade.

    None starts before `oldest_ms`.
    """
    if interval.length_ms == SECOND_MS:
        return _seconds(history, min(to_ms, now_ms + 1), many, oldest_ms)
    page: list[Bar] = []
    start = interval.floor(min(to_ms, now_ms + 1) - 1)
    for _ in range(SEARCH):
        if len(page) == many or start < oldest_ms:
            break
        bar = history.bar(start, min(interval.following(start), now_ms + 1))
        if bar is not None:
            page.append(bar._replace(open_ms=start))
        start = interval.floor(start - 1)
    return page


def _seconds(history: History, to_ms: int, many: int, oldest_ms: int) -> list[Bar]:
    """Return seconds from their trades: most of a quiet market's have none."""
    last = -(-to_ms // SECOND_MS) * SECOND_MS
    earliest = max(oldest_ms, last - SEARCH * MINUTE_MS)
    page: list[Bar] = []
    seconds = groupby(
        history.latest(min(last, to_ms), earliest),
        key=lambda deal: deal.time_ms - deal.time_ms % SECOND_MS,
    )
    for start, deals in islice(seconds, many):
        bar = fold(start, reversed(list(deals)))
        if bar is not None:
            page.append(bar)
    return page


def oldest_first(
    history: History,
    interval: Interval,
    start_ms: int,
    many: int,
    now_ms: int,
    *,
    last_ms: int | None = None,
) -> list[tuple[Bar, int]]:
    """Return each candle from `start_ms` on and its end, flat where nothing traded.

    None starts after `last_ms` (default: now).
    """
    last_ms = now_ms if last_ms is None else min(last_ms, now_ms)
    page: list[tuple[Bar, int]] = []
    listed = interval.floor(LISTED_MS + interval.length_ms)
    start = max(interval.floor(start_ms), listed)
    while len(page) < many and start <= last_ms:
        end = interval.following(start)
        bar = history.bar(start, min(end, now_ms + 1))
        if bar is None:
            bar = flat(start, page[-1][0].close if page else history.price_at(start))
        page.append((bar._replace(open_ms=start), end))
        start = end
    return page


def flat(start_ms: int, price: int) -> Bar:
    """Return the candle of a time without a trade."""
    return Bar(start_ms, price, price, price, price, 0, 0, 0, start_ms)


def first_start(interval: Interval, end_ms: int, many: int) -> int:
    """Return where a page of so many candles begins whose last one holds `end_ms`."""
    start = interval.floor(end_ms)
    for _ in range(many - 1):
        start = interval.floor(start - 1)
    return start
