"""Binance's typed messages as the domain's quotes. Pure.

Source: semantics.md "Numbers" and "Quotes". Every number from outside passes `exact`:
plain syntax, at most 60 digits, an exponent within ±30.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from adapters.binance.answer import DayRow
from adapters.binance.message import (
    AggTrade,
    BookTicker,
    DayTicker,
    MiniTicker,
    Number,
    Trade,
)
from adapters.binance.wire import UndecodableFrame
from domain.model.event import QuoteUpdate
from domain.model.number import MalformedNumber, checked, parse_decimal

# Stamps are milliseconds; from 2**53 on a JSON reader may have rounded them.
STAMP_END_MS = 2**53

# Text of this shape has at most 59 digits and an exponent of 0 to -30: it needs none
# of the further checks of `parse_decimal`, which judges everything else.
_is_short = re.compile(r"[0-9]{1,29}(?:\.[0-9]{1,30})?").fullmatch


def exact(value: Number) -> Decimal:
    """Return a decoded JSON value as the number it is, digit for digit.

    Raises:
        MalformedNumber: not a number, or outside the limits.
    """
    if isinstance(value, str):
        return parse_decimal(value) if _is_short(value) is None else Decimal(value)
    if isinstance(value, Decimal):
        return checked(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return checked(Decimal(value))
    raise MalformedNumber("not a number")


def optional(value: Number) -> Decimal | None:
    """Return a number, or None where the venue says nothing."""
    return None if value is None else exact(value)


def price(value: Number) -> Decimal:
    """Return a price.

    Raises:
        MalformedNumber: not a number within the limits.
        UndecodableFrame: not positive.
    """
    found = exact(value)
    if found <= 0:
        raise UndecodableFrame("price", "not positive")
    return found


def stamp(value: int) -> int:
    """Return a stamp in ms if it can be one.

    Raises:
        UndecodableFrame: not within 1..2**53-1.
    """
    if 0 < value < STAMP_END_MS:
        return value
    raise UndecodableFrame("number", "a stamp outside 1..2**53-1")


def of_trade(message: Trade | AggTrade) -> QuoteUpdate:
    """Return what a trade says; raises as `price` and `stamp` do."""
    return QuoteUpdate(message.symbol, price(message.price), stamp(message.traded_ms))


def of_mini_ticker(message: MiniTicker) -> QuoteUpdate:
    """Return what a mini ticker says; raises as `price` and `stamp` do."""
    return QuoteUpdate(
        message.symbol,
        price(message.close),
        stamp(message.event_ms),
        None,
        None,
        optional(message.volume),
        optional(message.quote_volume),
        optional(message.open),
    )


def of_day_ticker(message: DayTicker) -> QuoteUpdate:
    """Return what a 24-hour ticker says; raises as `price` and `stamp` do."""
    return QuoteUpdate(
        message.symbol,
        price(message.close),
        stamp(message.event_ms),
        optional(message.bid),
        optional(message.ask),
        optional(message.volume),
        optional(message.quote_volume),
        optional(message.open),
    )


def of_day_row(row: DayRow) -> QuoteUpdate | None:
    """Return what a REST ticker says; raises as `price` and `stamp` do.

    None: the price is zero, as the venue writes it of a market without a trade in the
    last 24 hours (one in BREAK).
    """
    last = exact(row.last_price)
    if not last:
        return None
    return QuoteUpdate(
        market=row.symbol,
        price=price(last),
        exchange_ms=stamp(row.close_time),
        bid=optional(row.bid_price),
        ask=optional(row.ask_price),
        base_volume_24h=optional(row.volume),
        quote_volume_24h=optional(row.quote_volume),
        open_24h=optional(row.open_price),
    )


def of_book_ticker(message: BookTicker) -> QuoteUpdate:
    """Return the top of a book: bid and ask, no price and no stamp of one."""
    return QuoteUpdate(message.symbol, bid=exact(message.bid), ask=exact(message.ask))


QuoteOf = Callable[..., QuoteUpdate]
# What a message of one market says, by its type; the other types say no quote.
QUOTES: dict[type, QuoteOf] = {
    Trade: of_trade,
    AggTrade: of_trade,
    MiniTicker: of_mini_ticker,
    DayTicker: of_day_ticker,
    BookTicker: of_book_ticker,
}
