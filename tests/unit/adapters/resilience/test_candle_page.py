from collections.abc import Sequence
from decimal import Decimal

import pytest

from adapters.resilience.candle_page import CandlePage, candles_between, last_candles
from domain.model.candle import Candle, CandleRun
from domain.model.interval import Interval

ONE = Decimal(1)
PAGE = 3


def candle(opened_ms: int) -> Candle:
    return Candle("KRW-BTC", Interval.M1, opened_ms, *(ONE,) * 6, closed=False)


class Venue:
    """Gives pages of three from the newest back."""

    def __init__(self, opened: Sequence[int], *, heeds: bool = True) -> None:
        self.opened = opened
        self.heeds = heeds
        self.asked: list[tuple[int, int | None]] = []

    async def ask(self, count: int, before_ms: int | None) -> CandlePage:
        self.asked.append((count, before_ms))
        known = [
            each
            for each in self.opened
            if not self.heeds or before_ms is None or each < before_ms
        ]
        page = [candle(each) for each in reversed(known[-count:])]
        return CandlePage(page, len(page))


async def opened(venue: Venue, count: int, before_ms: int | None = None) -> list[int]:
    found = await last_candles(venue.ask, count, before_ms, PAGE)
    return [each.opened_ms for each in found]


async def test_pages_are_asked_back_until_there_are_enough() -> None:
    venue = Venue(range(10))
    assert await opened(venue, 7) == [3, 4, 5, 6, 7, 8, 9]
    assert venue.asked == [(3, None), (3, 7), (1, 4)]


async def test_a_page_that_is_not_full_is_the_last() -> None:
    venue = Venue(range(4))
    assert await opened(venue, 9) == [0, 1, 2, 3]
    assert len(venue.asked) == 2


async def test_a_venue_that_does_not_heed_the_instant_is_not_asked_for_ever() -> None:
    venue = Venue(range(10), heeds=False)
    assert await opened(venue, 9) == [7, 8, 9]
    assert len(venue.asked) == 2
    assert await opened(Venue(range(10), heeds=False), 9, before_ms=8) == [7]


async def test_a_page_of_bad_rows_only_ends_the_pages() -> None:
    async def ask(count: int, before_ms: int | None) -> CandlePage:
        return CandlePage([], count)

    assert await last_candles(ask, 9, None, PAGE) == ()


@pytest.mark.parametrize("before_ms", [None, 100])
async def test_of_an_empty_history_there_is_nothing(before_ms: int | None) -> None:
    assert await opened(Venue([]), 5, before_ms) == []


async def test_a_candle_with_a_successor_is_closed() -> None:
    found = await last_candles(Venue(range(4)).ask, 3, None, PAGE)
    assert [each.closed for each in found] == [True, True, False]


# A span

MINUTE = Interval.M1.length_ms


async def between(venue: Venue, first: int, end: int) -> CandleRun:
    """Return a span of a venue; the instants are numbers of minutes."""
    venue.opened = [each * MINUTE for each in venue.opened]
    return await candles_between(
        venue.ask, Interval.M1, first * MINUTE, end * MINUTE, PAGE
    )


def numbers(run: CandleRun) -> list[int]:
    return [each.opened_ms // MINUTE for each in run.candles]


@pytest.mark.parametrize(("many", "pages"), [(1, 1), (3, 1), (4, 2), (9, 3)])
async def test_a_span_takes_the_fewest_pages(many: int, pages: int) -> None:
    venue = Venue(range(-50, 50))
    run = await between(venue, 2, 2 + many)
    assert numbers(run) == list(range(2, 2 + many))
    assert len(venue.asked) == pages
    assert sum(count for count, _ in venue.asked) == many
    assert run.earlier is None
    assert run.irregular == 0


async def test_where_there_are_holes_no_page_goes_beyond_the_begin() -> None:
    venue = Venue([-9, -8, 0, 4, 5])
    run = await between(venue, 0, 6)
    assert numbers(run) == [0, 4, 5]
    assert len(venue.asked) == 1


async def test_a_candle_before_the_span_is_told_when_a_page_held_it() -> None:
    run = await between(Venue([-9, -8, 4, 5]), 0, 6)
    assert numbers(run) == [4, 5]
    assert run.earlier is not None
    assert run.earlier.opened_ms == -8 * MINUTE


async def test_of_a_young_market_no_second_page_is_asked_for() -> None:
    venue = Venue([4, 5])
    assert numbers(await between(venue, 0, 6)) == [4, 5]
    assert len(venue.asked) == 1


async def test_a_span_within_a_minute_asks_for_nothing() -> None:
    venue = Venue(range(9))
    run = await candles_between(venue.ask, Interval.M1, 1, MINUTE, PAGE)
    assert run == CandleRun()
    assert venue.asked == []


async def test_instants_within_a_minute_are_those_of_the_next_opening() -> None:
    venue = Venue([n * MINUTE for n in range(9)])
    run = await candles_between(
        venue.ask, Interval.M1, MINUTE + 1, 4 * MINUTE - 1, PAGE
    )
    assert numbers(run) == [2, 3]


async def test_a_venue_that_does_not_heed_the_end_is_left_with_what_it_said() -> None:
    venue = Venue(range(10), heeds=False)
    run = await between(venue, 2, 8)
    assert numbers(run) == [7]
    assert run.irregular >= 2
    assert len(venue.asked) == 2


@pytest.mark.parametrize(
    ("page", "irregular"),
    [
        ([2, 1, 0], 0),
        ([0, 1, 2], 0),
        ([0, 2, 1], 1),
        ([2, 2, 1], 1),
        ([2, 1, 2], 1),
        ([], 0),
        ([1], 0),
    ],
)
async def test_either_order_is_one_and_what_breaks_it_is_counted(
    page: list[int], irregular: int
) -> None:
    async def ask(count: int, before_ms: int | None) -> CandlePage:
        return CandlePage([candle(each * MINUTE) for each in page], len(page) - 1)

    run = await candles_between(ask, Interval.M1, 0, 3 * MINUTE, PAGE)
    assert numbers(run) == sorted(set(page))
    assert run.irregular == irregular


async def test_rows_that_could_not_be_read_are_counted_over_all_pages() -> None:
    bad = [1, 2]

    async def ask(count: int, before_ms: int | None) -> CandlePage:
        assert before_ms is not None
        opened = range(before_ms - count * MINUTE, before_ms, MINUTE)
        return CandlePage([candle(each) for each in opened], count, bad.pop())

    run = await candles_between(ask, Interval.M1, 0, 2 * PAGE * MINUTE, PAGE)
    assert run.unusable == 3
    assert len(run.candles) == 2 * PAGE
