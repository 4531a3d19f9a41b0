from collections.abc import Sequence
from decimal import Decimal

import pytest

from adapters.resilience.candle_page import CandlePage, last_candles
from domain.model.candle import Candle
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
