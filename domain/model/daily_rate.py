"""The official rate by date, and which one a day uses.

Source: semantics.md "Bars and snapshots": the rate dated D, else the latest before D.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

_TOLD: Final = time(16, tzinfo=ZoneInfo("Europe/Berlin"))


@dataclass(frozen=True, slots=True)
class DailyRate:
    """Won per US dollar, dated, by a source (`frankfurter`, `csv`)."""

    day: date
    rate: Decimal
    source: str

    @property
    def as_of_ms(self) -> int:
        """The instant it speaks of, Unix ms: 16:00 in Berlin, when the ECB tells it."""
        return round(datetime.combine(self.day, _TOLD).timestamp() * 1000)


class RateCalendar:
    """Rates by date, one per date; the last given of a date counts."""

    def __init__(self, rates: Iterable[DailyRate] = ()) -> None:
        by_day = {rate.day: rate for rate in rates}
        self._days = sorted(by_day)
        self._rates = [by_day[day] for day in self._days]

    def on(self, day: date) -> DailyRate | None:
        """Return the rate dated with the day, else the latest before; None: none is."""
        place = bisect_right(self._days, day)
        return self._rates[place - 1] if place else None
