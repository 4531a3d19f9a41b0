from decimal import Decimal

import pytest

from adapters.upbit.answer import BookStep
from adapters.upbit.book import order_book
from adapters.upbit.wire import UndecodableFrame
from domain.model.number import MalformedNumber
from domain.model.quote import MAX_AHEAD_MS

NOW_MS = 1_735_792_085_000


def step(ask: object, bid: object, asked: object = 1, offered: object = 1) -> BookStep:
    return BookStep(ask, bid, asked, offered)


def test_steps_are_put_in_order_whatever_theirs() -> None:
    book = order_book("KRW-A", 7, [step(13, 9), step(11, 10), step(12, 8)], NOW_MS)
    assert [level.price for level in book.bids] == [10, 9, 8]
    assert [level.price for level in book.asks] == [11, 12, 13]
    assert book.at_ms == 7


def test_a_book_without_a_stamp_is_of_now() -> None:
    assert order_book("KRW-A", None, [step(2, 1)], NOW_MS).at_ms == NOW_MS


def test_the_shorter_side_is_filled_up_with_zeros() -> None:
    book = order_book("KRW-A", 7, [step(2, 1), step(3, 0, 1, 0)], NOW_MS)
    assert [level.price for level in book.bids] == [Decimal(1)]
    assert len(book.asks) == 2


def test_a_side_may_be_empty_and_bid_and_ask_may_meet() -> None:
    assert order_book("KRW-A", 7, [], NOW_MS).bids == ()
    assert len(order_book("KRW-A", 7, [step(1, 1)], NOW_MS).asks) == 1


@pytest.mark.parametrize(
    ("stamp", "bad"),
    [
        (NOW_MS + MAX_AHEAD_MS + 1, step(2, 1)),
        (0, step(2, 1)),
        (7, step(1, 2)),
        (7, step(0, 1)),
        (7, step(-1, 1)),
        (7, step(2, -1)),
    ],
)
def test_a_book_that_cannot_be_is_refused(stamp: int, bad: BookStep) -> None:
    with pytest.raises(UndecodableFrame):
        order_book("KRW-A", stamp, [bad], NOW_MS)


@pytest.mark.parametrize(
    "bad", [step(2, 1, -1), step(2, "NaN"), step(2, 1, None), step(True, 1)]
)
def test_a_step_that_is_no_number_costs_the_book(bad: BookStep) -> None:
    with pytest.raises(MalformedNumber):
        order_book("KRW-A", 7, [step(4, 3), bad], NOW_MS)
