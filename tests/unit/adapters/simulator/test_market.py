from decimal import Decimal
from itertools import pairwise

import pytest

from adapters.simulator.history import DAY_MS, HOUR_MS, MINUTE_MS
from adapters.simulator.instrument import Trade
from adapters.simulator.market import CATCH_UP_MS, Market, UnknownInstrument
from adapters.simulator.price_tick import UNIT, units


def told(trades: list[Trade]) -> list[tuple[str, int, int, str, int]]:
    return [
        (t.instrument.listing.symbol, t.price, t.volume, t.side, t.time_ms)
        for t in trades
    ]


def test_the_same_seed_tells_the_same_story(start_ms: int) -> None:
    stories = []
    for _ in range(2):
        market = Market(seed=3, coins=12, start_ms=start_ms)
        stories.append([told(market.step(start_ms + n * 100)) for n in range(1, 50)])
    assert stories[0] == stories[1]
    other = Market(seed=4, coins=12, start_ms=start_ms)
    assert told(other.step(start_ms + 100)) != stories[0][0]


def test_trades_come_in_order_inside_the_step(market: Market, start_ms: int) -> None:
    for n in range(1, 50):
        now_ms = start_ms + n * 100
        trades = market.step(now_ms)
        times = [trade.time_ms for trade in trades]
        assert times == sorted(times)
        assert all(now_ms - 100 <= t <= now_ms for t in times)


def test_prices_are_on_valid_steps_and_never_crossed(
    market: Market, start_ms: int
) -> None:
    for n in range(1, 200):
        for trade in market.step(start_ms + n * 100):
            instrument = trade.instrument
            assert trade.price % instrument.listing.tick.step(trade.price) == 0
            assert trade.volume > 0
            assert trade.volume % instrument.listing.lot == 0
            assert 0 < instrument.bid < instrument.ask
            assert trade.price in (instrument.bid, instrument.ask)
            book = instrument.book(30)
            prices = [level.price for level in (*reversed(book.bids), *book.asks)]
            assert prices == sorted(set(prices))
            assert instrument.top().ask == book.asks[0]


def test_about_140_trades_a_second_happen(start_ms: int) -> None:
    market = Market(start_ms=start_ms)
    trades = [t for n in range(1, 101) for t in market.step(start_ms + n * 100)]
    assert 1_200 < len(trades) < 1_600
    upbit = [t for t in trades if t.instrument.listing.exchange == "upbit"]
    assert 480 < len(upbit) < 720


def test_the_rate_multiplies_the_trades(start_ms: int) -> None:
    market = Market(rate=20, start_ms=start_ms)
    assert 2_500 < len(market.step(start_ms + 1_000)) < 3_100


def test_prices_move_within_seconds(market: Market, start_ms: int) -> None:
    bitcoin = market.instrument("upbit", "KRW-BTC")
    seen = set()
    for n in range(1, 51):
        market.step(start_ms + n * 100)
        seen.add(bitcoin.price)
    assert len(seen) > 5


def test_premiums_are_near_the_common_one(start_ms: int) -> None:
    market = Market(start_ms=start_ms)
    market.step(start_ms + 1_000)
    fx = Decimal(market.fx())
    common = Decimal(market.economy.common_premium(market.now_ms))
    near = 0
    negative = 0
    pairs = [
        coin
        for coin in market.coins
        if "KRW" in coin.upbit_quotes
        and "USDT" in coin.binance_quotes
        and coin.binance_status == "TRADING"
    ]
    for coin in pairs:
        won = market.price("upbit", f"KRW-{coin.symbol}")
        dollars = market.price("binance", f"{coin.binance_symbol}USDT")
        premium = won * coin.multiplier / dollars / fx - 1
        near += abs(premium - common) < Decimal("0.01")
        negative += premium < 0
    assert near > len(pairs) * 0.8
    assert 2 <= negative <= 8
    tether = market.price("upbit", "KRW-USDT") / fx - 1
    assert abs(tether - common) < Decimal("0.003")


def test_a_halted_market_keeps_its_price(start_ms: int) -> None:
    market = Market(rate=50, start_ms=start_ms)
    before = market.price("binance", "TONUSDT")
    trades = market.step(start_ms + 1_500)
    assert all(t.instrument.listing.status == "TRADING" for t in trades)
    assert market.price("binance", "TONUSDT") == before


def test_a_set_price_is_the_last_trade_and_where_the_market_goes_on(
    market: Market, start_ms: int
) -> None:
    made = market.set_price("upbit", "KRW-BTC", "200000000")
    assert market.price("upbit", "KRW-BTC") == 200_000_000
    trades = market.step(start_ms + 100)
    assert trades[0] == made
    for n in range(2, 100):
        market.step(start_ms + n * 100)
    price = market.price("upbit", "KRW-BTC")
    assert price != 200_000_000
    assert abs(price / 200_000_000 - 1) < Decimal("0.01")
    assert market.price("binance", "BTCUSDT") < 150_000


def test_an_asked_trade_is_handed_out_once(still_market: Market, start_ms: int) -> None:
    market = still_market
    before = market.price("binance", "ETHUSDT")
    made = market.trade("binance", "ETHUSDT", side="ASK")
    assert made.price == int(before * UNIT)
    exact = market.trade("binance", "ETHUSDT", "4000.5", "0.25", "BID")
    assert (exact.price, exact.volume) == (units("4000.5"), units("0.25"))
    instrument = exact.instrument
    assert instrument.bid < instrument.ask == exact.price
    assert market.step(start_ms + 100) == [made, exact]
    assert market.step(start_ms + 200) == []


def test_nonsense_is_refused(still_market: Market) -> None:
    market = still_market
    with pytest.raises(UnknownInstrument, match="upbit has no KRW-NOPE"):
        market.price("upbit", "KRW-NOPE")
    with pytest.raises(ValueError, match="side"):
        market.trade("upbit", "KRW-BTC", side="BUY")
    with pytest.raises(ValueError, match="positive"):
        market.set_price("upbit", "KRW-BTC", "0")


def test_a_step_into_the_past_changes_nothing(market: Market, start_ms: int) -> None:
    market.step(start_ms + 1_000)
    assert market.step(start_ms + 500) == []
    assert market.now_ms == start_ms + 1_000


def test_a_long_pause_does_not_bring_all_its_trades(
    market: Market, start_ms: int
) -> None:
    now_ms = start_ms + 6 * HOUR_MS
    trades = market.step(now_ms)
    assert 0 < len(trades) < 1_000
    assert all(trade.time_ms >= now_ms - CATCH_UP_MS for trade in trades)


def test_a_new_utc_day_starts_its_figures_anew(
    still_market: Market, start_ms: int
) -> None:
    market = still_market
    bitcoin = market.instrument("upbit", "KRW-BTC")
    assert bitcoin.day.value > 0
    market.set_price("upbit", "KRW-BTC", "170000000")
    midnight = start_ms - start_ms % DAY_MS + DAY_MS
    market.step(midnight + 5)
    day = bitcoin.day
    assert day.previous_close == units("170000000")
    assert day.open == day.high == day.low == units("170000000")
    assert day.value == day.bid_volume == day.ask_volume == 0
    market.trade("upbit", "KRW-BTC", "169000000", "2", "ASK")
    market.trade("upbit", "KRW-BTC", "171000000", "1", "BID")
    assert (day.low, day.high) == (units("169000000"), units("171000000"))
    assert (day.ask_volume, day.bid_volume) == (2 * UNIT, UNIT)
    assert day.value == (2 * 169_000_000 + 171_000_000) * UNIT * UNIT


def test_the_rolling_day_follows_trades_and_forgets_after_24_hours(
    still_market: Market, start_ms: int
) -> None:
    market = still_market
    bitcoin = market.instrument("upbit", "KRW-BTC")
    before = bitcoin.rolling()
    assert before.low <= bitcoin.price <= before.high
    market.trade("upbit", "KRW-BTC", "900000000", "1")
    after = bitcoin.rolling()
    assert after.high == units("900000000")
    assert after.volume == before.volume + UNIT
    assert after.trades == before.trades + 1
    market.step(start_ms + 3 * HOUR_MS)
    assert bitcoin.rolling().high == units("900000000")
    market.step(start_ms + 26 * HOUR_MS)
    empty = bitcoin.rolling()
    assert empty.high == empty.low == bitcoin.price
    assert empty.volume == empty.value == empty.trades == 0
    market.trade("upbit", "KRW-BTC", "800000000", "1")
    only = bitcoin.rolling()
    assert (only.high, only.low, only.trades) == (
        units("800000000"),
        units("800000000"),
        1,
    )


def test_the_rolling_day_agrees_with_the_candles(start_ms: int) -> None:
    market = Market(coins=12, start_ms=start_ms)
    instrument = market.instrument("binance", "BTCUSDT")
    rolling = instrument.rolling()
    hour = start_ms - start_ms % HOUR_MS
    bars = [
        instrument.history.bar(hour - n * HOUR_MS, hour - (n - 1) * HOUR_MS)
        for n in range(1, 25)
    ]
    whole = [bar for bar in bars if bar is not None]
    assert rolling.volume == pytest.approx(sum(b.volume for b in whole), rel=0.05)
    assert rolling.high == max(b.high for b in whole)
    assert instrument.opened_24h(start_ms) == pytest.approx(whole[-1].open, rel=0.01)


def test_the_year_knows_its_extremes(still_market: Market) -> None:
    bitcoin = still_market.instrument("upbit", "KRW-BTC")
    high, low = bitcoin.year()
    assert low.price < bitcoin.price <= high.price
    still_market.trade("upbit", "KRW-BTC", "900000000")
    assert bitcoin.year()[0].price == units("900000000")
    still_market.trade("upbit", "KRW-BTC", "1000000")
    assert bitcoin.year()[1].price == units("1000000")


def test_numbers_of_trades_grow_over_a_restart(start_ms: int) -> None:
    before = Market(coins=12, start_ms=start_ms)
    last = max(t.number for t in before.step(start_ms + 1_000))
    after = Market(coins=12, start_ms=start_ms + MINUTE_MS)
    assert min(t.number for t in after.step(start_ms + MINUTE_MS + 1_000)) > last


def test_a_market_moves_on_where_it_was_after_a_restart(start_ms: int) -> None:
    before = Market(coins=12, start_ms=start_ms)
    for n in range(1, 100):
        before.step(start_ms + n * 100)
    after = Market(coins=12, start_ms=before.now_ms)
    prices = [m.price("upbit", "KRW-BTC") for m in (before, after)]
    assert abs(prices[0] / prices[1] - 1) < Decimal("0.0005")


def test_a_markets_trades_are_numbered_without_gaps(
    market: Market, start_ms: int
) -> None:
    numbers = [
        trade.number
        for n in range(1, 100)
        for trade in market.step(start_ms + n * 100)
        if trade.instrument.listing.symbol == "KRW-BTC"
    ]
    assert all(b == a + 1 for a, b in pairwise(numbers))
