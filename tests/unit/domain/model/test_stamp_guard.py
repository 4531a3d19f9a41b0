"""Garbage from the future, and clocks that are behind."""

from decimal import Decimal

import pytest

from domain.model.event import QuoteUpdate
from domain.model.market import Exchange
from domain.model.stamp_guard import MAX_AHEAD_MS, PLAIN_AHEAD_MS, StampGuard

NOW_MS = 1_781_924_400_000
MINUTE_MS = 60_000


def _guard(*aheads_ms: int) -> StampGuard:
    guard = StampGuard()
    updates = [
        QuoteUpdate(f"KRW-{number}", Decimal(1), NOW_MS + ahead)
        for number, ahead in enumerate(aheads_ms)
    ]
    guard.observe(Exchange.UPBIT, [*updates, QuoteUpdate("KRW-X")], NOW_MS)
    return guard


@pytest.mark.parametrize("ahead_ms", [-7_551_000, 0, PLAIN_AHEAD_MS])
def test_a_stamp_of_about_now_or_before_is_plain(ahead_ms: int) -> None:
    assert not StampGuard().is_from_future(Exchange.UPBIT, ahead_ms)


def test_one_stamp_minutes_ahead_of_all_others_is_from_the_future() -> None:
    guard = _guard(*[-200] * 127, 30 * MINUTE_MS)
    assert guard.is_from_future(Exchange.UPBIT, 30 * MINUTE_MS)
    assert not guard.is_from_future(Exchange.UPBIT, -200)


def test_a_venue_that_is_ahead_as_a_whole_means_that_our_clock_is_behind() -> None:
    # A snapshot: busy markets traded just now, quiet ones a while ago.
    guard = _guard(*[10 * MINUTE_MS] * 60, *[8 * MINUTE_MS] * 68)
    assert not guard.is_from_future(Exchange.UPBIT, 10 * MINUTE_MS)
    assert guard.is_from_future(Exchange.UPBIT, 12 * MINUTE_MS)


def test_what_one_venue_does_says_nothing_about_another() -> None:
    guard = _guard(*[10 * MINUTE_MS] * 128)
    assert guard.is_from_future(Exchange.BINANCE, 10 * MINUTE_MS)


def test_a_clock_that_is_behind_is_noticed_from_the_first_stamp_on() -> None:
    assert not _guard(600_000).is_from_future(Exchange.UPBIT, 600_000)
    assert _guard(-200, 600_000).is_from_future(Exchange.UPBIT, 600_000)
    assert not _guard(600_000, 600_000).is_from_future(Exchange.UPBIT, 600_000)


def test_a_venue_that_has_said_nothing_is_not_ahead() -> None:
    assert StampGuard().is_from_future(Exchange.UPBIT, PLAIN_AHEAD_MS + 1)


def test_one_market_cannot_outvote_the_others() -> None:
    guard = _guard(*[-200] * 20)
    for _ in range(500):
        update = QuoteUpdate("KRW-1", Decimal(1), NOW_MS + 600_000)
        guard.observe(Exchange.UPBIT, [update], NOW_MS)
        assert guard.is_from_future(Exchange.UPBIT, 600_000)


def test_the_measured_clock_speaks_for_busy_markets_among_quiet_ones() -> None:
    guard = _guard(300_000, *[-3_600_000] * 30)
    assert guard.is_from_future(Exchange.UPBIT, 300_000)
    guard.set_clock(Exchange.UPBIT, 300_000)
    assert not guard.is_from_future(Exchange.UPBIT, 300_000)
    assert guard.is_from_future(Exchange.UPBIT, 300_000 + PLAIN_AHEAD_MS + 1)


def test_more_than_an_hour_ahead_is_garbage_whoever_says_it() -> None:
    guard = _guard(*[2 * MAX_AHEAD_MS] * 128)
    assert guard.is_from_future(Exchange.UPBIT, MAX_AHEAD_MS + 1)
