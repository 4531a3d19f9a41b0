from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator

MINUTE_MS = 60_000


async def get(
    http: aiohttp.ClientSession, simulator: Simulator, path: str, **query: str
) -> Any:
    url = f"{simulator.base_url}/binance/api/v3/{path}"
    async with http.get(url, params=query) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def test_ping_and_time_answer(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    assert await get(http, simulator, "ping") == {}
    assert await get(http, simulator, "time") == {"serverTime": clock.ms}


async def test_exchange_info_lists_every_status_and_quote(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    info = await get(http, full_simulator, "exchangeInfo")
    symbols = {row["symbol"]: row for row in info["symbols"]}
    statuses = {row["status"] for row in symbols.values()}
    assert statuses == {"TRADING", "BREAK", "HALT", "CANCEL_ONLY"}
    assert {"USDT", "BTC", "TRY"} <= {row["quoteAsset"] for row in symbols.values()}
    assert symbols["1000SATSUSDT"]["baseAsset"] == "1000SATS"
    assert "币安人生USDT" in symbols
    trading = [
        row
        for row in symbols.values()
        if row["quoteAsset"] == "USDT" and row["status"] == "TRADING"
    ]
    assert len(trading) >= 115
    kinds = [each["filterType"] for each in symbols["BTCUSDT"]["filters"]]
    assert kinds == ["PRICE_FILTER", "LOT_SIZE"]
    only = await get(http, full_simulator, "exchangeInfo", symbolStatus="BREAK")
    assert {row["status"] for row in only["symbols"]} == {"BREAK"}
    one = await get(http, full_simulator, "exchangeInfo", symbol="BTCUSDT")
    assert len(one["symbols"]) == 1


async def test_day_tickers_come_for_one_several_or_all(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    full_simulator.market.set_price("binance", "BTCUSDT", "120000.5")
    one = await get(http, full_simulator, "ticker/24hr", symbol="BTCUSDT")
    assert one["lastPrice"] == "120000.50000000"
    assert Decimal(one["bidPrice"]) < Decimal(one["askPrice"])
    assert Decimal(one["priceChange"]) == Decimal(one["lastPrice"]) - Decimal(
        one["openPrice"]
    )
    assert len(one) == 21
    several = await get(
        http, full_simulator, "ticker/24hr", symbols='["BTCUSDT","币安人生USDT"]'
    )
    assert [row["symbol"] for row in several] == ["BTCUSDT", "币安人生USDT"]
    whole = await get(http, full_simulator, "ticker/24hr")
    assert len(whole) == len(full_simulator.market.instruments("binance"))
    stopped = next(row for row in whole if row["symbol"] == "WAVESUSDT")
    assert stopped["lastPrice"] == stopped["bidPrice"] == "0.00000000"
    assert stopped["firstId"] == -1
    trading = await get(
        http, full_simulator, "ticker/24hr", type="MINI", symbolStatus="TRADING"
    )
    assert "WAVESUSDT" not in {row["symbol"] for row in trading}
    assert set(trading[0]) == {
        "symbol",
        "openPrice",
        "highPrice",
        "lowPrice",
        "lastPrice",
        "volume",
        "quoteVolume",
        "openTime",
        "closeTime",
        "firstId",
        "lastId",
        "count",
    }


async def test_prices_and_best_prices_are_strings(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.market.trade("binance", "ETHUSDT", "4000.12")
    price = await get(http, simulator, "ticker/price", symbol="ETHUSDT")
    assert price == {"symbol": "ETHUSDT", "price": "4000.12000000"}
    book = await get(http, simulator, "ticker/bookTicker", symbol="ETHUSDT")
    assert book["askPrice"] == "4000.12000000"
    everything = await get(http, simulator, "ticker/price")
    assert len(everything) == len(simulator.market.instruments("binance"))


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("ticker/24hr", {"symbol": "NOPE"}, -1121),
        ("ticker/24hr", {"symbols": '["BTCUSDT","NOPE"]'}, -1121),
        ("ticker/24hr", {"symbols": "BTCUSDT"}, -1100),
        ("ticker/24hr", {"symbol": "BTCUSDT", "type": "BIG"}, -1139),
        ("ticker/price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ("klines", {"interval": "1m"}, -1102),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "x"}, -1100),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "0"}, -1130),
    ],
)
async def test_bad_requests_have_a_code(
    simulator: Simulator,
    http: aiohttp.ClientSession,
    path: str,
    query: dict[str, str],
    code: int,
) -> None:
    url = f"{simulator.base_url}/binance/api/v3/{path}"
    async with http.get(url, params=query) as response:
        assert response.status == 400
        assert (await response.json())["code"] == code


async def test_klines_end_with_the_open_candle(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    clock.ms += 30_000
    simulator.step()
    simulator.market.trade("binance", "BTCUSDT", "120000", "2")
    rows = await get(
        http, simulator, "klines", symbol="BTCUSDT", interval="1m", limit="3"
    )
    start = clock.ms - clock.ms % MINUTE_MS
    assert [row[0] for row in rows] == [start - 2 * MINUTE_MS, start - MINUTE_MS, start]
    assert [row[6] - row[0] for row in rows] == [MINUTE_MS - 1] * 3
    assert rows[-1][4] == "120000.00000000"
    assert rows[-1][5] == "2.00000000"
    assert rows[-1][7] == "240000.00000000"
    assert [type(cell) for cell in rows[-1]] == [
        *(int, str, str, str, str, str, int, str, int, str, str, str)
    ]


async def test_klines_between_two_instants_include_both(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    start, end = clock.ms - 5 * MINUTE_MS, clock.ms - 3 * MINUTE_MS
    query = {"symbol": "BTCUSDT", "interval": "1m"}
    rows = await get(
        http, simulator, "klines", **query, startTime=str(start), endTime=str(end)
    )
    assert [row[0] for row in rows] == [start, start + MINUTE_MS, end]
    shifted = await get(
        http,
        simulator,
        "klines",
        **query,
        startTime=str(start + 1),
        endTime=str(end - 1),
    )
    assert [row[0] for row in shifted] == [start + MINUTE_MS]
    before = await get(
        http, simulator, "klines", **query, endTime=str(end - 1), limit="1"
    )
    assert [row[0] for row in before] == [end - MINUTE_MS]


async def test_a_kline_page_has_500_rows_by_default_and_1000_at_most(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    query = {"symbol": "ETHUSDT", "interval": "1h"}
    assert len(await get(http, simulator, "klines", **query)) == 500
    assert len(await get(http, simulator, "klines", **query, limit="5000")) == 1_000
    days = await get(
        http, simulator, "uiKlines", symbol="ETHUSDT", interval="1d", limit="2"
    )
    assert days[1][0] == 1_795_132_800_000
    months = await get(
        http, simulator, "klines", symbol="ETHUSDT", interval="1M", limit="2"
    )
    assert [row[6] - row[0] + 1 for row in months] == [31 * 86_400_000, 30 * 86_400_000]


async def test_depth_has_both_sides_best_first(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    book = await get(http, simulator, "depth", symbol="BTCUSDT", limit="5")
    asks = [Decimal(price) for price, _ in book["asks"]]
    bids = [Decimal(price) for price, _ in book["bids"]]
    assert len(asks) == len(bids) == 5
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    assert bids[0] < asks[0]


async def test_weight_is_told_and_over_it_requests_are_refused(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    url = f"{simulator.base_url}/binance/api/v3/ticker/24hr"
    for n in range(75):
        async with http.get(url) as response:
            assert response.headers["X-MBX-USED-WEIGHT-1M"] == str(80 * (n + 1))
            assert response.status == 200
    async with http.get(url) as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "60"
        assert (await response.json())["code"] == -1003
    rules = [violation.rule for violation in simulator.violations.listed()]
    assert rules == ["weight per minute"]
    clock.ms += MINUTE_MS
    assert await get(http, simulator, "ping") == {}
