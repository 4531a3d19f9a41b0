import json
from decimal import Decimal
from typing import Any

import pytest

from adapters.simulator.market import Market
from adapters.simulator.upbit_encoding import (
    change,
    change_rate,
    last_trade,
    levels,
    orderbook,
    supported_levels,
    ticker,
    trade,
)
from adapters.simulator.upbit_field import FORMATS, Format

SHORT = [
    "ty",
    "cd",
    "op",
    "hp",
    "lp",
    "tp",
    "pcp",
    "atp",
    "c",
    "cp",
    "scp",
    "cr",
    "scr",
    "ab",
    "tv",
    "atv",
    "tdt",
    "ttm",
    "ttms",
    "aav",
    "abv",
    "h52wp",
    "h52wdt",
    "l52wp",
    "l52wdt",
    "ms",
    "its",
    "dd",
    "mw",
    "tms",
    "atp24h",
    "atv24h",
    "st",
]


def read(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal)


def test_a_ticker_tells_the_market_as_it_stands(still_market: Market) -> None:
    market = still_market
    instrument = market.instrument("upbit", "KRW-BTC")
    market.set_price("upbit", "KRW-BTC", "170000000")
    row = read(ticker(instrument, market.now_ms + 5, "DEFAULT", "REALTIME"))
    previous = Decimal(instrument.day.previous_close).scaleb(-8)
    assert row["type"] == "ticker"
    assert row["code"] == "KRW-BTC"
    assert row["trade_price"] == 170_000_000
    assert row["trade_timestamp"] == market.now_ms
    assert row["timestamp"] == market.now_ms + 5
    assert row["prev_closing_price"] == previous
    assert row["signed_change_price"] == 170_000_000 - previous
    rate = (170_000_000 - previous) / previous
    assert abs(row["signed_change_rate"] - rate) < Decimal("1e-10")
    assert (row["trade_date"], row["trade_time"]) == ("20261120", "060000")
    assert row["market_state"] == "ACTIVE"
    assert row["delisting_date"] is None
    assert row["is_trading_suspended"] is False
    assert row["stream_type"] == "REALTIME"
    acc = row["acc_ask_volume"] + row["acc_bid_volume"]
    assert row["acc_trade_volume"] == acc


def test_no_change_is_spelled_like_the_recorded_one(still_market: Market) -> None:
    instrument = still_market.instrument("upbit", "KRW-BTC")
    previous = Decimal(instrument.day.previous_close).scaleb(-8)
    still_market.trade("upbit", "KRW-BTC", previous)
    text = ticker(instrument, 0, "DEFAULT", "REALTIME").decode()
    assert '"change":"EVEN","change_price":0E-8,"signed_change_price":0E-8' in text
    assert '"change_rate":0,"signed_change_rate":0' in text


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_carries_the_same_values(
    still_market: Market, form: Format
) -> None:
    instrument = still_market.instrument("upbit", "KRW-ETH")
    last = last_trade(instrument)
    for full, other in (
        (
            ticker(instrument, 5, "DEFAULT", "SNAPSHOT"),
            ticker(instrument, 5, form, "SNAPSHOT"),
        ),
        (trade(last, 5, "DEFAULT", "SNAPSHOT"), trade(last, 5, form, "SNAPSHOT")),
    ):
        shaped = read(other)
        if form.endswith("LIST"):
            assert len(shaped) == 1
            shaped = shaped[0]
        assert list(shaped.values()) == list(read(full).values())


def test_short_keys_are_the_documented_ones(still_market: Market) -> None:
    instrument = still_market.instrument("upbit", "KRW-ETH")
    assert list(read(ticker(instrument, 0, "SIMPLE", "SNAPSHOT"))) == SHORT
    row = read(trade(last_trade(instrument), 0, "SIMPLE", "SNAPSHOT"))
    assert set(row) == {
        "ty",
        "cd",
        "tms",
        "td",
        "ttm",
        "ttms",
        "tp",
        "tv",
        "ab",
        "pcp",
        "c",
        "cp",
        "sid",
        "bap",
        "bas",
        "bbp",
        "bbs",
        "st",
    }
    book = read(orderbook(instrument, 0, "SIMPLE", "SNAPSHOT", many=1))
    assert set(book) == {"ty", "cd", "tms", "tas", "tbs", "obu", "st", "lv"}
    assert set(book["obu"][0]) == {"ap", "bp", "as", "bs"}


def test_a_trade_has_its_own_spelling_of_dates(still_market: Market) -> None:
    made = still_market.trade("upbit", "KRW-ETH", "6000000", "0.5", "ASK")
    row = read(trade(made, 9, "DEFAULT", "REALTIME"))
    assert (row["trade_date"], row["trade_time"]) == ("2026-11-20", "06:00:00")
    assert (row["trade_price"], row["trade_volume"]) == (6_000_000, Decimal("0.5"))
    assert row["ask_bid"] == "ASK"
    assert row["change_price"] >= 0
    assert row["best_bid_price"] == 6_000_000 < row["best_ask_price"]
    assert row["sequential_id"] // 10_000 == made.time_ms


def test_an_order_book_has_so_many_levels_and_its_totals(still_market: Market) -> None:
    instrument = still_market.instrument("upbit", "KRW-BTC")
    row = read(orderbook(instrument, 9, "DEFAULT", "REALTIME", many=30))
    units = row["orderbook_units"]
    assert len(units) == 30
    assert row["level"] == 0
    assert row["total_ask_size"] == sum(unit["ask_size"] for unit in units)
    assert row["total_bid_size"] == sum(unit["bid_size"] for unit in units)
    one = read(orderbook(instrument, 9, "DEFAULT", "REALTIME", many=1))
    assert one["orderbook_units"] == units[:1]
    assert one["total_ask_size"] == row["total_ask_size"]


def test_a_level_groups_the_book(still_market: Market) -> None:
    instrument = still_market.instrument("upbit", "KRW-BTC")
    level = supported_levels(instrument)[1]
    asks, bids = levels(instrument, 2, level)
    assert all(each.price % level == 0 for each in (*asks, *bids))
    assert bids[0].price < instrument.ask <= asks[0].price
    text = orderbook(instrument, 0, "DEFAULT", "SNAPSHOT", many=2, level=level)
    assert read(text)["level"] == 10_000
    assert supported_levels(still_market.instrument("upbit", "BTC-ETH")) == (0,)


def test_directions_have_upbits_words() -> None:
    assert [change(1, 2), change(2, 2), change(3, 2)] == ["FALL", "EVEN", "RISE"]


@pytest.mark.parametrize(
    ("difference", "previous", "text"),
    [
        (0, 100, "0"),
        (1_000 * 10**8, 158_200_000 * 10**8, "0.0000063211"),
        (-1, 200, "-0.0050000000"),
        (1, 10**7, "1.000E-7"),
    ],
)
def test_rates_have_ten_decimals(difference: int, previous: int, text: str) -> None:
    assert change_rate(difference, previous) == text


def test_a_market_in_warning_says_so() -> None:
    market = Market(rate=0, start_ms=1_795_154_400_000)
    row = read(ticker(market.instrument("upbit", "KRW-STMX"), 0, "DEFAULT", "SNAPSHOT"))
    assert row["market_warning"] == "CAUTION"
    row = read(ticker(market.instrument("upbit", "KRW-BTC"), 0, "DEFAULT", "SNAPSHOT"))
    assert row["market_warning"] == "NONE"
