"""Binance's order books as the domain's. Pure.

Source: exchanges.md A2, `depth` and `<s>@depth20`: no symbol in it, and no time.
"""

from collections.abc import Iterable

from adapters.binance.answer import Depth
from adapters.binance.message import Number, PartialBook
from adapters.binance.quote import exact
from adapters.binance.wire import UndecodableFrame
from domain.model.number import MalformedNumber
from domain.model.order_book import BookLevel, OrderBook


def order_book(market: str, book: Depth | PartialBook, received_ms: int) -> OrderBook:
    """Return a book, best steps first, stamped with the time it was received at.

    One bad step costs the book: a book with a hole in it would lie.

    Raises:
        UndecodableFrame: price (not positive, or a bid above an ask).
        MalformedNumber: a price or volume that is no number within the limits.
    """
    bids, asks = _side(book.bids), _side(book.asks)
    bids.reverse()
    if bids and asks and bids[0].price > asks[0].price:
        raise UndecodableFrame("price", "the best bid is above the best ask")
    return OrderBook(market, received_ms, tuple(bids), tuple(asks))


def _side(steps: Iterable[tuple[Number, Number]]) -> list[BookLevel]:
    """Return a side by rising price, without steps at which nothing is offered."""
    levels = [BookLevel(exact(price), exact(volume)) for price, volume in steps]
    for level in levels:
        if level.price <= 0:
            raise UndecodableFrame("price", "not positive")
        if level.volume < 0:
            raise MalformedNumber("a volume below zero")
    return sorted((lv for lv in levels if lv.volume), key=lambda level: level.price)
