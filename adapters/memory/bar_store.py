"""`BarStore` that forgets everything when the process ends."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from adapters.memory.bar_book import DAY_MS, HOUR_MS
from adapters.memory.store import MemoryStore
from domain.model.bar import Bar, BarOrigin, Gap, Hole
from domain.model.fx import PremiumBasis
from domain.model.hole_span import laid_over, openings, possible, without
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.snapshot import opens_ms, utc_day
from domain.ports.bar_store import DayCount

MINUTE_MS = Interval.M1.length_ms
# As the real store: nothing is kept in the last forty days of year 9999.
MAX_OPENED_MS = 253_402_300_799_999 - 40 * DAY_MS

Choose = Callable[[Bar | None, Bar], Bar]


class MemoryBarStore:
    """`BarStore` over a `MemoryStore`."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self._book = self.store.bars

    async def write_live(self, bars: Sequence[Bar]) -> int:
        """Store minutes as they were recorded and return how many rows changed."""
        if any(bar.interval is not Interval.M1 for bar in bars):
            raise ValueError("only minutes are recorded live")
        self.store.reach()
        return self._put_minutes(_storable(bars), _better)

    async def write_backfilled(self, bars: Sequence[Bar]) -> int:
        """Store bars made from candles and return how many rows changed."""
        self.store.reach()
        kept = _storable(bars)
        minutes = [bar for bar in kept if bar.interval is Interval.M1]
        changed = self._put_minutes(minutes, _filled_in)
        for bar in kept:
            if bar.interval is not Interval.M1:
                made = self._book.made.setdefault((bar.symbol, bar.interval), {})
                changed += made.get(bar.opened_ms) != bar
                made[bar.opened_ms] = bar
        self._close_holes(kept)
        return changed

    async def write_holes(self, holes: Sequence[Hole]) -> None:
        """Remember bars that are impossible; again changes nothing."""
        self.store.reach()
        for hole in holes:
            if 0 <= hole.from_ms < hole.to_ms:
                known = self._book.holes.get((hole.symbol, hole.interval), ())
                told = laid_over(known, hole)
                self._book.holes[hole.symbol, hole.interval] = told

    async def settled(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> frozenset[int]:
        """Return the openings in a span that need no work: kept, or impossible."""
        kept = await self.official_rates(symbol, interval, from_ms, to_ms)
        holes = self._book.holes.get((symbol, interval), ())
        return openings(holes, interval, max(from_ms, 0), to_ms).union(kept)

    async def official_rates(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Mapping[int, Decimal]:
        """Return won per dollar, by opening, of the bars kept with OFFICIAL_FX."""
        self.store.reach()
        if interval is Interval.M1:
            bars = self._book.minutes.get(symbol, {})
        else:
            bars = self._book.made.get((symbol, interval), {})
        return {
            opened_ms: bar.bases[PremiumBasis.OFFICIAL_FX].fx_rate
            for opened_ms, bar in bars.items()
            if from_ms <= opened_ms < to_ms and PremiumBasis.OFFICIAL_FX in bar.bases
        }

    async def holes(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Sequence[Hole]:
        """Return the holes that touch a span, by time, as they are kept."""
        self.store.reach()
        return [
            hole
            for hole in self._book.holes.get((symbol, interval), ())
            if hole.from_ms < to_ms and hole.to_ms > from_ms
        ]

    async def gaps(
        self, from_ms: int, to_ms: int, symbols: Collection[str] | None = None
    ) -> Sequence[Gap]:
        """Return the minutes missing in a span, by symbol and time."""
        self.store.reach()
        asked = set(self._book.minutes if symbols is None else symbols)
        return [
            gap
            for symbol in sorted(asked)
            for gap in self._gaps(symbol, from_ms, to_ms)
        ]

    async def day_counts(self, from_day: date, to_day: date) -> Sequence[DayCount]:
        """Return the minutes per coin and UTC day, both days inclusive, in order."""
        self.store.reach()
        named = {symbol for symbol, interval in self._book.holes}
        counts = []
        for symbol in sorted(named | set(self._book.minutes)):
            day = from_day
            while day <= to_day:
                count = self._count(symbol, day)
                if count.live or count.backfilled or count.impossible:
                    counts.append(count)
                day += timedelta(days=1)
        return counts

    async def last_minute_ms(self) -> int | None:
        """Return the opening of the newest minute of any coin, None without one."""
        self.store.reach()
        kept = self._book.minutes.values()
        return max((at for bars in kept for at in bars), default=None)

    async def make_room(self, from_ms: int, to_ms: int) -> None:
        """Make the months that a span needs; those there are stay."""
        self.store.reach()
        at_ms = _month_ms(max(from_ms, 0))
        while at_ms <= to_ms - 1:
            self._book.months.add(at_ms)
            at_ms = _next_month_ms(at_ms)

    async def roll_up(self, before_ms: int, limit: int) -> int:
        """Note that hours and days which ended are derived; return how many days."""
        self.store.reach()
        book = self._book
        due = [mark for mark, due_ms in book.due.items() if due_ms <= before_ms]
        chosen = sorted(due, key=lambda mark: (mark[1], mark[0]))[:limit]
        for mark in chosen:
            if mark[1] + DAY_MS <= before_ms:
                del book.due[mark]
            else:
                book.due[mark] = Interval.H1.opened_ms(before_ms) + HOUR_MS
        return len(chosen)

    async def drop_minutes(self, before_ms: int) -> int:
        """Drop the months of minutes that ended before an instant; return how many."""
        self.store.reach()
        dropped = 0
        for month_ms in sorted(self._book.months):
            end_ms = _next_month_ms(month_ms)
            is_due = any(month_ms <= day < end_ms for _, day in self._book.due)
            if end_ms <= before_ms and not is_due:
                self._drop_month(month_ms, end_ms)
                dropped += 1
        return dropped

    async def drop_future(self, after_ms: int) -> int:
        """Drop minutes that opened after an instant; return how many."""
        self.store.reach()
        dropped = 0
        for kept in self._book.minutes.values():
            for bar in [bar for at, bar in kept.items() if at > after_ms]:
                del kept[bar.opened_ms]
                self._book.touch(bar)
                dropped += 1
        return dropped

    async def drop_bars(self, before_ms: int) -> int:
        """Drop larger bars that ended before an instant; return how many rows."""
        self.store.reach()
        dropped = 0
        for bars in self._book.made.values():
            for opened_ms in [at for at in bars if bars[at].ends_ms <= before_ms]:
                del bars[opened_ms]
                dropped += 1
        day_ms = Interval.D1.opened_ms(max(before_ms, 0))
        for remnants in self._book.remnants.values():
            for opened_ms in [at for at in remnants if at < day_ms]:
                if _month_ms(opened_ms) not in self._book.months:
                    del remnants[opened_ms]
                    dropped += 1
        return dropped

    def _put_minutes(self, bars: Iterable[Bar], choose: Choose) -> int:
        changed = 0
        unique = {(bar.symbol, bar.opened_ms): bar for bar in bars}
        for bar in unique.values():
            self._book.months.add(_month_ms(bar.opened_ms))
            minutes = self._book.minutes.setdefault(bar.symbol, {})
            known = minutes.get(bar.opened_ms)
            kept = choose(known, bar)
            if kept != known:
                minutes[bar.opened_ms] = kept
                self._book.touch(bar)
                changed += 1
        return changed

    def _close_holes(self, bars: Sequence[Bar]) -> None:
        for (symbol, interval), known in self._book.holes.items():
            kept = [b for b in bars if b.symbol == symbol and b.interval is interval]
            rated = {b.opened_ms for b in kept if PremiumBasis.OFFICIAL_FX in b.bases}
            left = without(known, (bar.opened_ms for bar in kept), rated)
            self._book.holes[symbol, interval] = left

    def _gaps(self, symbol: str, from_ms: int, to_ms: int) -> list[Gap]:
        kept = self._book.minutes.get(symbol)
        if not kept:
            return []
        first_ms = max(min(kept), -(-from_ms // MINUTE_MS) * MINUTE_MS)
        holes = self._book.holes.get((symbol, Interval.M1), ())
        missing = [at for at in range(first_ms, to_ms, MINUTE_MS) if at not in kept]
        gaps: list[Gap] = []
        for at in missing:
            if gaps and gaps[-1].to_ms == at:
                gaps[-1] = replace(gaps[-1], to_ms=at + MINUTE_MS)
            else:
                gaps.append(Gap(symbol, at, at + MINUTE_MS))
        return [part for gap in gaps for part in possible(gap, holes)]

    def _count(self, symbol: str, day: date) -> DayCount:
        begin_ms = opens_ms(day)
        end_ms = begin_ms + DAY_MS
        kept = self._book.minutes.get(symbol, {})
        bars = [kept[at] for at in sorted(kept) if begin_ms <= at < end_ms]
        live = sum(bar.origin is BarOrigin.LIVE for bar in bars)
        holes = self._book.holes.get((symbol, Interval.M1), ())
        impossible = openings(holes, Interval.M1, begin_ms, end_ms)
        return DayCount(
            symbol=symbol,
            day=day,
            live=live,
            backfilled=len(bars) - live,
            impossible=len(impossible - kept.keys()),
            stale=sum(map(_is_stale, bars)),
            first_ms=bars[0].opened_ms if bars else None,
            last_ms=bars[-1].opened_ms if bars else None,
        )

    def _drop_month(self, month_ms: int, end_ms: int) -> None:
        for symbol, kept in self._book.minutes.items():
            old = [bar for at, bar in kept.items() if month_ms <= at < end_ms]
            self._book.keep_remnants(symbol, old)
            for bar in old:
                del kept[bar.opened_ms]
        self._book.months.discard(month_ms)


def _storable(bars: Iterable[Bar]) -> list[Bar]:
    return [bar for bar in bars if 0 <= bar.opened_ms <= MAX_OPENED_MS]


def _samples(bar: Bar) -> int:
    return sum(basis.samples for basis in bar.bases.values())


def _better(known: Bar | None, new: Bar) -> Bar:
    """Return a live minute, unless one with more samples is there."""
    if known is None or known.origin is BarOrigin.BACKFILLED:
        return new
    return new if _samples(new) >= _samples(known) else known


def _filled_in(known: Bar | None, new: Bar) -> Bar:
    """Return the stored minute, a backfilled one with the bases that it lacked."""
    if known is None:
        return new
    if known.origin is BarOrigin.LIVE or new.bases.keys() <= known.bases.keys():
        return known
    filled = replace(known, bases={**new.bases, **known.bases})
    if PremiumBasis.OFFICIAL_FX in known.bases:
        return filled
    return replace(filled, fx_source=new.fx_source, fx_as_of_ms=new.fx_as_of_ms)


def _is_stale(bar: Bar) -> bool:
    return any(basis.quality is not Quality.LIVE for basis in bar.bases.values())


def _month_ms(at_ms: int) -> int:
    return opens_ms(utc_day(at_ms).replace(day=1))


def _next_month_ms(month_ms: int) -> int:
    begin = datetime.fromtimestamp(month_ms / 1000, UTC)
    return opens_ms((begin.date() + timedelta(days=32)).replace(day=1))
