"""A coin's place on the board."""

from dataclasses import replace
from decimal import Decimal

from domain.model.coin import Coin
from domain.model.market import Exchange, MarketKey
from domain.model.quote import QuoteBook
from domain.model.seat import Seat, seat_of
from tests.unit.domain.model.conftest import Make


def seated(coin: Coin, book: QuoteBook) -> Seat:
    """Return the seat of a coin that must have one."""
    seat = seat_of(coin, book)
    assert seat is not None
    return seat


def test_a_coin_without_an_open_krw_market_has_no_seat(make: Make) -> None:
    coin = make.coin("BTC")
    assert seat_of(replace(coin, listings=coin.listings[1:]), QuoteBook()) is None


def test_a_seat_holds_the_state_that_the_book_feeds(make: Make) -> None:
    book = QuoteBook()
    seat = seated(make.coin("SATS", multiplier=Decimal(1000)), book)
    assert [side.state for side in seat.sides] == list(book)
    assert seat.global_ is not None
    assert seat.global_.state.multiplier == 1000


def test_a_pair_is_guessed_only_where_there_is_one_and_nobody_checked_it(
    make: Make,
) -> None:
    book = QuoteBook()
    assert seated(make.coin("A", curated=False), book).is_guessed
    assert not seated(make.coin("B"), book).is_guessed
    alone = make.coin("C", curated=False, only_domestic=True)
    assert not seated(alone, book).is_guessed


def test_a_side_is_halted_by_the_venues_list_or_by_its_ticker(make: Make) -> None:
    seat = seated(make.coin("BTC"), QuoteBook())
    assert not seat.is_halted
    assert seat.global_ is not None
    seat.global_.state.tradable = False
    assert seat.is_halted
    coin = make.coin("ETH")
    listed = (replace(coin.listings[0], tradable=False), coin.listings[1])
    assert seated(replace(coin, listings=listed), QuoteBook()).is_halted


def test_a_pair_is_another_one_when_a_market_or_the_check_changes(make: Make) -> None:
    def pair(coin: Coin) -> tuple[bool, tuple[MarketKey, ...]]:
        return seated(coin, QuoteBook()).pair

    whole = pair(make.coin("BTC"))
    assert whole == pair(make.coin("BTC"))
    assert whole != pair(make.coin("BTC", curated=False))
    assert whole != pair(make.coin("BTC", only_domestic=True))


def test_a_seat_stands_on_the_venues_of_its_sides(make: Make) -> None:
    book = QuoteBook()
    alone = seated(make.coin("USDT", only_domestic=True), book)
    assert alone.stands_on({Exchange.UPBIT})
    assert not alone.stands_on({Exchange.BINANCE})
    assert seated(make.coin("BTC"), book).stands_on({Exchange.BINANCE})
