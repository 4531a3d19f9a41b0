import json
from decimal import Decimal

import pytest

from adapters.simulator.binance_encoding import (
    aggregate_trade,
    average,
    book_ticker,
    mini_ticker,
    percent,
    server_shutdown,
    ticker,
    trade,
    window,
)
from adapters.simulator.market import Market


def test_a_mini_ticker_has_the_documented_keys_and_texts(still_market: Market) -> None:
    still_market.set_price("binance", "BTCUSDT", "120000.5")
    instrument = still_market.instrument("binance", "BTCUSDT")
    row = json.loads(mini_ticker(instrument, 9))
    assert list(row) == list("eEscohlvq")
    assert row["c"] == "120000.50000000"
    assert (row["e"], row["E"], row["s"]) == ("24hrMiniTicker", 9, "BTCUSDT")
    assert Decimal(row["l"]) <= Decimal(row["o"]) <= Decimal(row["h"])


def test_a_ticker_has_the_documented_keys(still_market: Market) -> None:
    instrument = still_market.instrument("binance", "ETHUSDT")
    row = json.loads(ticker(instrument, still_market.now_ms))
    assert list(row) == list("eEspPwxcQbBaAohlvqOCFLn")
    assert Decimal(row["b"]) < Decimal(row["a"])
    assert Decimal(row["p"]) == Decimal(row["c"]) - Decimal(row["o"])
    assert row["L"] - row["F"] + 1 == row["n"]


def test_a_trade_says_whether_the_buyer_was_the_maker(still_market: Market) -> None:
    sold = still_market.trade("binance", "ETHUSDT", "4000", "0.25", "ASK")
    bought = still_market.trade("binance", "ETHUSDT", "4001", "0.25", "BID")
    row = json.loads(trade(sold, 77))
    assert list(row) == list("eEstpqTmM")
    assert (row["p"], row["q"], row["m"]) == ("4000.00000000", "0.25000000", True)
    assert (row["E"], row["T"]) == (77, sold.time_ms)
    assert json.loads(trade(bought, 77))["m"] is False
    whole = json.loads(aggregate_trade(bought, 77))
    assert list(whole) == list("eEsapqflTmM")
    assert whole["f"] == whole["l"] == json.loads(trade(bought, 77))["t"]
    assert json.loads(aggregate_trade(sold, 77))["m"] is True


def test_a_book_ticker_has_no_time_and_no_event(still_market: Market) -> None:
    row = json.loads(book_ticker(still_market.instrument("binance", "ETHUSDT")))
    assert list(row) == list("usbBaA")


def test_a_stopped_market_has_zeros_and_a_halted_one_its_last_price() -> None:
    market = Market(rate=0, start_ms=1_795_154_400_000)
    stopped = window(market.instrument("binance", "TONUSDT"), 0)
    assert stopped[:7] == (0, 0, 0, 0, 0, 0, 0)
    assert stopped.first_id == -1
    halted = window(market.instrument("binance", "UNFIUSDT"), 0)
    assert halted.last == halted.open > 0
    assert halted.volume == 0
    assert average(halted) == 0


@pytest.mark.parametrize(
    ("difference", "base", "text"),
    [
        (0, 100, "0.000"),
        (1, 3, "33.333"),
        (-2, 3, "-66.667"),
        (-1, 10**9, "0.000"),
        (5, 0, "0.000"),
    ],
)
def test_percents_have_three_decimals(difference: int, base: int, text: str) -> None:
    assert percent(difference, base) == text


def test_a_server_says_good_bye() -> None:
    assert json.loads(server_shutdown(5)) == {"e": "serverShutdown", "E": 5}
