from decimal import Decimal

import pytest

from adapters.binance.answer import DayRow
from adapters.binance.message import (
    AggTrade,
    BookTicker,
    DayTicker,
    MiniTicker,
    Trade,
)
from adapters.binance.quote import (
    QUOTES,
    exact,
    of_book_ticker,
    of_day_row,
    of_day_ticker,
    of_mini_ticker,
    of_trade,
)
from adapters.binance.wire import UndecodableFrame, decode
from domain.model.event import QuoteUpdate
from domain.model.number import MalformedNumber


@pytest.mark.parametrize(
    ("literal", "digits"),
    [
        ('"0.35210000"', "0.35210000"),
        ('"1e5"', "1E+5"),
        ('"-1.5"', "-1.5"),
        ('"007"', "7"),
        (f'"{"1" * 60}"', "1" * 60),
        (f'"0.{"1" * 30}"', "0." + "1" * 30),
        ("0.35210000", "0.35210000"),
        ("0E-8", "0E-8"),
        ("12", "12"),
    ],
)
def test_a_number_keeps_every_digit(literal: str, digits: str) -> None:
    message = decode(f'{{"e":"trade","s":"A","p":{literal},"T":1}}')
    assert isinstance(message, Trade)
    assert str(exact(message.price)) == digits


@pytest.mark.parametrize(
    "literal",
    [
        '"NaN"',
        '"sNaN"',
        '"-Infinity"',
        '"1_000"',
        '"１２"',
        '"1 "',
        '"1\\n"',
        '"+1"',
        '".5"',
        '"1."',
        '"1.e5"',
        '""',
        '"1e999999999"',
        f'"{"1" * 61}"',
        f'"0.{"1" * 31}"',
        f'"{"0" * 200}1"',
        "1e31",
        "1" * 61,
        "true",
        "[1]",
        "null",
    ],
)
def test_what_is_no_number_within_the_limits_is_refused(literal: str) -> None:
    message = decode(f'{{"e":"trade","s":"A","p":{literal},"T":1}}')
    assert isinstance(message, Trade)
    with pytest.raises(MalformedNumber):
        exact(message.price)


def test_trades_say_price_and_the_time_of_the_trade() -> None:
    update = QuoteUpdate("BTCUSDT", Decimal("0.10"), 17)
    assert of_trade(Trade("BTCUSDT", "0.10", 17)) == update
    assert of_trade(AggTrade("BTCUSDT", "0.10", 17)) == update


def test_a_mini_ticker_says_the_last_price_and_its_day() -> None:
    message = MiniTicker("BTCUSDT", "2.5", 17, "2.0", "100", "225.5")
    assert of_mini_ticker(message) == QuoteUpdate(
        market="BTCUSDT",
        price=Decimal("2.5"),
        exchange_ms=17,
        base_volume_24h=Decimal(100),
        quote_volume_24h=Decimal("225.5"),
        open_24h=Decimal("2.0"),
    )


def test_a_mini_ticker_of_the_bare_minimum_says_a_price_only() -> None:
    update = of_mini_ticker(MiniTicker("BTCUSDT", "2.5", 17))
    assert update == QuoteUpdate("BTCUSDT", Decimal("2.5"), 17)


def test_a_day_ticker_says_bid_and_ask_as_well() -> None:
    message = DayTicker("BTCUSDT", "2.5", 17, "2", "100", "225.5", "2.4", "2.6")
    assert of_day_ticker(message) == QuoteUpdate(
        market="BTCUSDT",
        price=Decimal("2.5"),
        exchange_ms=17,
        bid=Decimal("2.4"),
        ask=Decimal("2.6"),
        base_volume_24h=Decimal(100),
        quote_volume_24h=Decimal("225.5"),
        open_24h=Decimal(2),
    )


def test_a_rest_ticker_says_the_same_as_of_its_close() -> None:
    row = DayRow("BTCUSDT", "2.5", 17, "2.4", "2.6", "2", "100", "225.5")
    message = DayTicker("BTCUSDT", "2.5", 17, "2", "100", "225.5", "2.4", "2.6")
    assert of_day_row(row) == of_day_ticker(message)


def test_a_rest_ticker_at_zero_says_nothing() -> None:
    assert of_day_row(DayRow("LUNAUSDT", "0.00000000", 17)) is None


def test_a_book_ticker_says_bid_and_ask_and_no_price() -> None:
    update = of_book_ticker(BookTicker(1, "BTCUSDT", "2.4", "2.6"))
    assert update == QuoteUpdate("BTCUSDT", bid=Decimal("2.4"), ask=Decimal("2.6"))


@pytest.mark.parametrize("price", ["0.00000000", "-1", 0])
def test_a_price_that_is_not_positive_is_rejected(price: object) -> None:
    for message in (Trade("A", price, 1), MiniTicker("A", price, 1)):
        with pytest.raises(UndecodableFrame) as caught:
            QUOTES[type(message)](message)
        assert caught.value.kind == "price"


@pytest.mark.parametrize("stamp", [0, -1, 2**53])
def test_a_stamp_that_cannot_be_one_is_rejected(stamp: int) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        of_trade(Trade("A", "1", stamp))
    assert caught.value.kind == "number"
