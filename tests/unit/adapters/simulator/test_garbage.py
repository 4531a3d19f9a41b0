import json
from random import Random

import pytest

from adapters.simulator.garbage import KINDS, broken

TICKER = (
    b'{"ty":"ticker","cd":"KRW-BTC","tp":158219000.00000000,"c":"RISE",'
    b'"ttms":1758875206936,"tms":1758875206974}'
)
BOOK = (
    b'{"type":"orderbook","code":"KRW-BTC","orderbook_units":'
    b'[{"ask_price":101.0,"bid_price":100.0,"ask_size":1.0,"bid_size":2.0}]}'
)
TRADE = b'{"e":"trade","E":1758875206936,"s":"BTCUSDT","t":12345,"p":"118000.10"}'
TOP = b'{"u":1,"s":"BTCUSDT","b":"100.0","B":"1","a":"101.0","A":"2"}'
RATE = b'{"amount":1.0,"base":"USD","rates":{"KRW":1348.28}}'
MESSAGES = (TICKER, BOOK, TRADE, TOP, RATE, b"{}", b"")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("message", MESSAGES[:-1])
def test_a_twin_is_never_its_original(kind: str, message: bytes) -> None:
    for seed in range(50):
        assert broken(message, (kind,), Random(seed)) != message


def test_the_same_seed_breaks_alike() -> None:
    for message in MESSAGES:
        one = [broken(message, KINDS, Random(7)) for _ in range(3)]
        assert one[0] == one[1] == one[2]


def test_numbers_are_broken_in_the_venues_own_spelling() -> None:
    nan = broken(TRADE, ("nan",), Random(1))
    assert b'"p":"' in nan
    assert b"118000" not in nan
    assert json.loads(broken(TICKER, ("negative",), Random(1)))["tp"] == -158219000
    assert json.loads(broken(TRADE, ("negative",), Random(1)))["p"] == "-118000.10"
    zero = json.loads(broken(TICKER, ("zero",), Random(1)))
    assert zero["tp"] == 0
    assert zero["c"] == "RISE"


def test_a_mistyped_price_is_no_number_any_more() -> None:
    for seed in range(20):
        row = json.loads(broken(TRADE, ("mistyped",), Random(seed)))
        assert not isinstance(row["p"], int | float) or isinstance(row["p"], bool)
        assert row["p"] != "118000.10"


def test_crossed_books_have_the_bid_above_the_ask() -> None:
    units = json.loads(broken(BOOK, ("crossed",), Random(1)))["orderbook_units"]
    assert (units[0]["ask_price"], units[0]["bid_price"]) == (100.0, 101.0)
    top = json.loads(broken(TOP, ("crossed",), Random(1)))
    assert (top["a"], top["b"]) == ("100.0", "101.0")


def test_stamps_become_impossible_and_prices_stay() -> None:
    for seed in range(20):
        row = json.loads(broken(TICKER, ("stamp",), Random(seed)))
        assert row["ttms"] != 1758875206936
        assert row["tp"] == 158219000


def test_what_has_nothing_to_break_becomes_undecodable() -> None:
    for seed in range(20):
        with pytest.raises((ValueError, RecursionError)):
            json.loads(broken(TICKER, ("crossed",), Random(seed)))
