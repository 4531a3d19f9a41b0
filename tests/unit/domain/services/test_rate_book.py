"""Calendars of rates: the store first, a source for the rest, and nothing twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.fx_history import MemoryFxHistory, MemoryRateStore
from domain.model.daily_rate import DailyRate
from domain.model.error import StoreUnavailable, UpstreamUnavailable
from domain.services.rate_book import OPEN_DAY_S, GivenRates, RateBook

# A Saturday, noon.
NOW_MS = round(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
TODAY = date(2026, 11, 21)


def rate(day: date, won: str = "1300") -> DailyRate:
    return DailyRate(day, Decimal(won), "memory")


def working_days(first: date, last: date) -> list[DailyRate]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [rate(day) for day in days if day.weekday() < 5]


class Book:
    """A book over a store and a source that has every working day of a year."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.clock = FakeClock(now_ms)
        self.store = MemoryRateStore()
        yesterday = TODAY - timedelta(days=1)
        self.source = MemoryFxHistory(working_days(date(2026, 1, 1), yesterday))
        self.book = self.opened()

    def opened(self, *others: MemoryFxHistory) -> RateBook:
        return RateBook(self.store, [self.source, *others], self.clock)


@pytest.fixture
def book() -> Book:
    return Book()


MONDAY, SUNDAY = date(2026, 11, 9), date(2026, 11, 15)


async def test_a_span_is_asked_for_once(book: Book) -> None:
    for _ in range(2):
        calendar = await book.book.calendar(MONDAY, SUNDAY)
        found = calendar.on(SUNDAY)
        assert found is not None
        assert found.day == date(2026, 11, 13)
    assert book.source.asked == [(MONDAY, SUNDAY)]


async def test_parts_of_a_span_are_known_with_it(book: Book) -> None:
    await book.book.calendar(MONDAY, SUNDAY)
    await book.book.calendar(date(2026, 11, 14), SUNDAY)
    await book.book.calendar(MONDAY, MONDAY)
    assert len(book.source.asked) == 1


async def test_only_what_is_missing_is_asked_for(book: Book) -> None:
    await book.book.calendar(MONDAY, SUNDAY)
    await book.book.calendar(date(2026, 11, 5), date(2026, 11, 17))
    assert book.source.asked[1:] == [(date(2026, 11, 5), date(2026, 11, 17))]


async def test_what_is_stored_is_not_asked_for_again(book: Book) -> None:
    await book.book.calendar(MONDAY, SUNDAY)
    again = book.opened()
    calendar = await again.calendar(MONDAY, SUNDAY)
    assert len(book.source.asked) == 1
    assert calendar.on(MONDAY) == rate(MONDAY)


async def test_a_weekend_at_the_end_is_known_by_its_friday(book: Book) -> None:
    await book.store.save(working_days(MONDAY, date(2026, 11, 13)))
    await book.book.calendar(MONDAY, SUNDAY)
    assert book.source.asked == []


async def test_a_stored_hole_longer_than_any_pause_is_asked_for(book: Book) -> None:
    await book.store.save([rate(date(2026, 11, 2)), rate(date(2026, 11, 12))])
    await book.book.calendar(date(2026, 11, 4), date(2026, 11, 12))
    assert book.source.asked == [(date(2026, 11, 4), date(2026, 11, 11))]


async def test_a_holiday_at_the_end_is_asked_for_once(book: Book) -> None:
    christmas = date(2025, 12, 25)
    book.source.set_rates(rate(date(2025, 12, 24)))
    for _ in range(3):
        calendar = await book.book.calendar(date(2025, 12, 24), christmas)
        assert calendar.on(christmas) == rate(date(2025, 12, 24))
    assert len(book.source.asked) == 1


async def test_many_who_ask_at_once_cost_one_question(book: Book) -> None:
    await asyncio.gather(*(book.book.calendar(MONDAY, SUNDAY) for _ in range(5)))
    assert len(book.source.asked) == 1


async def test_before_the_first_rate_there_is_none(book: Book) -> None:
    calendar = await book.book.calendar(date(1998, 1, 1), date(1998, 1, 2))
    assert calendar.on(date(1998, 1, 2)) is None


# Today and later


async def test_todays_rate_is_asked_for_again_after_a_while() -> None:
    friday = Book(NOW_MS - 86_400_000)
    day = date(2026, 11, 20)
    friday.source = MemoryFxHistory(working_days(MONDAY, date(2026, 11, 19)))
    opened = friday.opened()
    found = (await opened.calendar(day, day)).on(day)
    assert found is not None
    assert found.day == date(2026, 11, 19)
    await opened.calendar(day, day)
    assert len(friday.source.asked) == 1
    friday.source.set_rates(rate(day, "1310"))
    await friday.clock.advance(OPEN_DAY_S)
    assert (await opened.calendar(day, day)).on(day) == rate(day, "1310")
    await friday.clock.advance(OPEN_DAY_S)
    await opened.calendar(day, day)
    assert len(friday.source.asked) == 2


async def test_days_to_come_are_not_asked_for(book: Book) -> None:
    await book.book.calendar(MONDAY, TODAY + timedelta(days=30))
    assert book.source.asked == [(MONDAY, TODAY)]
    await book.book.calendar(TODAY + timedelta(days=1), TODAY + timedelta(days=2))
    assert len(book.source.asked) == 1


async def test_without_todays_rate_the_latest_stands_where_nobody_answers(
    book: Book,
) -> None:
    friday = TODAY - timedelta(days=1)
    await book.book.calendar(MONDAY, friday)
    book.source.down = "out of order"
    found = (await book.book.calendar(TODAY, TODAY)).on(TODAY)
    assert found is not None
    assert found.day == friday


# Failures


async def test_a_past_day_that_nobody_tells_is_a_failure(book: Book) -> None:
    book.source.down = "out of order"
    with pytest.raises(UpstreamUnavailable):
        await book.book.calendar(MONDAY, SUNDAY)
    book.source.down = None
    assert (await book.book.calendar(MONDAY, SUNDAY)).on(MONDAY) == rate(MONDAY)


async def test_the_next_source_is_asked_when_one_is_down(book: Book) -> None:
    other = MemoryFxHistory([rate(MONDAY, "1400")])
    book.source.down = "out of order"
    calendar = await book.opened(other).calendar(MONDAY, MONDAY)
    assert calendar.on(MONDAY) == rate(MONDAY, "1400")


async def test_a_store_that_is_away_is_a_failure(book: Book) -> None:
    book.store.store.down = "gone"
    with pytest.raises(StoreUnavailable):
        await book.book.calendar(MONDAY, SUNDAY)


async def test_without_sources_what_is_stored_is_all_there_is(book: Book) -> None:
    await book.store.save([rate(MONDAY)])
    opened = RateBook(book.store, [], book.clock)
    calendar = await opened.calendar(MONDAY, SUNDAY)
    assert calendar.on(SUNDAY) == rate(MONDAY)


async def test_given_rates_are_all_there_is() -> None:
    calendar = await GivenRates([rate(MONDAY)]).calendar(MONDAY, SUNDAY)
    assert calendar.on(SUNDAY) == rate(MONDAY)
    assert calendar.on(date(2026, 11, 8)) is None
