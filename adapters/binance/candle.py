"""Binance's candles as prices at instants. Pure.

Source: exchanges.md A2, `klines`: oldest first, starts in ms.
"""

from collections.abc import Sequence
from decimal import Decimal

from adapters.binance.answer import KlineRow
from adapters.binance.quote import price
from adapters.binance.wire import UndecodableFrame
from domain.model.number import MalformedNumber


class BadCandle(ValueError):
    """A candle without a price that could be one."""


def day_open(rows: Sequence[KlineRow], day_ms: int) -> Decimal | None:
    """Return the open of the day candle that starts at `day_ms` (Unix ms).

    None: the venue has no such candle (it answers with a later one then, or none).

    Raises:
        BadCandle: no price.
    """
    for row in rows:
        if row.open_ms == day_ms:
            try:
                return price(row.open)
            except (MalformedNumber, UndecodableFrame) as exc:
                raise BadCandle(f"no price: {exc}") from exc
    return None
