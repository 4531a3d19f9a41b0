"""Tickers in the venue's own units."""

from decimal import Decimal

import pytest

from domain.model.event import QuoteUpdate
from domain.model.feed import FeedSession
from domain.model.market import Channel, Exchange, MarketKey, Quality
from domain.model.quote import MarketState
from domain.model.ticker import is_live_on_stream, ticker_of_state, ticker_of_update

NOW_MS = 1_767_225_600_000
D = Decimal


def session(**more: float) -> FeedSession:
    found = FeedSession(Exchange.UPBIT, Channel.WEBSOCKET, bound_s=10.0, up=True)
    found.began_s = more.get("began_s", 100.0)
    found.last_data_s = more.get("last_data_s", 105.0)
    return found


def state(**more: object) -> MarketState:
    key = MarketKey(Exchange.BINANCE, "1000SATSUSDT")
    found = MarketState(key, D(1000), D("0.0000004"), NOW_MS, NOW_MS, 101.0)
    found.channel = Channel.WEBSOCKET
    for name, value in more.items():
        setattr(found, name, value)
    return found


def test_a_price_carried_by_the_stream_that_is_open_is_live() -> None:
    assert is_live_on_stream(state(), session(), 110.0)


@pytest.mark.parametrize(
    ("market", "feed"),
    [
        (None, session()),
        (state(), None),
        (state(carried_s=None), session()),
        (state(carried_s=99.0), session()),
        (state(channel=Channel.REST), session()),
        (state(), session(last_data_s=99.9)),
    ],
)
def test_every_other_price_is_not(
    market: MarketState | None, feed: FeedSession | None
) -> None:
    assert not is_live_on_stream(market, feed, 110.0)


def test_a_session_that_ended_carries_nothing() -> None:
    ended = session()
    ended.up = False
    assert not is_live_on_stream(state(), ended, 106.0)


def test_what_the_board_knows_per_coin_is_told_per_unit() -> None:
    known = state(bid=D("0.00000039"), ask=D("0.00000041"), base_volume_24h=D(5_000))
    found = ticker_of_state(known, Quality.LIVE, NOW_MS, 7)
    assert found is not None
    assert (found.price, found.bid, found.ask) == (
        D("0.0004"),
        D("0.00039"),
        D("0.00041"),
    )
    assert found.base_volume_24h == 5
    assert (found.channel, found.quality) == (Channel.WEBSOCKET, Quality.LIVE)
    assert found.age_ms(NOW_MS + 10) == 3


def test_what_is_not_live_is_a_stored_value() -> None:
    found = ticker_of_state(state(), Quality.STALE, NOW_MS, 0)
    assert found is not None
    assert (found.channel, found.quality) == (Channel.CACHE, Quality.STALE)
    assert (found.bid, found.base_volume_24h) == (None, None)


def test_without_a_price_there_is_no_ticker() -> None:
    assert ticker_of_state(state(price=None), Quality.LIVE, NOW_MS, 0) is None


def test_an_update_is_a_ticker_as_the_venue_writes_it() -> None:
    update = QuoteUpdate(
        "KRW-BTC",
        D(110),
        NOW_MS - 5,
        bid=D(109),
        ask=D(111),
        base_volume_24h=D(2),
        quote_volume_24h=D(220),
        open_24h=D(100),
        open_utc=D(220),
    )
    found = ticker_of_update(Exchange.UPBIT, update, Channel.REST, NOW_MS, 0)
    assert found is not None
    assert (found.price, found.bid, found.ask) == (110, 109, 111)
    assert found.change_percent_rolling_24h == 10
    assert found.change_percent_since_utc_midnight == -50
    assert (found.exchange_ms, found.received_ms) == (NOW_MS - 5, NOW_MS)
    assert (found.channel, found.quality) == (Channel.REST, Quality.LIVE)


def test_the_receive_time_stands_in_for_a_missing_stamp() -> None:
    update = QuoteUpdate("BTCUSDT", D(1))
    found = ticker_of_update(Exchange.BINANCE, update, Channel.REST, NOW_MS, 0)
    assert found is not None
    assert found.exchange_ms == NOW_MS
    assert found.change_percent_rolling_24h is None


@pytest.mark.parametrize("price", [None, D(0), D(-1)])
def test_a_price_that_cannot_be_one_is_no_ticker(price: Decimal | None) -> None:
    update = QuoteUpdate("BTCUSDT", price, NOW_MS)
    found = ticker_of_update(Exchange.BINANCE, update, Channel.REST, NOW_MS, 0)
    assert found is None


@pytest.mark.parametrize(
    ("bid", "ask"), [(D(2), D(1)), (D(0), D(1)), (None, D(1)), (D(1), None)]
)
def test_a_crossed_or_half_book_is_unknown(
    bid: Decimal | None, ask: Decimal | None
) -> None:
    update = QuoteUpdate("BTCUSDT", D(1), NOW_MS, bid=bid, ask=ask, open_24h=D(0))
    found = ticker_of_update(Exchange.BINANCE, update, Channel.REST, NOW_MS, 0)
    assert found is not None
    assert (found.bid, found.ask) == (None, None)
    assert found.change_percent_rolling_24h is None
