"""Premium bars: minutes in monthly partitions, larger bars, holes and what is due."""

import logging
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.bar_cleaner import drop_bars
from adapters.postgres.bar_future import drop_future
from adapters.postgres.bar_gap import (
    coins,
    counts_of,
    gaps_of,
    kept_rates,
    last_minute_of,
)
from adapters.postgres.bar_hole import add_holes, holes_in, impossible_minutes
from adapters.postgres.bar_partition import Month, PartitionRoom, months_of
from adapters.postgres.bar_rollup import RollUp, begin_of
from adapters.postgres.bar_row import is_datable
from adapters.postgres.bar_span import clamped, clamped_opening
from adapters.postgres.bar_write import is_month_missing, put_backfilled, put_live
from adapters.postgres.column import instant_of, text_of, unix_ms_of
from adapters.postgres.database import Database
from domain.model.bar import Bar, Gap, Hole
from domain.model.hole_span import openings, possible
from domain.model.interval import Interval
from domain.ports.bar_store import DayCount

# What one question about minutes looks at, one coin at least: about two seconds of the
# server, well within the time a writer has. More of them make more questions.
MINUTES_AT_ONCE = 500_000
DAYS_AT_ONCE = 7

_log = logging.getLogger(__name__)

Put = Callable[[AsyncConnection, Sequence[Bar]], Awaitable[int]]


class PostgresBarStore:
    """`BarStore` over five tables; one transaction per write.

    A bar with a time that no calendar holds is left out and told in the log, once for
    each coin, so that it keeps no other bar from being written. Of several bars for one
    place in a batch the last counts.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._room = PartitionRoom(database)
        self._roll_up = RollUp(database)
        self._refused: set[str] = set()

    async def write_live(self, bars: Sequence[Bar]) -> int:
        """Store minutes as they were recorded and return how many rows changed.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
            ValueError: a bar is longer than a minute.
        """
        if any(bar.interval is not Interval.M1 for bar in bars):
            raise ValueError("only minutes are recorded live")
        return await self._write(put_live, bars)

    async def write_backfilled(self, bars: Sequence[Bar]) -> int:
        """Store bars made from candles and return how many rows changed.

        Raises:
            StoreUnavailable: the database cannot be reached; nothing was written.
        """
        return await self._write(put_backfilled, bars)

    async def write_holes(self, holes: Sequence[Hole]) -> None:
        """Remember bars that are impossible; again changes nothing."""
        async with self._database.transaction() as connection:
            await add_holes(connection, holes)

    async def settled(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> frozenset[int]:
        """Return the openings in a span that need no work: kept, or impossible."""
        begin, end = clamped(from_ms), clamped(to_ms)
        name = text_of(symbol)
        async with self._database.transaction() as connection:
            kept = await kept_rates(connection, name, interval, begin, end)
            holes = await self._holes(connection, [name], interval, from_ms, to_ms)
        told = holes.get(name, ())
        return openings(told, interval, max(from_ms, 0), to_ms).union(kept)

    async def official_rates(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Mapping[int, Decimal]:
        """Return won per dollar, by opening, of the bars kept with OFFICIAL_FX."""
        begin, end = clamped(from_ms), clamped(to_ms)
        async with self._database.transaction() as connection:
            return await kept_rates(connection, text_of(symbol), interval, begin, end)

    async def holes(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Sequence[Hole]:
        """Return the holes that touch a span, by time, as they are kept."""
        name = text_of(symbol)
        async with self._database.transaction() as connection:
            found = await self._holes(connection, [name], interval, from_ms, to_ms)
        return [
            hole
            for hole in found.get(name, ())
            if hole.from_ms < to_ms and hole.to_ms > from_ms
        ]

    async def gaps(
        self, from_ms: int, to_ms: int, symbols: Collection[str] | None = None
    ) -> Sequence[Gap]:
        """Return the minutes missing in a span, by symbol and time."""
        begin = clamped_opening(from_ms, Interval.M1)
        end = clamped_opening(to_ms, Interval.M1)
        if begin >= end:
            return []
        if symbols is None:
            async with self._database.transaction() as connection:
                looked_at = await coins(connection)
        else:
            looked_at = sorted(set(map(text_of, symbols)))
        found: list[Gap] = []
        for part in _parts(looked_at, end - begin):
            async with self._database.transaction() as connection:
                missing = await gaps_of(connection, part, begin, end)
                holes = await self._holes(
                    connection,
                    {gap.symbol for gap in missing},
                    Interval.M1,
                    from_ms,
                    to_ms,
                )
            for gap in missing:
                found += possible(gap, holes.get(gap.symbol, ()))
        return sorted(found, key=lambda gap: (gap.symbol, gap.from_ms))

    async def day_counts(self, from_day: date, to_day: date) -> Sequence[DayCount]:
        """Return the minutes per coin and UTC day, both days inclusive, in order."""
        found: dict[tuple[str, date], DayCount] = {}
        day = from_day
        while day <= to_day:
            last = min(to_day, day + timedelta(days=DAYS_AT_ONCE - 1))
            for count in await self._count(day, last):
                found[count.symbol, count.day] = count
            day = last + timedelta(days=1)
        return [found[key] for key in sorted(found)]

    async def last_minute_ms(self) -> int | None:
        """Return the opening of the newest minute of any coin, None without one."""
        async with self._database.transaction() as connection:
            for month in reversed(await months_of(connection)):
                last = await last_minute_of(connection, month)
                if last is not None:
                    return unix_ms_of(last)
        return None

    async def make_room(self, from_ms: int, to_ms: int) -> None:
        """Make the monthly partitions that a span needs; those there are stay.

        Raises:
            StoreUnavailable: the database cannot be reached.
            ValueError: the span is longer than a century.
        """
        await self._room.make(from_ms, to_ms)

    async def roll_up(self, before_ms: int, limit: int) -> int:
        """Derive hours and days that ended before an instant and are not derived yet.

        At most `limit` coin-days per call; returns how many were done, 0: all is done.
        """
        return await self._roll_up.run(before_ms, limit)

    async def drop_minutes(self, before_ms: int) -> int:
        """Drop the months of minutes that ended before an instant; return how many."""
        return await self._room.drop(before_ms)

    async def drop_future(self, after_ms: int) -> int:
        """Drop minutes that opened after an instant; return how many.

        Raises:
            StoreUnavailable: the database cannot be reached; what is gone is gone.
        """
        return await drop_future(self._database, after_ms)

    async def drop_bars(self, before_ms: int) -> int:
        """Drop larger bars that ended before an instant; return how many rows."""
        return await drop_bars(self._database, before_ms)

    async def _write(self, put: Put, bars: Sequence[Bar]) -> int:
        kept = [bar for bar in bars if self._takes(bar)]
        if not kept:
            return 0
        try:
            return await self._put(put, kept)
        except IntegrityError as exc:
            if not is_month_missing(exc):
                raise
        # Another server dropped a month that we knew.
        self._room.forget()
        return await self._put(put, kept)

    async def _put(self, put: Put, bars: Sequence[Bar]) -> int:
        await self._room.ensure(
            {
                Month.of(instant_of(bar.opened_ms))
                for bar in bars
                if bar.interval is Interval.M1
            }
        )
        async with self._database.transaction() as connection:
            return await put(connection, bars)

    def _takes(self, bar: Bar) -> bool:
        if is_datable(bar):
            return True
        if bar.symbol not in self._refused:
            self._refused.add(bar.symbol)
            times_ms = (bar.opened_ms, bar.fx_as_of_ms)
            more = {"value_of": bar.symbol, "times_ms": times_ms}
            _log.warning("bar.not_stored", extra=more)
        return False

    async def _holes(
        self,
        connection: AsyncConnection,
        symbols: Collection[str],
        interval: Interval,
        from_ms: int,
        to_ms: int,
    ) -> dict[str, list[Hole]]:
        begin_ms, end_ms = unix_ms_of(clamped(from_ms)), unix_ms_of(clamped(to_ms))
        return await holes_in(connection, symbols, interval, begin_ms, end_ms)

    async def _count(self, first: date, last: date) -> Iterable[DayCount]:
        begin, end = begin_of(first), begin_of(last + timedelta(days=1))
        counts: dict[tuple[str, date], DayCount] = {}
        async with self._database.transaction() as connection:
            symbols = await coins(connection, (begin, end))
            impossible = await impossible_minutes(
                connection, unix_ms_of(begin), unix_ms_of(end)
            )
        for part in _parts(symbols, end - begin):
            async with self._database.transaction() as connection:
                for count in await counts_of(connection, part, begin, end):
                    counts[count.symbol, count.day] = count
        for row in impossible:
            key = (row["symbol"], row["day"])
            missing = int(row["impossible"])
            if key in counts:
                counts[key] = replace(counts[key], impossible=missing)
            elif missing:
                counts[key] = DayCount(*key, 0, 0, missing, 0, None, None)
        return counts.values()


def _parts(symbols: Sequence[str], span: timedelta) -> Iterable[Sequence[str]]:
    """Split coins so that each part has few enough minutes in a span."""
    step = max(1, MINUTES_AT_ONCE // max(1, span // timedelta(minutes=1)))
    for start in range(0, len(symbols), step):
        yield symbols[start : start + step]
