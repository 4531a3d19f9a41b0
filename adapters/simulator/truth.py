"""What is so at the venues, for whoever compares it with what a client makes of it."""

from typing import Any

from adapters.simulator.fx import FxRest
from adapters.simulator.listing import EXCHANGES
from adapters.simulator.market import Market
from adapters.simulator.number_text import short


def prices(market: Market, fx: FxRest) -> dict[str, Any]:
    """Return last trades and newest rates as canonical text, stamps under `at_ms`."""
    told: dict[str, Any] = {}
    stamps: dict[str, dict[str, int]] = {}
    for exchange in EXCHANGES:
        instruments = market.instruments(exchange)
        told[exchange] = {
            symbol: _plain(each.price) for symbol, each in instruments.items()
        }
        stamps[exchange] = {
            symbol: each.time_ms for symbol, each in instruments.items()
        }
    rates = fx.newest()
    told["fx"] = {source: rate for source, (rate, _) in rates.items()}
    stamps["fx"] = {source: at_ms for source, (_, at_ms) in rates.items()}
    return {**told, "at_ms": stamps}


def _plain(units: int) -> str:
    return short(units).removesuffix(".0")
