import pytest

from adapters.simulator.bar import fold
from adapters.simulator.coin import load_coins
from adapters.simulator.economy import Economy
from adapters.simulator.history import (
    DAY_MS,
    HOUR_MS,
    KEPT_MINUTES,
    LISTED_MS,
    MINUTE_MS,
    Bar,
    History,
    join,
)
from adapters.simulator.listing import Listing, list_markets

COINS = load_coins(12)


def listing(symbol: str, coins: int | None = 12) -> Listing:
    economy = Economy(7, load_coins(coins))
    return next(each for each in list_markets(economy) if each.symbol == symbol)


@pytest.fixture
def history(start_ms: int) -> History:
    return History(listing("KRW-BTC"), 7, start_ms)


def test_minutes_before_the_start_follow_each_other(
    history: History, start_ms: int
) -> None:
    first = history.bar(start_ms - 2 * MINUTE_MS, start_ms - MINUTE_MS)
    second = history.bar(start_ms - MINUTE_MS, start_ms)
    assert first is not None
    assert second is not None
    assert abs(first.close - second.open) / second.open < 0.0001
    for bar in (first, second):
        assert bar.low <= min(bar.open, bar.close)
        assert bar.high >= max(bar.open, bar.close)
        assert bar.volume > 0
        assert bar.trades > 0
        assert bar.open_ms <= bar.last_ms < bar.open_ms + MINUTE_MS
        assert bar.open % 10**11 == 0


def test_the_past_does_not_change_with_the_start(start_ms: int) -> None:
    asked_ms = start_ms - 3 * DAY_MS
    early = History(listing("KRW-BTC"), 7, start_ms)
    late = History(listing("KRW-BTC"), 7, start_ms + DAY_MS)
    assert early.bar(asked_ms, asked_ms + MINUTE_MS) == late.bar(
        asked_ms, asked_ms + MINUTE_MS
    )


def test_a_quiet_market_has_gaps(start_ms: int) -> None:
    history = History(listing("KRW-THETA", None), 7, start_ms)
    starts = [start_ms - n * MINUTE_MS for n in range(1, 301)]
    empty = [t for t in starts if history.bar(t, t + MINUTE_MS) is None]
    assert 100 < len(empty) < 300


def test_a_halted_market_has_no_bars(start_ms: int) -> None:
    history = History(listing("WAVESUSDT", None), 7, start_ms)
    assert history.bar(start_ms - DAY_MS, start_ms) is None


def test_nothing_traded_before_the_listing(history: History) -> None:
    assert history.bar(LISTED_MS - DAY_MS, LISTED_MS) is None


def test_minutes_since_the_start_are_what_was_traded(
    history: History, start_ms: int
) -> None:
    history.record(start_ms + 1_000, 100, 5, 50)
    history.record(start_ms + 2_000, 120, 5, 60)
    history.record(start_ms + 3_000, 90, 5, 45)
    history.record(start_ms + MINUTE_MS, 95, 1, 9)
    first = Bar(start_ms, 100, 120, 90, 90, 15, 155, 3, start_ms + 3_000)
    second = Bar(start_ms + MINUTE_MS, 95, 95, 95, 95, 1, 9, 1, start_ms + MINUTE_MS)
    assert history.bar(start_ms, start_ms + MINUTE_MS) == first
    assert history.bar(start_ms + MINUTE_MS, start_ms + 2 * MINUTE_MS) == second
    assert history.bar(start_ms, start_ms + HOUR_MS) == join(first, second)
    assert history.bar(start_ms + 2 * MINUTE_MS, start_ms + HOUR_MS) is None
    assert history.price_at(start_ms + MINUTE_MS) == 90
    assert history.price_at(start_ms + 5 * MINUTE_MS) == 95


def test_a_bar_over_the_start_has_both_parts(history: History, start_ms: int) -> None:
    made = history.made(start_ms - HOUR_MS, start_ms)
    assert made is not None
    history.record(start_ms + 1, made.high + 10, 7, 70)
    bar = history.bar(start_ms - HOUR_MS, start_ms + HOUR_MS)
    assert bar is not None
    assert bar.open == made.open
    assert bar.close == bar.high == made.high + 10
    assert bar.trades == made.trades + 1


def test_a_market_without_a_trade_yet_has_the_price_of_its_start(
    history: History, start_ms: int
) -> None:
    assert history.price_at(start_ms + HOUR_MS) == history.price_at(start_ms)


def test_the_oldest_minutes_give_way_to_the_walk(
    history: History, start_ms: int
) -> None:
    for minute in range(KEPT_MINUTES + 70):
        history.record(start_ms + minute * MINUTE_MS, 100, 1, 1)
    first = history.bar(start_ms, start_ms + MINUTE_MS)
    assert first is not None
    assert first.close > 100
    kept = start_ms + 60 * MINUTE_MS
    assert history.bar(kept, kept + MINUTE_MS) == Bar(
        kept, 100, 100, 100, 100, 1, 1, 1, kept
    )


def test_joining_nothing_changes_nothing() -> None:
    bar = Bar(0, 1, 1, 1, 1, 1, 1, 1, 0)
    assert join(None, bar) == join(bar, None) == bar
    assert join(None, None) is None


def test_trades_since_the_start_are_told_one_by_one(
    history: History, start_ms: int
) -> None:
    first = start_ms // 100
    for n, price in enumerate((100, 120, 90)):
        history.record(start_ms + n * 400, price, 5, 50, "BID", first + n)
    deals = history.deals(start_ms, start_ms + 10_000)
    assert [(deal.price, deal.number) for deal in deals] == [
        (100, first),
        (120, first + 1),
        (90, first + 2),
    ]
    second = history.bar(start_ms, start_ms + 1_000)
    assert second is not None
    assert (second.open, second.high, second.close, second.trades) == (100, 120, 90, 3)
    assert history.bar(start_ms + 1_000, start_ms + 2_000) is None
    newest = history.latest(start_ms + 10_000, start_ms - MINUTE_MS)
    assert [next(newest).price for _ in range(4)][:3] == [90, 120, 100]
    numbered = history.numbered(first + 1, start_ms + 1_000)
    assert [deal.price for deal in numbered] == [120, 90]


def test_a_minute_off_the_tape_keeps_its_bar_and_its_numbers(
    history: History, start_ms: int
) -> None:
    number = 10**9
    for minute in range(25):
        for n in range(400):
            number += 1
            t_ms = start_ms + minute * MINUTE_MS + n * 100
            history.record(t_ms, 10**9 + (n * 37 % 91) * 10**6, 7, 9, "BID", number)
    first = history.bar(start_ms, start_ms + MINUTE_MS)
    deals = history.deals(start_ms, start_ms + MINUTE_MS)
    made = fold(start_ms, deals)
    assert first is not None
    assert made is not None
    assert made[:6] == first[:6]
    assert [deal.number for deal in deals] == list(range(10**9 + 1, 10**9 + 401))
    follow = history.deals(start_ms, start_ms + 25 * MINUTE_MS)
    assert [deal.number for deal in follow] == list(range(10**9 + 1, number + 1))


def test_a_search_ends_in_a_market_that_never_trades(start_ms: int) -> None:
    history = History(listing("WAVESUSDT", None), 7, start_ms)
    assert list(history.latest(start_ms, LISTED_MS)) == []
    assert list(history.numbered(1, start_ms)) == []
