"""Premium bars in memory, and what follows from them: computed anew each time."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.model.bar import Bar, Hole, PremiumBar
from domain.model.bar_merge import PART_OF, chosen, merged, on_basis
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval

HOUR_MS, DAY_MS = Interval.H1.length_ms, Interval.D1.length_ms


@dataclass(slots=True)
class BarBook:
    """Bars by coin, interval and opening; what is kept of minutes that were dropped.

    `remnants` are the hours and days derived from dropped minutes; `due` says when
    hours or the day of a coin and UTC day (its beginning) are to be derived; `months`
    are the beginnings of months that minutes can be in.
    """

    minutes: dict[str, dict[int, Bar]] = field(default_factory=dict)
    made: dict[tuple[str, Interval], dict[int, Bar]] = field(default_factory=dict)
    holes: dict[tuple[str, Interval], list[Hole]] = field(default_factory=dict)
    remnants: dict[tuple[str, PremiumBasis, Interval], dict[int, PremiumBar]] = field(
        default_factory=dict
    )
    due: dict[tuple[str, int], int] = field(default_factory=dict)
    months: set[int] = field(default_factory=set)

    def touch(self, bar: Bar) -> None:
        """Take back what was derived from a minute that changed."""
        hour_ms = Interval.H1.opened_ms(bar.opened_ms)
        day_ms = Interval.D1.opened_ms(bar.opened_ms)
        mark = (bar.symbol, day_ms)
        self.due[mark] = min(self.due.get(mark, hour_ms + HOUR_MS), hour_ms + HOUR_MS)
        for basis in PremiumBasis:
            for interval, at_ms in ((Interval.H1, hour_ms), (Interval.D1, day_ms)):
                self.remnants.get((bar.symbol, basis, interval), {}).pop(at_ms, None)

    def kept(
        self, symbol: str, basis: PremiumBasis, interval: Interval
    ) -> list[PremiumBar]:
        """Return every bar of a coin on a basis as it is read, by time."""
        if interval is Interval.S1:
            # Nothing shorter than a minute is kept.
            return []
        if interval is Interval.M1:
            return self._minutes(symbol, basis)
        part = PART_OF.get(interval)
        if part is None:
            derived = self._derived(symbol, basis, interval)
        else:
            derived = merged(self.kept(symbol, basis, part), interval)
        by_opening = {bar.opened_ms: bar for bar in derived}
        made = {
            bar.opened_ms: told
            for bar in self.made.get((symbol, interval), {}).values()
            if (told := on_basis(bar, basis)) is not None
        }
        bars = (
            chosen(by_opening.get(at), made.get(at))
            for at in sorted(by_opening.keys() | made.keys())
        )
        return [bar for bar in bars if bar is not None]

    def keep_remnants(self, symbol: str, bars: Iterable[Bar]) -> None:
        """Keep what is derived from minutes that are about to be dropped."""
        openings = [bar.opened_ms for bar in bars]
        for basis in PremiumBasis:
            for interval in (Interval.H1, Interval.D1):
                places = {interval.opened_ms(at) for at in openings}
                kept = self.remnants.setdefault((symbol, basis, interval), {})
                for bar in self._derived(symbol, basis, interval):
                    if bar.opened_ms in places:
                        kept[bar.opened_ms] = bar

    def _minutes(self, symbol: str, basis: PremiumBasis) -> list[PremiumBar]:
        minutes = sorted(self.minutes.get(symbol, {}).items())
        bars = (on_basis(bar, basis) for _, bar in minutes)
        return [bar for bar in bars if bar is not None]

    def _derived(
        self, symbol: str, basis: PremiumBasis, interval: Interval
    ) -> list[PremiumBar]:
        """Return what is derived from minutes, and from those that are gone."""
        minutes = self._minutes(symbol, basis)
        if interval is Interval.D1:
            hours = self._derived(symbol, basis, Interval.H1)
            days = {bar.opened_ms: bar for bar in merged(hours, interval)}
            days.update(self.remnants.get((symbol, basis, interval), {}))
            return [bar for _, bar in sorted(days.items())]
        bars = {bar.opened_ms: bar for bar in merged(minutes, interval)}
        if interval is Interval.H1:
            gone = self.remnants.get((symbol, basis, interval), {})
            bars = {**gone, **bars}
        return [bar for _, bar in sorted(bars.items())]
