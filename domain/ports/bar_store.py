"""Where premium bars are kept: what the recorder, backfill and housekeeping need.

Every method may raise `StoreUnavailable`; then nothing of that call was written.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from domain.model.bar import Bar, Gap, Hole
from domain.model.interval import Interval


@dataclass(frozen=True, slots=True)
class DayCount:
    """Minutes of one coin and UTC day: kept by origin, impossible, and worse than LIVE.

    `first_ms` and `last_ms` are the openings of its first and last kept minute, None
    without one.
    """

    symbol: str
    day: date
    live: int
    backfilled: int
    impossible: int
    stale: int
    first_ms: int | None
    last_ms: int | None


class BarStore(Protocol):
    """Premium bars of every interval, and the holes among them."""

    async def write_live(self, bars: Sequence[Bar]) -> int:
        """Store minutes as they were recorded and return how many rows changed.

        One takes the place of a backfilled minute, and of a live one with no more
        samples, those of all bases added up; writing the same again changes nothing.
        Here and below the last of several bars for one place in a batch counts.

        Raises:
            ValueError: a bar is longer than a minute; nothing was written.
        """
        ...

    async def write_backfilled(self, bars: Sequence[Bar]) -> int:
        """Store bars made from candles and return how many rows changed.

        Minutes only where none is stored; bars of larger intervals take the place of
        earlier backfilled ones where they differ. A basis that a stored backfilled
        minute lacks is filled in. Holes that they fill are closed.
        """
        ...

    async def write_holes(self, holes: Sequence[Hole]) -> None:
        """Remember bars that are impossible; again changes nothing.

        Where holes overlap the newer word counts; neighbours for one reason are one.
        """
        ...

    async def settled(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> frozenset[int]:
        """Return the openings in a span that need no work: kept, or impossible.

        Kept with OFFICIAL_FX. Of a larger interval only bars made from candles count,
        not those derived from minutes.
        """
        ...

    async def official_rates(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Mapping[int, Decimal]:
        """Return won per dollar, by opening, of the bars kept with OFFICIAL_FX.

        The bars are those that `settled` speaks of.
        """
        ...

    async def holes(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Sequence[Hole]:
        """Return the holes that touch a span, by time, as they are kept."""
        ...

    async def gaps(
        self, from_ms: int, to_ms: int, symbols: Collection[str] | None = None
    ) -> Sequence[Gap]:
        """Return the minutes missing in a span, by symbol and time.

        A coin is looked at from its first kept minute within the span, or from
        `from_ms` where it has an earlier one, up to `to_ms`; impossible minutes are no
        gaps. None: every coin that has any bar.
        """
        ...

    async def day_counts(self, from_day: date, to_day: date) -> Sequence[DayCount]:
        """Return the minutes per coin and UTC day, both days inclusive, in order.

        Days on which a coin has neither a minute nor a hole are left out.
        """
        ...

    async def last_minute_ms(self) -> int | None:
        """Return the opening of the newest minute of any coin, None without one."""
        ...

    async def make_room(self, from_ms: int, to_ms: int) -> None:
        """Make the monthly partitions that a span needs; those there are stay."""
        ...

    async def roll_up(self, before_ms: int, limit: int) -> int:
        """Derive hours and days that ended before an instant and are not derived yet.

        At most `limit` coin-days per call; returns how many were done, 0: all is done.
        """
        ...

    async def drop_minutes(self, before_ms: int) -> int:
        """Drop the months of minutes that ended before an instant; return how many.

        A month with an hour or day that is not derived yet stays.
        """
        ...

    async def drop_future(self, after_ms: int) -> int:
        """Drop minutes that opened after an instant; return how many.

        What was derived from them goes, too, and is derived again without them.
        """
        ...

    async def drop_bars(self, before_ms: int) -> int:
        """Drop larger bars that ended before an instant; return how many rows.

        What is derived from minutes goes by whole UTC days, and only where its minutes
        are gone: else it would be derived again.
        """
        ...
