"""A coin's place on the board."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.model.market import Exchange
from domain.model.quote import QuoteBook
from domain.model.seat import seat_of


def test_a_coin_without_an_open_krw_market_has_no_seat(make: Any) -> None:
    coin = make.coin("BTC")
    assert seat_of(replace(coin, listings=coin.listings[1:]), QuoteBook()) is None


def test_a_seat_holds_the_state_that_the_book_feeds(make: Any) -> None:
    book = QuoteBook()
    seat = seat_of(make.coin("SATS", multiplier=Decimal(1000)), book)
    assert [side.state for side in seat.sides] == list(book)
    assert seat.global_.state.multiplier == 1000


def test_a_pair_is_guessed_only_where_there_is_one_and_nobody_checked_it(
    make: Any,
) -> None:
    book = QuoteBook()
    assert seat_of(make.coin("A", curated=False), book).is_guessed
    assert not seat_of(make.coin("B"), book).is_guessed
    alone = make.coin("C", curated=False, only_domestic=True)
    assert not seat_of(alone, book).is_guessed


def test_a_side_is_halted_by_the_venues_list_or_by_its_ticker(make: Any) -> None:
    seat = seat_of(make.coin("BTC"), QuoteBook())
    assert not seat.is_halted
    seat.global_.state.tradable = False
    assert seat.is_halted
    coin = make.coin("ETH")
    listed = (replace(coin.listings[0], tradable=False), coin.listings[1])
    assert seat_of(replace(coin, listings=listed), QuoteBook()).is_halted


def test_a_pair_is_another_one_when_a_market_or_the_check_changes(make: Any) -> None:
    def pair(**told: Any) -> Any:
        return seat_of(make.coin("BTC", **told), QuoteBook()).pair

    assert pair() == pair()
    assert pair() != pair(curated=False)
    assert pair() != pair(only_domestic=True)


def test_a_seat_stands_on_the_venues_of_its_sides(make: Any) -> None:
    book = QuoteBook()
    alone = seat_of(make.coin("USDT", only_domestic=True), book)
    assert alone.stands_on({Exchange.UPBIT})
    assert not alone.stands_on({Exchange.BINANCE})
    assert seat_of(make.coin("BTC"), book).stands_on({Exchange.BINANCE})
