"""Upbit's trades as the domain's. Pure.

Source: exchanges.md A1, `trades/ticks` and the stream's `trade`.
"""

from typing import Final

from adapters.upbit.answer import TradeRow
from adapters.upbit.message import Number, TradeMessage
from adapters.upbit.quote import exact, price, stamp
from adapters.upbit.wire import UndecodableFrame
from domain.model.quote import MAX_AHEAD_MS
from domain.model.trade import Side, Trade

# What the taker did: `BID` took from the asks.
SIDES: Final = {"BID": Side.BUY, "ASK": Side.SELL}


def of_trade_row(row: TradeRow, now_ms: int) -> Trade:
    """Return the trade of a REST row; raises as `trade` does."""
    return trade(
        row.market,
        row.sequential_id,
        row.timestamp,
        (row.trade_price, row.trade_volume, row.ask_bid),
        now_ms,
    )


def of_trade_message(message: TradeMessage, now_ms: int) -> Trade:
    """Return the trade of a stream's frame; raises as `trade` does."""
    return trade(
        message.code,
        message.sequential_id,
        message.trade_timestamp,
        (message.trade_price, message.trade_volume, message.ask_bid),
        now_ms,
    )


def trade(
    market: str,
    id_: int | None,
    at_ms: int | None,
    content: tuple[Number, Number, object],
    now_ms: int,
) -> Trade:
    """Return a trade from its price, volume and side.

    Raises:
        UndecodableFrame: shape (no id, side or stamp), number (a stamp that is none,
            or an hour ahead) or price (price or volume not positive).
        MalformedNumber: a price or volume that is no number within the limits.
    """
    stamped_ms = stamp(at_ms)
    side = SIDES.get(content[2]) if isinstance(content[2], str) else None
    if id_ is None or stamped_ms is None or side is None:
        raise UndecodableFrame("shape", "a trade without id, stamp or side")
    if stamped_ms > now_ms + MAX_AHEAD_MS:
        raise UndecodableFrame("number", "a stamp ahead of its time")
    volume = exact(content[1])
    if volume <= 0:
        raise UndecodableFrame("price", "a volume that is not positive")
    return Trade(market, str(id_), stamped_ms, price(content[0]), volume, side)
