import json
from collections.abc import AsyncIterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator

Socket = aiohttp.ClientWebSocketResponse
LIMIT_S = 5
DAY_MS = 86_400_000


@pytest.fixture
async def socket(
    simulator: Simulator, http: aiohttp.ClientSession
) -> AsyncIterator[Socket]:
    url = f"{simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url, autoping=False) as opened:
        yield opened


async def receive(socket: Socket) -> Any:
    data = await socket.receive_bytes(timeout=LIMIT_S)
    return json.loads(data, parse_float=Decimal)


async def ask(socket: Socket, *parts: dict[str, object]) -> None:
    await socket.send_str(json.dumps([{"ticket": "test"}, *parts]))


async def get(http: aiohttp.ClientSession, simulator: Simulator, path: str) -> Any:
    async with http.get(f"{simulator.base_url}/upbit/v1/{path}") as response:
        assert response.status == 200, await response.text()
        return json.loads(await response.read(), parse_float=Decimal)


async def silent_until_asked(socket: Socket) -> bool:
    """Say whether nothing was sent before the answer to a question."""
    await ask(socket, {"method": "LIST_SUBSCRIPTIONS"})
    return "method" in await receive(socket)


async def test_the_snapshot_is_the_candle_before_while_this_has_no_trade(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    clock.ms += 5_000
    simulator.step()
    await ask(socket, {"type": "candle.1m", "codes": ["KRW-BTC"]})
    snapshot = await receive(socket)
    assert snapshot["type"] == "candle.1m"
    assert snapshot["stream_type"] == "SNAPSHOT"
    assert snapshot["candle_date_time_utc"] == "2026-11-20T05:59:00"
    assert snapshot["candle_date_time_kst"] == "2026-11-20T14:59:00"
    simulator.market.trade("upbit", "KRW-BTC", "170000000", "0.5")
    simulator.step()
    assert await silent_until_asked(socket)
    clock.ms += 1_000
    simulator.step()
    candle = await receive(socket)
    assert candle["candle_date_time_utc"] == "2026-11-20T06:00:00"
    assert candle["stream_type"] == "REALTIME"
    assert candle["candle_acc_trade_volume"] == Decimal("0.5")
    assert candle["candle_acc_trade_price"] == 85_000_000


async def test_a_candle_comes_again_with_every_second_that_has_a_trade(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await ask(
        socket,
        {"type": "candle.3m", "codes": ["KRW-BTC"], "is_only_realtime": True},
        {"format": "SIMPLE_LIST"},
    )
    await ask(socket, {"method": "LIST_SUBSCRIPTIONS"}, {"format": "SIMPLE_LIST"})
    assert "mthd" in await receive(socket)
    closes = []
    for price in ("170000000", "171000000", "", "169000000"):
        if price:
            simulator.market.trade("upbit", "KRW-BTC", price)
            simulator.market.trade("upbit", "KRW-BTC", price)
        clock.ms += 1_000
        simulator.step()
        if price:
            (row,) = await receive(socket)
            closes.append((row["ty"], row["cdttmu"], row["tp"], row["st"]))
    assert closes == [
        ("candle.3m", "2026-11-20T06:00:00", Decimal(price), "REALTIME")
        for price in (170_000_000, 171_000_000, 169_000_000)
    ]


async def test_a_trade_at_the_end_of_a_candle_is_told_after_it(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    clock.ms += 59_500
    simulator.step()
    await ask(
        socket, {"type": "candle.1m", "codes": ["KRW-ETH"], "is_only_realtime": True}
    )
    assert await silent_until_asked(socket)
    simulator.market.trade("upbit", "KRW-ETH", "5000000")
    clock.ms += 1_000
    simulator.step()
    simulator.market.trade("upbit", "KRW-ETH", "5001000")
    clock.ms += 1_000
    simulator.step()
    rows = [await receive(socket) for _ in range(2)]
    assert [(row["candle_date_time_utc"], row["trade_price"]) for row in rows] == [
        ("2026-11-20T06:00:00", 5_000_000),
        ("2026-11-20T06:01:00", 5_001_000),
    ]


async def test_every_length_of_candle_can_be_asked_for_once(
    simulator: Simulator, socket: Socket
) -> None:
    units = ("1s", "1m", "3m", "5m", "10m", "15m", "30m", "60m", "240m")
    await ask(
        socket,
        *(
            {
                "type": f"candle.{unit}",
                "codes": ["KRW-BTC"],
                "is_only_snapshot": True,
            }
            for unit in units
        ),
    )
    rows = [await receive(socket) for _ in units]
    assert [row["type"] for row in rows] == [f"candle.{unit}" for unit in units]
    assert len({row["trade_price"] for row in rows}) == 1
    simulator.market.trade("upbit", "KRW-BTC")
    simulator.step()
    assert await silent_until_asked(socket)


async def test_books_have_the_levels_asked_for_and_thirty_otherwise(
    simulator: Simulator, socket: Socket
) -> None:
    codes = ["KRW-BTC.1", "KRW-BTC.5", "KRW-BTC.15", "KRW-BTC", "KRW-BTC.7"]
    await ask(socket, {"type": "orderbook", "codes": codes})
    rows = [await receive(socket) for _ in codes]
    assert [len(row["orderbook_units"]) for row in rows] == [1, 5, 15, 30, 30]


async def test_a_grouped_book_is_listed_with_its_level(
    simulator: Simulator, socket: Socket
) -> None:
    await ask(
        socket,
        {"type": "orderbook", "codes": ["KRW-BTC.15"], "level": 100_000},
        {"type": "orderbook", "codes": ["KRW-BTC"], "level": 77},
        {"format": "SIMPLE"},
    )
    book = await receive(socket)
    assert book["lv"] == 100_000
    assert len(book["obu"]) == 15
    for unit in book["obu"]:
        assert unit["ap"] % 100_000 == unit["bp"] % 100_000 == 0
    assert book["tas"] == sum(unit["as"] for unit in book["obu"])
    # A level the market does not have says nothing at all.
    await ask(socket, {"method": "LIST_SUBSCRIPTIONS"}, {"format": "SIMPLE"})
    assert (await receive(socket))["rslt"] == [
        {"ty": "orderbook", "cds": ["KRW-BTC.15"], "lv": 100_000},
        {"ty": "orderbook", "cds": ["KRW-BTC"], "lv": 77},
    ]


async def test_private_channels_need_a_key(socket: Socket) -> None:
    await ask(socket, {"type": "myOrder"})
    assert (await receive(socket))["error"]["name"] == "INVALID_AUTH"


async def test_candles_of_seconds_skip_those_without_a_trade(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "candles/seconds?market=KRW-THETA&count=200"
    rows = await get(http, full_simulator, path)
    starts = [row["candle_date_time_utc"] for row in rows]
    assert len(starts) == 200
    assert starts == sorted(set(starts), reverse=True)
    assert set(rows[0]) == {
        "market",
        "candle_date_time_utc",
        "candle_date_time_kst",
        "opening_price",
        "high_price",
        "low_price",
        "trade_price",
        "timestamp",
        "candle_acc_trade_price",
        "candle_acc_trade_volume",
    }
    before = await get(http, full_simulator, f"{path}&to={starts[99]}")
    assert before[:100] == rows[100:]


async def test_seconds_of_last_spring_are_gone(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "candles/seconds?market=KRW-BTC&count=5&to="
    assert await get(http, simulator, path + "2026-08-01T00:00:00Z") == []
    assert len(await get(http, simulator, path + "2026-09-01T00:00:00Z")) == 5


async def test_seconds_add_up_to_their_minute(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    to = "2026-11-20T03:07:00"
    path = f"market=KRW-ETH&to={to}"
    seconds = await get(http, simulator, f"candles/seconds?{path}&count=60")
    inside = [s for s in seconds if s["candle_date_time_utc"] >= "2026-11-20T03:06:00"]
    (minute,) = await get(http, simulator, f"candles/minutes/1?{path}")
    assert minute["candle_date_time_utc"] == "2026-11-20T03:06:00"
    assert minute["opening_price"] == inside[-1]["opening_price"]
    assert minute["trade_price"] == inside[0]["trade_price"]
    assert minute["high_price"] == max(row["high_price"] for row in inside)
    assert minute["low_price"] == min(row["low_price"] for row in inside)
    volume = sum(row["candle_acc_trade_volume"] for row in inside)
    assert minute["candle_acc_trade_volume"] == volume
    assert minute["timestamp"] == inside[0]["timestamp"]


async def test_years_begin_in_january(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    rows = await get(http, simulator, "candles/years?market=KRW-BTC&count=200")
    assert [row["first_day_of_period"] for row in rows] == [
        f"{year}-01-01" for year in range(2026, 2020, -1)
    ]


async def test_trades_go_back_from_the_newest_by_cursor(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    made = simulator.market.trade("upbit", "KRW-BTC", "170000000", "0.25", "ASK")
    (newest,) = await get(http, simulator, "trades/ticks?market=KRW-BTC")
    assert newest["trade_price"] == 170_000_000
    assert newest["trade_volume"] == Decimal("0.25")
    assert newest["ask_bid"] == "ASK"
    assert newest["timestamp"] == made.time_ms
    assert newest["trade_date_utc"] == "2026-11-20"
    assert newest["change_price"] == 170_000_000 - newest["prev_closing_price"]
    path = "trades/ticks?market=KRW-BTC&count=900"
    page = await get(http, simulator, path)
    assert len(page) == 500
    assert page[0] == newest
    numbers = [row["sequential_id"] for row in page]
    assert len(set(numbers)) == 500
    cursor = numbers[249]
    rest = await get(http, simulator, f"{path}&cursor={cursor}")
    assert rest[:250] == page[250:]


async def test_trades_of_another_day_end_at_a_time(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    path = "trades/ticks?market=KRW-BTC&count=500"
    rows = await get(http, simulator, f"{path}&days_ago=2&to=00:03:00")
    assert {row["trade_date_utc"] for row in rows} == {"2026-11-18"}
    assert all(row["trade_time_utc"] < "00:03:00" for row in rows)
    assert await get(http, simulator, f"{path}&days_ago=2&to=000300") == rows
    whole = await get(http, simulator, f"{path}&daysAgo=7")
    assert whole[0]["trade_date_utc"] == "2026-11-13"
    assert whole[0]["trade_time_utc"] >= "23:59:00"
    today = await get(http, simulator, f"{path}&to=23:59:59")
    assert today == await get(http, simulator, path)
    assert await get(http, simulator, f"{path}&to=000000") == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("count=5", "Missing request parameter"),
        ("market=KRW-BTC&days_ago=8", "Invalid parameter"),
        ("market=KRW-BTC&days_ago=0", "Invalid parameter"),
        ("market=KRW-BTC&days_ago=x", "Type mismatch"),
        ("market=KRW-BTC&to=25:00:00", "Invalid parameter"),
        ("market=KRW-BTC&to=0500", "Invalid parameter"),
        ("market=KRW-BTC&cursor=last", "Type mismatch"),
        ("market=KRW-BTC&count=-1", "Invalid parameter"),
    ],
)
async def test_bad_questions_for_trades_are_refused(
    simulator: Simulator, http: aiohttp.ClientSession, query: str, words: str
) -> None:
    url = f"{simulator.base_url}/upbit/v1/trades/ticks?{query}"
    async with http.get(url) as response:
        assert response.status == 400
        assert words in (await response.json())["error"]["message"]


async def test_trades_have_a_group_of_their_own(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    url = f"{simulator.base_url}/upbit/v1/trades/ticks?market=KRW-BTC"
    async with http.get(url) as response:
        assert response.headers["Remaining-Req"].startswith("group=crix-trades;")


async def test_grouped_books_have_as_many_levels_as_plain_ones(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    (book,) = await get(http, simulator, "orderbook?markets=KRW-BTC&level=10000")
    assert len(book["orderbook_units"]) == 30
    size = sum(unit["ask_size"] for unit in book["orderbook_units"])
    assert book["total_ask_size"] == size
