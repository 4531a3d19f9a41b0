"""What a backfill asks for: days, the pieces they are done in, and the least of work.

Source: issue "Backfill"; exchanges.md (pages of Upbit and Binance). Times are Unix ms,
ends are exclusive, days are UTC and both inclusive.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from domain.model.error import InvalidArgument
from domain.model.interval import Interval
from domain.model.snapshot import opens_ms, utc_day

# Neither venue has anything before: Upbit opened in 2017-10, Binance in 2017-07.
FIRST_DAY: Final = date(2017, 1, 1)
# The longest span of one command, in days; more is refused. Hours and days reach back
# to the first day for years to come; minutes are kept for 400 days by default.
MAX_DAYS: Final = {Interval.D1: 7_305, Interval.H1: 7_305, Interval.M1: 400}
# Candles in one answer of each venue.
DOMESTIC_PAGE: Final = 200
GLOBAL_PAGE: Final = 1_000
# Openings done at a time: whole pages of both venues.
CHUNK: Final = 1_000
# Days of official rates that one question brings; each venue's list of markets is one.
RATE_DAYS: Final = 90
# What won per USDT and per USDC are read from: these coins' own domestic candles.
RATE_SYMBOLS: Final = frozenset({"USDT", "USDC"})


@dataclass(frozen=True, slots=True)
class BackfillSpan:
    """Bars of one interval from the first to the last day."""

    interval: Interval
    from_day: date
    to_day: date

    @property
    def from_ms(self) -> int:
        """The first opening."""
        return opens_ms(self.from_day)

    @property
    def to_ms(self) -> int:
        """Where the last day ends."""
        return opens_ms(self.to_day + timedelta(days=1))

    @property
    def bars(self) -> int:
        """How many bars each coin can have."""
        return (self.to_ms - self.from_ms) // self.interval.length_ms

    @property
    def chunks(self) -> int:
        """In how many pieces each coin is done."""
        return -(-self.bars // CHUNK)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield where the pieces begin and end, oldest first."""
        step_ms = CHUNK * self.interval.length_ms
        for from_ms in range(self.from_ms, self.to_ms, step_ms):
            yield from_ms, min(from_ms + step_ms, self.to_ms)

    def domestic_requests(self, symbols: Collection[str]) -> int:
        """Return the fewest requests to the domestic venue: its limit is the bound.

        `symbols` are the coins that have both markets.
        """
        markets = len(RATE_SYMBOLS.union(symbols))
        return 1 + markets * -(-self.bars // DOMESTIC_PAGE)

    def requests(self, symbols: Collection[str], *, with_rates: bool = True) -> int:
        """Return the fewest requests that can bring all of it, with official rates."""
        world = 1 + len(set(symbols)) * -(-self.bars // GLOBAL_PAGE)
        days = (self.to_day - self.from_day).days + 1
        rates = -(-days // RATE_DAYS) if with_rates else 0
        return self.domestic_requests(symbols) + world + rates


def plan_span(
    interval: Interval, from_day: date, to_day: date | None, now_ms: int
) -> BackfillSpan:
    """Return the span that is asked for; without an end up to yesterday.

    Raises:
        InvalidArgument: the days are in the wrong order, not over, too early or too
            many; says what is allowed.
    """
    yesterday = utc_day(now_ms) - timedelta(days=1)
    last = yesterday if to_day is None else to_day
    for name, day in (("--from", from_day), ("--to", last)):
        if day > yesterday:
            raise InvalidArgument(
                name,
                f"{day}: the last day whose bars are closed is {yesterday} (UTC)",
            )
        if day < FIRST_DAY:
            raise InvalidArgument(name, f"{day}: the first day there is is {FIRST_DAY}")
    if from_day > last:
        raise InvalidArgument("--from", f"{from_day}: must not be after --to {last}")
    days, most = (last - from_day).days + 1, MAX_DAYS[interval]
    if days > most:
        raise InvalidArgument(
            "--from",
            f"{from_day} to {last} are {days:,} days: one command does at most "
            f"{most:,} days of {interval} bars",
        )
    return BackfillSpan(interval, from_day, last)


def runs(openings: Collection[int], interval: Interval) -> list[tuple[int, int]]:
    """Return spans that hold these openings, ascending.

    What lies between two of them and is not wanted is asked for as well, unless it
    fills a page: that would be a request for nothing.
    """
    found: list[tuple[int, int]] = []
    length_ms = interval.length_ms
    for opened_ms in sorted(openings):
        if found and opened_ms - found[-1][1] < DOMESTIC_PAGE * length_ms:
            found[-1] = (found[-1][0], opened_ms + length_ms)
        else:
            found.append((opened_ms, opened_ms + length_ms))
    return found
