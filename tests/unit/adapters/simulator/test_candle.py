from dataclasses import replace
from datetime import UTC, datetime

from adapters.simulator.candle import (
    MONTH,
    SECOND,
    WEEK,
    YEAR,
    days,
    first_start,
    hours,
    minutes,
    newest_first,
    oldest_first,
)
from adapters.simulator.history import DAY_MS, LISTED_MS, MINUTE_MS
from adapters.simulator.market import Market


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000


def test_candles_start_where_the_venues_start_them() -> None:
    t_ms = ms("2026-11-20T06:17:31")
    assert minutes(15).floor(t_ms) == ms("2026-11-20T06:15:00")
    assert hours(4).floor(t_ms) == ms("2026-11-20T04:00:00")
    assert days(1).floor(t_ms) == ms("2026-11-20T00:00:00")
    assert WEEK.floor(t_ms) == ms("2026-11-16T00:00:00")
    assert MONTH.floor(t_ms) == ms("2026-11-01T00:00:00")
    assert MONTH.following(ms("2026-12-01T00:00:00")) == ms("2027-01-01T00:00:00")
    assert minutes(1).following(0) == MINUTE_MS
    assert SECOND.floor(t_ms + 999) == t_ms
    assert YEAR.floor(t_ms) == ms("2026-01-01T00:00:00")
    assert YEAR.following(ms("2026-01-01T00:00:00")) == ms("2027-01-01T00:00:00")


def test_candles_of_another_zone_start_at_its_midnight() -> None:
    t_ms = ms("2026-10-31T17:30:00")
    seoul = 9 * 60 * MINUTE_MS
    assert replace(days(1), zone_ms=seoul).floor(t_ms) == ms("2026-10-31T15:00:00")
    month = replace(MONTH, zone_ms=seoul)
    assert month.floor(t_ms) == ms("2026-10-31T15:00:00")
    assert month.following(month.floor(t_ms)) == ms("2026-11-30T15:00:00")
    monday = replace(WEEK, zone_ms=seoul).floor(t_ms)
    assert monday == ms("2026-10-25T15:00:00")


def test_a_page_goes_back_from_an_exclusive_end(market: Market) -> None:
    history = market.instrument("upbit", "KRW-BTC").history
    to_ms, now_ms = ms("2026-11-20T05:00:00"), market.now_ms
    page = newest_first(history, minutes(1), to_ms, 3, now_ms)
    assert [bar.open_ms for bar in page] == [to_ms - n * MINUTE_MS for n in (1, 2, 3)]


def test_a_page_skips_minutes_without_a_trade() -> None:
    market = Market(start_ms=ms("2026-11-20T06:00:00"))
    history = market.instrument("upbit", "KRW-THETA").history
    page = newest_first(history, minutes(1), market.now_ms, 50, market.now_ms)
    assert len(page) == 50
    assert page[0].open_ms - page[-1].open_ms > 60 * MINUTE_MS


def test_a_page_of_the_future_begins_now(market: Market) -> None:
    history = market.instrument("upbit", "KRW-BTC").history
    page = newest_first(history, days(1), market.now_ms + 9 * DAY_MS, 1, market.now_ms)
    assert page[0].open_ms == market.now_ms - market.now_ms % DAY_MS
    assert page[0].last_ms <= market.now_ms


def test_a_page_ends_at_the_listing(market: Market) -> None:
    history = market.instrument("upbit", "KRW-BTC").history
    page = newest_first(history, days(1), LISTED_MS + 3 * DAY_MS, 200, market.now_ms)
    assert len(page) == 3


def test_a_page_gives_up_on_a_market_that_never_trades() -> None:
    market = Market(start_ms=ms("2026-11-20T06:00:00"))
    history = market.instrument("binance", "WAVESUSDT").history
    assert newest_first(history, minutes(1), market.now_ms, 1, market.now_ms) == []


def test_klines_have_a_row_for_every_minute_and_the_last_is_open(
    still_market: Market,
) -> None:
    market = still_market
    history = market.instrument("binance", "BTCUSDT").history
    now_ms = market.now_ms + 3 * MINUTE_MS
    market.step(now_ms)
    begins = first_start(minutes(1), now_ms, 5)
    page = oldest_first(history, minutes(1), begins, 5, now_ms)
    starts = [bar.open_ms for bar, _ in page]
    assert starts == [begins + n * MINUTE_MS for n in range(5)]
    assert [end for _, end in page] == [start + MINUTE_MS for start in starts]
    flat = page[-1][0]
    assert flat.trades == flat.volume == 0
    assert flat.open == flat.high == flat.low == flat.close == page[1][0].close


def test_a_first_row_without_a_trade_has_the_price_before(still_market: Market) -> None:
    market = still_market
    instrument = market.instrument("binance", "BTCUSDT")
    start_ms = market.now_ms + MINUTE_MS
    page = oldest_first(instrument.history, minutes(1), start_ms, 1, start_ms)
    assert page[0][0].close == instrument.price


def test_rows_start_after_the_listing(market: Market) -> None:
    history = market.instrument("binance", "BTCUSDT").history
    page = oldest_first(history, days(1), 0, 1, market.now_ms)
    assert page[0][0].open_ms == LISTED_MS + DAY_MS
