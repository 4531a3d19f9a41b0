"""Dated rates: what is kept, and what has to be asked for.

Source: semantics.md "Bars and snapshots": the rate dated with a day, else the latest
before. Sources have none for weekends and holidays, so what was asked is remembered.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Protocol

from domain.model.daily_rate import DailyRate, RateCalendar
from domain.model.error import UpstreamUnavailable
from domain.model.snapshot import utc_day
from domain.ports.clock import Clock
from domain.ports.fx_history import FxHistory, RateStore

# The ECB's longest pause (Easter) is from a Thursday to the Tuesday after: rates so
# many days apart have none between them.
LONGEST_PAUSE: Final = timedelta(days=5)
# Today's rate comes in the afternoon: it is asked for again after so long.
OPEN_DAY_S: Final = 900.0
_SATURDAY: Final = 5
_DAY: Final = timedelta(days=1)


class RateCalendars(Protocol):
    """Whoever knows the official rate of past days."""

    async def calendar(self, from_day: date, to_day: date) -> RateCalendar:
        """Return the rates of a span, both ends inclusive, and the latest before it."""
        ...


class GivenRates:
    """Rates from a list alone, whatever others say: those of a user's file."""

    def __init__(self, rates: Sequence[DailyRate]) -> None:
        self._calendar = RateCalendar(rates)

    async def calendar(self, from_day: date, to_day: date) -> RateCalendar:
        """Return all there is."""
        return self._calendar


class RateBook:
    """Calendars of dated rates, from the store first, then from the sources in order.

    Every span is asked for once. A rate of today may not be told yet; the latest
    before stands for it, also where no source answers.
    """

    def __init__(
        self, store: RateStore, sources: Sequence[FxHistory], clock: Clock
    ) -> None:
        self._store = store
        self._sources = sources
        self._clock = clock
        self._rates: dict[date, DailyRate] = {}
        self._calendar = RateCalendar()
        # Days of which we know what there is to know: their number is the calendar's.
        self._covered: set[date] = set()
        self._open_until_s: float | None = None
        self._line = asyncio.Lock()

    async def calendar(self, from_day: date, to_day: date) -> RateCalendar:
        """Return the rates of a span (both ends inclusive) and the latest before it.

        Raises:
            UpstreamUnavailable: a rate is missing and no source answers.
            StoreUnavailable: the database is away.
        """
        async with self._line:
            if self._missing(from_day, to_day) is not None:
                await self._load(from_day, to_day)
            missing = self._missing(from_day, to_day)
            if missing is not None:
                await self._ask(*missing)
            return self._calendar

    def _missing(self, from_day: date, to_day: date) -> tuple[date, date] | None:
        """Return the part of a span that nobody was asked about, None: all was."""
        today = self._today()
        last = min(to_day, today)
        if last == today and self._is_open_asked():
            last -= _DAY
        day = from_day
        while day <= last and day in self._covered:
            day += _DAY
        while last > day and last in self._covered:
            last -= _DAY
        return (day, last) if day <= last else None

    def _is_open_asked(self) -> bool:
        until_s = self._open_until_s
        return until_s is not None and self._clock.monotonic() < until_s

    async def _load(self, from_day: date, to_day: date) -> None:
        kept = await self._store.load(from_day, to_day)
        self._take(kept)
        for each, after in pairwise(kept):
            if after.day - each.day <= LONGEST_PAUSE:
                self._cover(each.day, after.day)
        if kept:
            self._cover(kept[-1].day, _before_monday(kept[-1].day))

    async def _ask(self, first: date, last: date) -> None:
        """Learn a span from the first source that answers.

        Raises:
            UpstreamUnavailable: none does, and more than today is missing.
        """
        failure: UpstreamUnavailable | None = None
        for source in self._sources:
            try:
                told = await source.daily(first, last)
            except UpstreamUnavailable as exc:
                failure = failure or exc
                continue
            await self._store.save(told)
            self._learn(told, first, last)
            return
        if failure is not None and first < self._today():
            raise failure
        self._open_until_s = self._clock.monotonic() + OPEN_DAY_S

    def _learn(self, told: Sequence[DailyRate], first: date, last: date) -> None:
        self._take(told)
        today = self._today()
        self._cover(first, min(last, today - _DAY))
        if last < today:
            return
        if told and told[-1].day == today:
            self._cover(today, today)
        else:
            self._open_until_s = self._clock.monotonic() + OPEN_DAY_S

    def _take(self, rates: Sequence[DailyRate]) -> None:
        self._rates.update((rate.day, rate) for rate in rates)
        self._calendar = RateCalendar(self._rates.values())

    def _cover(self, first: date, last: date) -> None:
        while first <= last:
            self._covered.add(first)
            first += _DAY

    def _today(self) -> date:
        return utc_day(self._clock.now_ms())


def _before_monday(day: date) -> date:
    """Return the last day that surely has no rate of its own after this one's."""
    while (day + _DAY).weekday() >= _SATURDAY:
        day += _DAY
    return day
