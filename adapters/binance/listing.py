"""Binance's market list as the domain's markets. Pure.

Source: exchanges.md A2, `exchangeInfo`.
"""

from collections.abc import Iterable
from typing import Final

from adapters.binance.answer import SymbolRow
from domain.model.market import Exchange, VenueMarket

QUOTE_ASSET: Final = "USDT"
# END_OF_DAY, HALT, BREAK, CANCEL_ONLY and whatever comes: orders do not match.
TRADING: Final = "TRADING"


def usdt_markets(rows: Iterable[SymbolRow]) -> list[VenueMarket]:
    """Return the USDT markets of a list, tradable or not.

    The venue has no names of coins. Symbols need not be ASCII.
    """
    return [
        VenueMarket(
            exchange=Exchange.BINANCE,
            market=row.symbol,
            base_symbol=row.base_asset,
            quote=QUOTE_ASSET,
            tradable=row.status == TRADING,
        )
        for row in rows
        if row.quote_asset == QUOTE_ASSET
    ]
