"""Binance's trades as the domain's. Pure.

Source: exchanges.md A2, `trades`.
"""

from adapters.binance.answer import TradeRow
from adapters.binance.quote import exact, price, stamp
from adapters.binance.wire import UndecodableFrame
from domain.model.quote import MAX_AHEAD_MS
from domain.model.trade import Side, Trade


def trade(market: str, row: TradeRow, now_ms: int) -> Trade:
    """Return the trade of a row.

    Raises:
        UndecodableFrame: shape (no side), number (a stamp that is none, or an hour
            ahead) or price (price or volume not positive).
        MalformedNumber: a price or volume that is no number within the limits.
    """
    if row.is_buyer_maker is None:
        raise UndecodableFrame("shape", "a trade without a side")
    at_ms = stamp(row.time)
    if at_ms > now_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    volume = exact(row.qty)
    if volume <= 0:
        raise UndecodableFrame("price", "a volume that is not positive")
    side = Side.SELL if row.is_buyer_maker else Side.BUY
    return Trade(market, str(row.id), at_ms, price(row.price), volume, side)
