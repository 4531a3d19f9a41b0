"""Candles put together from two answers."""

from decimal import Decimal

import pytest

from domain.model.candle import Candle
from domain.model.candle_series import CandleSpan, joined, lacks_running, span_of
from domain.model.interval import Interval
from domain.model.market import Exchange

MINUTE = 60_000
# 2026-01-01 00:00 UTC.
T0 = 1_767_225_600_000


def candle(minute: int, close: str = "1", closed: bool = True) -> Candle:
    one = Decimal(1)
    opened_ms = T0 + minute * MINUTE
    price = Decimal(close)
    return Candle(
        "KRW-BTC", Interval.M1, opened_ms, one, one, one, price, one, one, closed
    )


def span(
    count: int = 3, before: int | None = None, now: int = T0 + 90_000
) -> CandleSpan:
    return span_of(Exchange.UPBIT, "KRW-BTC", Interval.M1, count, before, now)


def minutes(candles: tuple[Candle, ...]) -> list[int]:
    return [(c.opened_ms - T0) // MINUTE for c in candles]


def test_without_an_end_the_running_candle_is_wanted() -> None:
    found = span()
    assert (found.running, found.opened_ms, found.end_ms) == (
        True,
        T0 + MINUTE,
        T0 + MINUTE,
    )


@pytest.mark.parametrize(
    ("before", "running", "end"),
    [
        (T0 + MINUTE + 1, True, T0 + MINUTE),
        (T0 + 10 * MINUTE, True, T0 + MINUTE),
        (T0 + MINUTE, False, T0 + MINUTE),
        (T0 + MINUTE - 1, False, T0 + MINUTE),
        (T0 + 1, False, T0 + MINUTE),
        (T0, False, T0),
    ],
)
def test_an_end_is_exclusive_and_counts_by_whole_intervals(
    before: int, running: bool, end: int
) -> None:
    found = span(before=before)
    assert (found.running, found.end_ms) == (running, end)


def test_both_parts_make_one_ascending_series_of_the_last_ones() -> None:
    closed = [candle(-2), candle(-1), candle(0)]
    found = joined(span(), closed, [candle(1, closed=False)])
    assert minutes(found) == [-1, 0, 1]
    assert [c.closed for c in found] == [True, True, False]


def test_a_closed_candle_wins_over_the_stream_s_word_of_it() -> None:
    found = joined(span(), [candle(0, "5")], [candle(0, "4", closed=False)])
    assert [(c.close, c.closed) for c in found] == [(5, True)]


def test_a_candle_is_closed_once_a_newer_one_is_there() -> None:
    running = [candle(1, closed=False), candle(2, closed=False)]
    found = joined(span(), [candle(0)], running)
    assert minutes(found) == [0, 1, 2]
    assert [c.closed for c in found] == [True, True, False]


def test_the_running_one_is_open_whatever_its_teller_says() -> None:
    assert not joined(span(), [], [candle(1, closed=True)])[0].closed


def test_candles_of_the_closed_part_at_or_after_the_running_one_are_left_out() -> None:
    assert minutes(joined(span(), [candle(0), candle(1)], [])) == [0]


def test_a_candle_that_began_after_the_wanted_end_is_left_out() -> None:
    wanted = span(before=T0 + MINUTE + 30_000)
    assert minutes(joined(wanted, [], [candle(1), candle(2)])) == [1]


def test_holes_stay_holes_and_nothing_is_made_of_nothing() -> None:
    assert minutes(joined(span(), [candle(-5), candle(0)], [])) == [-5, 0]
    assert joined(span(), [], []) == ()


@pytest.mark.parametrize(
    ("told", "lacks"), [([], False), ([1], False), ([2], True), ([1, 2], False)]
)
def test_a_roll_of_the_interval_is_noticed(told: list[int], lacks: bool) -> None:
    assert lacks_running(span(), [candle(at) for at in told]) is lacks
