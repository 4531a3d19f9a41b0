from decimal import Decimal

import pytest

from adapters.upbit.answer import TickerRow
from adapters.upbit.message import BookUnit, Orderbook, ShortTicker, Ticker, Trade
from adapters.upbit.quote import (
    exact,
    of_book,
    of_ticker,
    of_ticker_row,
    of_trade,
    tradable,
)
from adapters.upbit.wire import UndecodableFrame, decode
from domain.model.event import QuoteUpdate
from domain.model.number import MalformedNumber


@pytest.mark.parametrize(
    ("literal", "digits"),
    [
        ("95078733694.3792000000000000", "95078733694.3792000000000000"),
        ("0E-8", "0E-8"),
        ("8.428e-05", "0.00008428"),
        ("12", "12"),
        ('"148737000.00000000"', "148737000.00000000"),
        ('"1E+5"', "1E+5"),
        ("-0.00091436", "-0.00091436"),
        ("1" * 60, "1" * 60),
        ("0." + "1" * 30, "0." + "1" * 30),
        ("1e30", "1E+30"),
        ("123456789012345678901234567890123.5", "123456789012345678901234567890123.5"),
    ],
)
def test_a_number_keeps_every_digit(literal: str, digits: str) -> None:
    frame = f'{{"ty":"ticker","cd":"KRW-BTC","tp":{literal}}}'
    message = decode(frame)
    assert isinstance(message, ShortTicker)
    assert str(exact(message.trade_price)) == digits


@pytest.mark.parametrize(
    "literal",
    [
        '"NaN"',
        '"sNaN"',
        '"Infinity"',
        '"1_000"',
        '"１２"',
        '" 1"',
        '"+1"',
        '".5"',
        '"1."',
        '""',
        '"1e999999999"',
        "1e999999999",
        "1e31",
        "1e-31",
        "0e-31",
        "1" * 61,
        "0." + "1" * 31,
        "1." + "0" * 60,
        "true",
        "[1]",
        "{}",
        "null",
    ],
)
def test_what_is_no_number_within_the_limits_is_refused(literal: str) -> None:
    frame = f'{{"ty":"ticker","cd":"KRW-BTC","tp":{literal}}}'
    message = decode(frame)
    assert isinstance(message, ShortTicker)
    with pytest.raises(MalformedNumber):
        exact(message.trade_price)


def test_a_ticker_is_a_quote_with_everything_it_says() -> None:
    message = Ticker(
        code="KRW-BTC",
        trade_price=Decimal("158200000.00000000"),
        trade_timestamp=1758875206936,
        prev_closing_price=158200001,
        acc_trade_price_24h="331188513477.17233",
        acc_trade_volume_24h=Decimal("2083.83396972"),
        market_state="ACTIVE",
        is_trading_suspended=False,
    )
    assert of_ticker(message) == QuoteUpdate(
        market="KRW-BTC",
        price=Decimal(158200000),
        exchange_ms=1758875206936,
        base_volume_24h=Decimal("2083.83396972"),
        quote_volume_24h=Decimal("331188513477.17233"),
        open_utc=Decimal(158200001),
        tradable=True,
    )


def test_a_ticker_of_the_bare_minimum_says_a_price_only() -> None:
    update = of_ticker(Ticker(code="KRW-BTC", trade_price=1))
    assert update == QuoteUpdate(market="KRW-BTC", price=Decimal(1))


def test_a_rest_ticker_says_the_same_without_the_state() -> None:
    row = TickerRow("KRW-BTC", 5, 17, 4, Decimal("2.5"), "3.5")
    assert of_ticker_row(row) == QuoteUpdate(
        market="KRW-BTC",
        price=Decimal(5),
        exchange_ms=17,
        base_volume_24h=Decimal("3.5"),
        quote_volume_24h=Decimal("2.5"),
        open_utc=Decimal(4),
    )


@pytest.mark.parametrize(
    ("state", "suspended", "expected"),
    [
        ("ACTIVE", False, True),
        ("ACTIVE", None, True),
        (None, False, True),
        ("ACTIVE", True, False),
        ("PREVIEW", False, False),
        ("DELISTED", None, False),
        (None, True, False),
        (None, None, None),
    ],
)
def test_orders_match_only_in_an_active_market_that_is_not_suspended(
    state: str | None, suspended: bool | None, expected: bool | None
) -> None:
    assert tradable(state, suspended) is expected


def test_a_trade_says_price_and_stamp() -> None:
    message = Trade(code="KRW-BTC", trade_price=Decimal("0.000482"), trade_timestamp=9)
    update = QuoteUpdate("KRW-BTC", Decimal("0.000482"), 9)
    assert of_trade(message) == update


@pytest.mark.parametrize("price", [0, -1, Decimal("-0.0"), "0.00"])
def test_a_price_that_is_not_positive_is_rejected(price: object) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        of_trade(Trade(code="KRW-BTC", trade_price=price))
    assert caught.value.kind == "price"


@pytest.mark.parametrize("stamp", [0, -1, 2**53, 10**30])
def test_a_stamp_that_cannot_be_one_is_rejected(stamp: int) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        of_trade(Trade(code="KRW-BTC", trade_price=1, trade_timestamp=stamp))
    assert caught.value.kind == "number"


def test_a_book_says_its_best_step_and_no_price() -> None:
    units = [BookUnit(Decimal("2.5"), 2), BookUnit(3, 1)]
    update = of_book(Orderbook(code="KRW-BTC", orderbook_units=units, timestamp=17))
    assert update == QuoteUpdate("KRW-BTC", bid=Decimal(2), ask=Decimal("2.5"))


def test_an_empty_book_has_zero_on_both_sides() -> None:
    update = of_book(Orderbook(code="KRW-BTC", orderbook_units=[]))
    assert (update.bid, update.ask) == (0, 0)
