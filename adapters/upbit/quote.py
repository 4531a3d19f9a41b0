"""Upbit's typed messages as the domain's quotes. Pure.

Source: semantics.md "Numbers" and "Quotes". Every number from outside passes `exact`:
within 60 digits and an exponent of ±30, quoted text only in plain syntax.
"""

from collections.abc import Callable
from decimal import (
    Clamped,
    Context,
    Decimal,
    DecimalException,
    InvalidOperation,
    Overflow,
    Rounded,
)

from adapters.upbit.answer import TickerRow
from adapters.upbit.message import (
    BookMessage,
    Number,
    Orderbook,
    ShortOrderbook,
    ShortTicker,
    ShortTrade,
    Ticker,
    TickerMessage,
    Trade,
    TradeMessage,
)
from adapters.upbit.wire import UndecodableFrame
from domain.model.event import QuoteUpdate
from domain.model.number import MalformedNumber, checked, parse_decimal

ACTIVE = "ACTIVE"
ZERO = Decimal(0)
# Stamps are milliseconds; from 2**53 on a JSON reader may have rounded them.
STAMP_END_MS = 2**53

# `plus` through this context leaves a number of at most 31 digits and an exponent
# within ±30 as it is and traps on every other one: the check of `checked` at a tenth
# of its price. What traps is judged again by `checked`.
_NARROW = Context(
    prec=31,
    Emin=0,
    Emax=30,
    traps=[Clamped, InvalidOperation, Overflow, Rounded],
)


def exact(value: Number) -> Decimal:
    """Return a decoded JSON value as the number it is, digit for digit.

    Raises:
        MalformedNumber: not a number, or outside the limits.
    """
    if not isinstance(value, Decimal):
        if isinstance(value, str):
            return parse_decimal(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MalformedNumber("not a number")
        value = Decimal(value)
    try:
        return _NARROW.plus(value)
    except DecimalException:
        return checked(value)


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


def stamp(value: int | None) -> int | None:
    """Return a stamp in ms if it can be one.

    Raises:
        UndecodableFrame: not within 1..2**53-1.
    """
    if value is None or 0 < value < STAMP_END_MS:
        return value
    raise UndecodableFrame("number", "a stamp outside 1..2**53-1")


def tradable(state: str | None, suspended: bool | None) -> bool | None:
    """Return whether orders match now; None where the venue says nothing."""
    if state is None and suspended is None:
        return None
    return (state is None or state == ACTIVE) and not suspended


def of_ticker(message: TickerMessage) -> QuoteUpdate:
    """Return what a ticker says; raises as `price` and `stamp` do."""
    return QuoteUpdate(
        message.code,
        price(message.trade_price),
        stamp(message.trade_timestamp),
        None,
        None,
        optional(message.acc_trade_volume_24h),
        optional(message.acc_trade_price_24h),
        None,
        optional(message.prev_closing_price),
        tradable(message.market_state, message.is_trading_suspended),
    )


def of_ticker_row(row: TickerRow) -> QuoteUpdate:
    """Return what a REST ticker says; raises as `price` and `stamp` do."""
    return QuoteUpdate(
        market=row.market,
        price=price(row.trade_price),
        exchange_ms=stamp(row.trade_timestamp),
        base_volume_24h=optional(row.acc_trade_volume_24h),
        quote_volume_24h=optional(row.acc_trade_price_24h),
        open_utc=optional(row.prev_closing_price),
    )


def of_trade(message: TradeMessage) -> QuoteUpdate:
    """Return what a trade says; raises as `price` and `stamp` do."""
    return QuoteUpdate(
        message.code,
        price(message.trade_price),
        stamp(message.trade_timestamp),
    )


def of_book(message: BookMessage) -> QuoteUpdate:
    """Return the best step of a book: bid and ask, no price and no stamp of one.

    An empty side is 0, as the venue writes it: the core reads that as unknown.
    """
    if not message.orderbook_units:
        return QuoteUpdate(message.code, bid=ZERO, ask=ZERO)
    best = message.orderbook_units[0]
    return QuoteUpdate(
        message.code, bid=exact(best.bid_price), ask=exact(best.ask_price)
    )


QuoteOf = Callable[..., QuoteUpdate]
# What a message of one market says, by its type; the other types say no quote.
QUOTES: dict[type, QuoteOf] = {
    Ticker: of_ticker,
    ShortTicker: of_ticker,
    Trade: of_trade,
    ShortTrade: of_trade,
    Orderbook: of_book,
    ShortOrderbook: of_book,
}
