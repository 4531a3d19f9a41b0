"""What a Binance request costs (exchanges.md A2)."""

from collections.abc import Mapping

from adapters.simulator.binance_query import symbols_of

DEFAULT_WEIGHT = 1
_FIXED = {
    "exchangeInfo": 20,
    "klines": 2,
    "uiKlines": 2,
    "avgPrice": 2,
    "trades": 25,
    "aggTrades": 4,
}
_ONE, _SEVERAL = 2, 4
_FEW, _MANY = 20, 100
_DEPTH = ((100, 5), (500, 25), (1_000, 50))
_DEPTH_FULL = 250
_DEFAULT_DEPTH = 100


def weight_of(path: str, query: Mapping[str, str]) -> int:
    """Return the weight of a request by its path and query."""
    name = path.rpartition("/api/v3/")[2]
    if name == "ticker/24hr":
        return _day_ticker(query)
    if name in ("ticker/price", "ticker/bookTicker"):
        return _ONE if query.get("symbol") else _SEVERAL
    if name == "depth":
        return _depth(query.get("limit", ""))
    return _FIXED.get(name, DEFAULT_WEIGHT)


def _day_ticker(query: Mapping[str, str]) -> int:
    if query.get("symbol"):
        return _ONE
    if not query.get("symbols"):
        return 80
    many = len(symbols_of(query["symbols"]) or ())
    if many <= _FEW:
        return _ONE
    return 40 if many <= _MANY else 80


def _depth(text: str) -> int:
    many = int(text) if text.isdecimal() else _DEFAULT_DEPTH
    return next((weight for limit, weight in _DEPTH if many <= limit), _DEPTH_FULL)
