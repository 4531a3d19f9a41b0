from decimal import Decimal
from functools import partial
from json import loads
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator

read = partial(loads, parse_float=Decimal)


async def get(http: aiohttp.ClientSession, simulator: Simulator, path: str) -> Any:
    async with http.get(f"{simulator.base_url}/upbit{path}") as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/json"
        return read(await response.text())


async def refusal(
    http: aiohttp.ClientSession, simulator: Simulator, path: str
) -> tuple[int, Any]:
    async with http.get(f"{simulator.base_url}/upbit{path}") as response:
        return response.status, read(await response.text())["error"]


async def test_markets_come_with_names_and_on_request_with_events(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    plain = await get(http, full_simulator, "/v1/market/all")
    assert plain[0] == {
        "market": "KRW-BTC",
        "korean_name": "비트코인",
        "english_name": "Bitcoin",
    }
    rows = await get(http, full_simulator, "/v1/market/all?is_details=true")
    events = {row["market"]: row["market_event"] for row in rows}
    assert {market.partition("-")[0] for market in events} == {"KRW", "BTC", "USDT"}
    assert sum(market.startswith("KRW-") for market in events) >= 160
    assert [m for m, event in events.items() if event["warning"]] == ["KRW-STMX"]
    assert events["KRW-ARK"]["caution"]["GLOBAL_PRICE_DIFFERENCES"]
    assert not any(events["KRW-BTC"]["caution"].values())
    assert len(events["KRW-BTC"]["caution"]) == 5
    older = await get(http, full_simulator, "/v1/market/all?isDetails=true")
    assert older == rows


async def test_a_ticker_is_the_markets_truth(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    simulator.market.set_price("upbit", "KRW-XRP", "4123")
    rows = await get(http, simulator, "/v1/ticker?markets=KRW-BTC,KRW-XRP")
    assert [row["market"] for row in rows] == ["KRW-BTC", "KRW-XRP"]
    ripple = rows[1]
    assert ripple["trade_price"] == 4123
    assert (ripple["trade_date"], ripple["trade_time"]) == ("20261120", "060000")
    assert (ripple["trade_date_kst"], ripple["trade_time_kst"]) == (
        "20261120",
        "150000",
    )
    moved = ripple["trade_price"] - ripple["prev_closing_price"]
    assert ripple["signed_change_price"] == moved
    assert ripple["change_price"] == abs(moved)
    assert ripple["low_price"] <= ripple["trade_price"] <= ripple["high_price"]
    assert set(ripple) == set(rows[0])
    assert ripple["highest_52_week_price"] >= ripple["lowest_52_week_price"]


async def test_all_tickers_of_a_quote_come_in_one_call(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    rows = await get(http, simulator, "/v1/ticker/all?quote_currencies=krw,USDT")
    quotes = {row["market"].partition("-")[0] for row in rows}
    assert quotes == {"KRW", "USDT"}
    assert sum(row["market"].startswith("KRW") for row in rows) == 12


async def test_one_unknown_code_fails_the_whole_list(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    status, error = await refusal(http, simulator, "/v1/ticker?markets=KRW-BTC,KRW-NO")
    assert (status, error) == (404, {"name": 404, "message": "Code not found"})


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v1/ticker", 400, "Missing request parameter"),
        ("/v1/ticker/all", 400, "Missing request parameter"),
        ("/v1/candles/minutes/2?market=KRW-BTC", 400, "Invalid parameter"),
        ("/v1/candles/minutes/x?market=KRW-BTC", 400, "Invalid parameter"),
        ("/v1/candles/minutes/1?market=KRW-BTC&count=x", 400, "Type mismatch"),
        ("/v1/candles/minutes/1?market=KRW-BTC&count=0", 400, "Invalid parameter"),
        ("/v1/candles/minutes/1?market=KRW-BTC&to=today", 400, "Invalid parameter"),
        ("/v1/orderbook?markets=KRW-BTC&level=x", 400, "Type mismatch"),
        ("/v1/nowhere", 404, "no Route"),
    ],
)
async def test_bad_requests_are_refused_in_upbits_words(
    simulator: Simulator,
    http: aiohttp.ClientSession,
    path: str,
    status: int,
    words: str,
) -> None:
    answered, error = await refusal(http, simulator, path)
    assert (answered, error["name"]) == (status, status)
    assert words in error["message"]


async def test_order_books_have_levels_and_counts(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    whole, _ = await get(http, simulator, "/v1/orderbook?markets=KRW-BTC,KRW-ETH")
    assert len(whole["orderbook_units"]) == 30
    best = whole["orderbook_units"][0]
    assert best["bid_price"] < best["ask_price"]
    one = await get(http, simulator, "/v1/orderbook?markets=KRW-BTC&count=1")
    assert one[0]["orderbook_units"] == [best]
    path = "/v1/orderbook?markets=KRW-BTC&level=10000&count=5"
    grouped = await get(http, simulator, path)
    assert grouped[0]["level"] == 10_000
    assert grouped[0]["orderbook_units"][1]["ask_price"] % 10_000 == 0
    assert await get(http, simulator, "/v1/orderbook?markets=KRW-BTC&level=7") == []


async def test_instruments_name_their_steps(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "/v1/orderbook/instruments?markets=KRW-BTC,BTC-ETH"
    bitcoin, ether = await get(http, simulator, path)
    assert bitcoin["tick_size"] == "1000"
    assert bitcoin["supported_levels"] == ["0", "10000", "100000"]
    assert (ether["quote_currency"], ether["tick_size"]) == ("BTC", "0.00000001")
    assert ether["supported_levels"] == ["0"]


async def test_minute_candles_end_before_to_and_come_newest_first(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "/v1/candles/minutes/1?market=KRW-BTC&count=2&to="
    rows = await get(http, simulator, path + "2026-11-19T15:00:00Z")
    assert [row["candle_date_time_utc"] for row in rows] == [
        "2026-11-19T14:59:00",
        "2026-11-19T14:58:00",
    ]
    assert rows[0]["candle_date_time_kst"] == "2026-11-19T23:59:00"
    assert rows[0]["unit"] == 1
    assert rows[0]["low_price"] <= rows[0]["trade_price"] <= rows[0]["high_price"]
    for same in (
        "2026-11-19T15:00:00",
        "2026-11-19%2015:00:00",
        "2026-11-20T00:00:00%2B09:00",
    ):
        assert await get(http, simulator, path + same) == rows


async def test_a_candle_page_has_one_row_by_default_and_200_at_most(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    one = await get(http, simulator, "/v1/candles/minutes/60?market=KRW-BTC")
    assert len(one) == 1
    many = await get(http, simulator, "/v1/candles/minutes/1?market=KRW-BTC&count=999")
    assert len(many) == 200


async def test_the_open_candle_holds_the_last_trade(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    clock.ms += 61_000
    simulator.step()
    simulator.market.trade("upbit", "KRW-BTC", "170000000", "0.5")
    rows = await get(http, simulator, "/v1/candles/minutes/1?market=KRW-BTC")
    assert rows[0]["candle_date_time_utc"] == "2026-11-20T06:01:00"
    assert rows[0]["opening_price"] == rows[0]["trade_price"] == 170_000_000
    assert rows[0]["candle_acc_trade_volume"] == Decimal("0.5")
    assert rows[0]["timestamp"] == clock.ms


async def test_day_candles_have_signed_changes(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "/v1/candles/days?market=KRW-BTC&count=3&converting_price_unit=KRW"
    rows = await get(http, simulator, path)
    assert rows[0]["candle_date_time_utc"] == "2026-11-20T00:00:00"
    for row in rows:
        moved = row["trade_price"] - row["prev_closing_price"]
        assert row["change_price"] == moved
        assert (row["change_rate"] < 0) == (moved < 0)
        assert row["converted_trade_price"] == row["trade_price"]
    ether = await get(http, simulator, path.replace("KRW-BTC", "BTC-ETH"))
    won = ether[0]["trade_price"] * rows[0]["trade_price"]
    assert abs(ether[0]["converted_trade_price"] / won - 1) < Decimal("0.001")
    plain = await get(http, simulator, "/v1/candles/days?market=KRW-BTC")
    assert "converted_trade_price" not in plain[0]


async def test_weeks_begin_on_monday_and_months_on_the_first(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    weeks = await get(http, simulator, "/v1/candles/weeks?market=KRW-BTC")
    assert weeks[0]["first_day_of_period"] == "2026-11-16"
    months = await get(http, simulator, "/v1/candles/months?market=KRW-BTC&count=2")
    assert [row["first_day_of_period"] for row in months] == [
        "2026-11-01",
        "2026-10-01",
    ]


async def test_the_eleventh_request_of_a_second_is_refused(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    url = f"{simulator.base_url}/upbit/v1/ticker?markets=KRW-BTC"
    answers = []
    for _ in range(11):
        async with http.get(url) as response:
            answers.append((response.status, response.headers["Remaining-Req"]))
    assert answers[0] == (200, "group=ticker; min=600; sec=9")
    assert answers[9] == (200, "group=ticker; min=600; sec=0")
    assert answers[10] == (429, "group=ticker; min=600; sec=0")
    assert simulator.violations.count == 1
    clock.ms += 1_000
    async with http.get(url) as response:
        assert response.status == 200


async def test_who_goes_on_is_banned_and_told_for_how_long(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.base_url}/upbit/v1/ticker?markets=KRW-BTC"
    for _ in range(20):
        async with http.get(url) as response:
            assert response.status in (200, 429)
    async with http.get(url) as response:
        assert response.status == 418
        assert "60 seconds" in await response.text()


async def test_an_origin_header_is_a_violation_and_soon_refused(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.base_url}/upbit/v1/ticker?markets=KRW-BTC"
    headers = {"Origin": "https://example.org"}
    statuses = []
    for _ in range(2):
        async with http.get(url, headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [200, 429]
    rules = [violation.rule for violation in simulator.violations.listed()]
    assert rules == ["Origin header", "Origin header"]
