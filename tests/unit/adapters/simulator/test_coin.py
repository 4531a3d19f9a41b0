import json
import os
from pathlib import Path

import pytest

from adapters.simulator.coin import Coin, load_coins

REPOSITORY = Path(__file__).parents[4]
DATA = os.environ.get("KIMP_SHARED_DATA", REPOSITORY.parent / "shared" / "data")
SHARED = Path(DATA) / "markets"


def won() -> list[Coin]:
    return [coin for coin in load_coins() if "KRW" in coin.upbit_quotes]


def paired() -> list[Coin]:
    return [
        coin
        for coin in won()
        if "USDT" in coin.binance_quotes and coin.binance_status == "TRADING"
    ]


def test_the_board_is_as_big_as_a_real_one() -> None:
    assert len(won()) >= 160
    assert len(paired()) >= 115


def test_symbols_and_binance_tickers_are_unique() -> None:
    coins = load_coins()
    assert len({coin.symbol for coin in coins}) == len(coins)
    tickers = [coin.binance_symbol for coin in coins if coin.binance_symbol]
    assert len(set(tickers)) == len(tickers)


@pytest.mark.skipif(not SHARED.exists(), reason="shared market lists are not here")
def test_115_pairs_are_in_the_real_market_lists_with_their_real_names() -> None:
    upbit = json.loads((SHARED / "upbit.json").read_text())
    binance = json.loads((SHARED / "binance.json").read_text())
    names = {row["baseAsset"]: (row["kor_name"], row["eng_name"]) for row in upbit}
    tickers = {row["baseAsset"] for row in binance}
    real = [
        coin
        for coin in paired()
        if coin.symbol in names and coin.binance_symbol in tickers
    ]
    assert len(real) >= 115
    for coin in won():
        if coin.symbol in names:
            assert names[coin.symbol] == (coin.korean, coin.english)


def test_every_coin_has_names_and_sane_numbers() -> None:
    for coin in load_coins():
        assert coin.korean
        assert coin.english
        assert coin.price_usd > 0
        assert 0 < coin.volatility < 0.1
        assert coin.multiplier in (1, 1_000, 1_000_000)
        assert coin.upbit_quotes or coin.binance_quotes


def test_known_traps_are_in_the_table() -> None:
    by_symbol = {coin.symbol: coin for coin in load_coins()}
    assert by_symbol["BTT"].binance_symbol == "BTTC"
    assert by_symbol["BEAM"].binance_symbol == "BEAMX"
    assert not by_symbol["TOKAMAK"].binance_symbol
    assert by_symbol["GRAM"].binance_status == "TRADING"
    assert by_symbol["TON"].binance_status == "BREAK"
    assert by_symbol["META"].english == "Metadium"
    assert by_symbol["SATS"].binance_symbol == "1000SATS"
    assert by_symbol["SATS"].multiplier == 1_000
    assert any(not coin.binance_symbol.isascii() for coin in load_coins())
    assert [coin.symbol for coin in won() if coin.event == "WARNING"] == ["STMX"]
    assert len({coin.event for coin in won()} - {"", "WARNING"}) >= 3


def test_a_limit_keeps_the_biggest_and_what_prices_them() -> None:
    chosen = {coin.symbol for coin in load_coins(5)}
    assert chosen == {"BTC", "USDT", "USDC", "XRP", "ETH"}
    assert {coin.symbol for coin in load_coins(0)} == {"BTC", "USDT", "USDC"}
