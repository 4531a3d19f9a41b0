"""Upbit's market list as the domain's markets. Pure.

Source: exchanges.md A1, `market/all?is_details=true`.
"""

from collections.abc import Iterable
from typing import Final

from adapters.upbit.answer import MarketRow
from domain.model.market import Exchange, MarketWarning, VenueMarket

QUOTE_CURRENCY: Final = "KRW"
_PREFIX: Final = f"{QUOTE_CURRENCY}-"
# The word of the list's old form (`market_warning`), before `market_event` came.
_CAUTION: Final = "CAUTION"


def krw_markets(rows: Iterable[MarketRow]) -> list[VenueMarket]:
    """Return the KRW markets of a list that holds the BTC and USDT ones as well.

    Names are empty and warnings absent where the venue (or an answer without details)
    has none; flags we do not know are passed over.
    """
    return [_venue_market(row) for row in rows if row.market.startswith(_PREFIX)]


def _venue_market(row: MarketRow) -> VenueMarket:
    return VenueMarket(
        exchange=Exchange.UPBIT,
        market=row.market,
        base_symbol=row.market.removeprefix(_PREFIX),
        quote=QUOTE_CURRENCY,
        tradable=True,  # the list has no state; the stream's ticker tells it
        korean_name=_text(row.korean_name),
        english_name=_text(row.english_name),
        warnings=_warnings(row),
    )


def _warnings(row: MarketRow) -> tuple[MarketWarning, ...]:
    event = row.market_event if isinstance(row.market_event, dict) else {}
    caution = event.get("caution")
    flags = caution if isinstance(caution, dict) else {}
    told = {name for name, flag in flags.items() if flag is True}
    if event.get("warning") is True or row.market_warning == _CAUTION:
        told.add(MarketWarning.INVESTMENT_WARNING)
    if row.delisting_date:
        told.add(MarketWarning.DELISTING)
    return tuple(warning for warning in MarketWarning if warning in told)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
