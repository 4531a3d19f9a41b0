"""How the bars of a span stand: by what the store says, not by claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from domain.model.bar import HoleReason
from domain.model.daily_rate import RateCalendar
from domain.model.interval import Interval
from domain.model.snapshot import utc_day
from domain.ports.bar_store import BarStore

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """Openings of a span, each in one of three or, where nothing is known, in none.

    `kept` have a bar that stays; `outdated` have one with another official rate than
    the given one, and longer than a minute; `impossible` have none, with the reason.
    `other_minutes` counts the minutes among `kept` with another rate.
    """

    kept: frozenset[int]
    impossible: Mapping[int, HoleReason]
    outdated: frozenset[int] = frozenset()
    other_minutes: int = 0

    @property
    def has_bars(self) -> bool:
        """Whether there is a single bar."""
        return bool(self.kept or self.outdated)


class Standings:
    """Asks a store; kept rates are compared with `given` ones, None: with none."""

    def __init__(self, store: BarStore, given: RateCalendar | None = None) -> None:
        self._store = store
        self._given = given

    async def of(
        self, symbol: str, interval: Interval, from_ms: int, to_ms: int
    ) -> Standing:
        """Return how a coin's bars stand: `from_ms` ≤ opened < `to_ms`.

        Raises:
            StoreUnavailable: the database is away.
        """
        place = (symbol, interval, from_ms, to_ms)
        settled = await self._store.settled(*place)
        holes = await self._store.holes(*place) if settled else ()
        impossible = {
            opened_ms: hole.reason
            for hole in holes
            for opened_ms in range(
                max(hole.from_ms, from_ms), min(hole.to_ms, to_ms), interval.length_ms
            )
            if opened_ms in settled
        }
        kept = settled - impossible.keys()
        if self._given is None or not kept:
            return Standing(kept, impossible)
        rates = await self._store.official_rates(*place)
        other = kept & {
            opened_ms
            for opened_ms, rate in rates.items()
            if self._is_other(self._given, interval, opened_ms, rate)
        }
        if interval is Interval.M1:
            return Standing(kept, impossible, other_minutes=len(other))
        return Standing(kept - other, impossible, outdated=other)

    @staticmethod
    def _is_other(
        given: RateCalendar, interval: Interval, opened_ms: int, rate: Decimal
    ) -> bool:
        """Whether the given rates have one for an opening, and it is another."""
        day = utc_day(opened_ms)
        # A minute may be carried from the day before, and has its rate then.
        days = (day, day - _ONE_DAY) if interval is Interval.M1 else (day,)
        told = [found.rate for found in map(given.on, days) if found is not None]
        return bool(told) and rate not in told
