"""Dollars on the won market: USDT and USDC as rates. Source: semantics.md "Rates"."""

from collections.abc import Mapping

from domain.model.fx import MAX_USD_KRW, MIN_USD_KRW, FxRate, PremiumBasis
from domain.model.market import Exchange, MarketKey
from domain.model.quote import Quote

# The coin that dollar markets are quoted in: it has no dollar market of its own.
DOLLAR_COIN = "USDT"
STABLE_RATES: Mapping[PremiumBasis, tuple[str, MarketKey]] = {
    PremiumBasis.KRW_USDT: (DOLLAR_COIN, MarketKey(Exchange.UPBIT, "KRW-USDT")),
    PremiumBasis.KRW_USDC: ("USDC", MarketKey(Exchange.UPBIT, "KRW-USDC")),
}


def stable_rate(base: str, quote: Quote) -> FxRate | None:
    """Return a stable coin's won price as a rate; None outside 500..3000."""
    if not MIN_USD_KRW <= quote.price <= MAX_USD_KRW:
        return None
    return FxRate(
        base=base,
        quote="KRW",
        rate=quote.price,
        source="upbit",
        as_of_ms=quote.exchange_ms,
        quality=quote.quality,
    )
