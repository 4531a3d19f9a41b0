import pytest

from adapters.simulator.binance_query import symbols_of
from adapters.simulator.binance_weight import weight_of


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("ping", {}, 1),
        ("exchangeInfo", {}, 20),
        ("ticker/24hr", {}, 80),
        ("ticker/24hr", {"symbol": "BTCUSDT"}, 2),
        ("ticker/24hr", {"symbols": '["A"]'}, 2),
        ("ticker/24hr", {"symbols": str(["A"] * 21).replace("'", '"')}, 40),
        ("ticker/24hr", {"symbols": str(["A"] * 101).replace("'", '"')}, 80),
        ("ticker/price", {}, 4),
        ("ticker/price", {"symbol": "BTCUSDT"}, 2),
        ("ticker/bookTicker", {"symbols": '["A"]'}, 4),
        ("klines", {"symbol": "BTCUSDT"}, 2),
        ("trades", {"symbol": "BTCUSDT"}, 25),
        ("aggTrades", {"symbol": "BTCUSDT"}, 4),
        ("avgPrice", {"symbol": "BTCUSDT"}, 2),
        ("depth", {}, 5),
        ("depth", {"limit": "500"}, 25),
        ("depth", {"limit": "5000"}, 250),
        ("depth", {"limit": "many"}, 5),
    ],
)
def test_requests_weigh_what_the_venue_says(
    path: str, query: dict[str, str], weight: int
) -> None:
    assert weight_of(f"/binance/api/v3/{path}", query) == weight


def test_a_list_of_symbols_is_json() -> None:
    assert symbols_of('["BTCUSDT","币安人生USDT"]') == ["BTCUSDT", "币安人生USDT"]
    assert symbols_of("[1]") is None
    assert symbols_of("BTCUSDT") is None
    assert symbols_of('{"a":1}') is None
