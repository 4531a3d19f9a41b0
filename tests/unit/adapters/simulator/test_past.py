import pytest

from adapters.simulator.bar import DAY_MS, HOUR_MS, MINUTE_MS, Bar, fold, join
from adapters.simulator.coin import load_coins
from adapters.simulator.economy import Economy
from adapters.simulator.listing import Listing, list_markets
from adapters.simulator.past import LISTED_MS, Past

MARKETS = ("KRW-BTC", "KRW-THETA", "BTCUSDT", "HIVEUSDT")
MINUTES = 200


@pytest.fixture(scope="module")
def listings() -> dict[str, Listing]:
    return {each.symbol: each for each in list_markets(Economy(7, load_coins()))}


@pytest.fixture(params=MARKETS)
def past(request: pytest.FixtureRequest, listings: dict[str, Listing]) -> Past:
    return Past(listings[request.param], 7)


def starts(start_ms: int) -> range:
    return range(start_ms - MINUTES * MINUTE_MS, start_ms, MINUTE_MS)


def joined(past: Past, start_ms: int, end_ms: int) -> Bar | None:
    total = None
    for start in range(start_ms, end_ms, MINUTE_MS):
        total = join(total, past.minute(start, start + MINUTE_MS))
    return total


def test_the_trades_of_a_minute_make_its_bar(past: Past, start_ms: int) -> None:
    for start in starts(start_ms):
        bar = past.minute(start, start + MINUTE_MS)
        deals = past.deals(start, start + MINUTE_MS)
        made = fold(start, deals)
        if bar is None or made is None:
            assert bar is made is None
            continue
        assert made[:6] == bar[:6]
        assert (made.trades, made.last_ms, made.number) == (
            bar.trades,
            bar.last_ms,
            bar.number,
        )
        assert [deal.time_ms for deal in deals] == sorted(d.time_ms for d in deals)
        assert all(start <= deal.time_ms < start + MINUTE_MS for deal in deals)
        assert all(deal.volume > 0 for deal in deals)


def test_one_trade_has_one_price(past: Past, start_ms: int) -> None:
    for start in starts(start_ms):
        bar = past.minute(start, start + MINUTE_MS)
        if bar is not None and bar.trades == 1:
            assert bar.open == bar.high == bar.low == bar.close


def test_five_minutes_are_their_minutes(past: Past, start_ms: int) -> None:
    for start in range(start_ms - HOUR_MS, start_ms, 5 * MINUTE_MS):
        bar = past.bar(start, start + 5 * MINUTE_MS)
        assert bar == joined(past, start, start + 5 * MINUTE_MS)


@pytest.mark.parametrize("length_ms", [10 * MINUTE_MS, HOUR_MS, DAY_MS])
def test_longer_bars_begin_and_end_with_their_minutes(
    past: Past, start_ms: int, length_ms: int
) -> None:
    start = start_ms - start_ms % DAY_MS - DAY_MS
    bar, whole = (
        past.bar(start, start + length_ms),
        joined(past, start, start + length_ms),
    )
    if bar is None or whole is None:
        assert bar is whole is None
        return
    assert (bar.open, bar.close, bar.last_ms, bar.number) == (
        whole.open,
        whole.close,
        whole.last_ms,
        whole.number,
    )
    assert bar.low <= min(bar.open, bar.close)
    assert bar.high >= max(bar.open, bar.close)


def test_the_last_price_is_the_close_before(past: Past, start_ms: int) -> None:
    for start in starts(start_ms):
        bar = past.minute(start, start + MINUTE_MS)
        if bar is not None:
            assert past.price_at(start + MINUTE_MS) == bar.close
            assert (
                past.price_at(start + 2 * MINUTE_MS)
                == (past.minute(start + MINUTE_MS, start + 2 * MINUTE_MS) or bar).close
            )


def test_numbers_grow(past: Past, start_ms: int) -> None:
    numbers = [
        deal.number
        for start in starts(start_ms)
        for deal in past.deals(start, start + MINUTE_MS)
    ]
    assert numbers == sorted(set(numbers))


def test_the_beginning_of_a_minute_has_no_more_than_the_minute(
    past: Past, start_ms: int
) -> None:
    for start in starts(start_ms):
        part = past.minute(start, start + 20_000)
        whole = past.minute(start, start + MINUTE_MS)
        if part is not None:
            assert whole is not None
            assert part.trades <= whole.trades
            assert part.last_ms < start + 20_000


def test_nothing_is_made_of_a_market_that_is_halted(
    listings: dict[str, Listing], start_ms: int
) -> None:
    past = Past(listings["WAVESUSDT"], 7)
    assert past.bar(start_ms - DAY_MS, start_ms) is None
    assert past.last_deal(start_ms) is None
    assert past.price_at(start_ms) > 0


def test_the_last_deal_is_the_last_of_its_minute(past: Past, start_ms: int) -> None:
    last = past.last_deal(start_ms)
    assert last is not None
    minute = last.time_ms - last.time_ms % MINUTE_MS
    assert last == past.deals(minute, minute + MINUTE_MS)[-1]
    assert last.price == past.price_at(start_ms)


def test_nothing_was_before_the_listing(past: Past) -> None:
    assert past.deals(LISTED_MS - MINUTE_MS, LISTED_MS) == []
    assert past.last_deal(LISTED_MS) is None
