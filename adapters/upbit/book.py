"""Upbit's order books as the domain's. Pure.

Source: exchanges.md A1, `orderbook`: up to 30 steps, each with both sides.
"""

from collections.abc import Iterable

from adapters.upbit.answer import BookRow, BookStep
from adapters.upbit.message import BookMessage, BookUnit, Number, ShortBookUnit
from adapters.upbit.quote import exact, stamp
from adapters.upbit.wire import UndecodableFrame
from domain.model.number import MalformedNumber
from domain.model.order_book import BookLevel, OrderBook
from domain.model.quote import MAX_AHEAD_MS

_Unit = BookStep | BookUnit | ShortBookUnit


def of_book_row(row: BookRow, now_ms: int) -> OrderBook:
    """Return the book of a REST row; raises as `order_book` does."""
    return order_book(row.market, row.timestamp, row.orderbook_units, now_ms)


def of_book_message(message: BookMessage, now_ms: int) -> OrderBook:
    """Return the book of a stream's frame; raises as `order_book` does."""
    return order_book(message.code, message.timestamp, message.orderbook_units, now_ms)


def order_book(
    market: str, at_ms: int | None, units: Iterable[_Unit], now_ms: int
) -> OrderBook:
    """Return a book, best steps first; `now_ms` is told where it has no stamp.

    One bad step costs the book: a book with a hole in it would lie.

    Raises:
        UndecodableFrame: number (a stamp that is none, or an hour ahead) or price
            (not positive, or a bid above an ask).
        MalformedNumber: a price or volume that is no number within the limits.
    """
    stamped_ms = stamp(at_ms)
    if stamped_ms is not None and stamped_ms > now_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    steps = list(units)
    bids = _side((unit.bid_price, unit.bid_size) for unit in steps)
    asks = _side((unit.ask_price, unit.ask_size) for unit in steps)
    bids.reverse()
    if bids and asks and bids[0].price > asks[0].price:
        raise UndecodableFrame("price", "the best bid is above the best ask")
    return OrderBook(
        market=market,
        at_ms=now_ms if stamped_ms is None else stamped_ms,
        bids=tuple(bids),
        asks=tuple(asks),
    )


def _side(steps: Iterable[tuple[Number, Number]]) -> list[BookLevel]:
    """Return a side by rising price."""
    levels = [BookLevel(exact(price), exact(volume)) for price, volume in steps]
    for level in levels:
        if level.volume < 0:
            raise MalformedNumber("a volume below zero")
        if level.price < 0 or (level.volume and not level.price):
            raise UndecodableFrame("price", "not positive")
    # The venue fills the shorter side up with zeros: nothing is offered there.
    return sorted((lv for lv in levels if lv.volume), key=lambda level: level.price)
