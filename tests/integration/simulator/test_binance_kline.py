import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator

Socket = aiohttp.ClientWebSocketResponse
LIMIT_S = 5
MICRO = "MICROSECOND"
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@pytest.fixture
async def socket(
    simulator: Simulator, http: aiohttp.ClientSession
) -> AsyncIterator[Socket]:
    url = f"{simulator.socket_url}/binance/stream"
    async with http.ws_connect(url, autoping=False) as opened:
        yield opened


async def receive(socket: Socket) -> Any:
    return json.loads(await socket.receive_str(timeout=LIMIT_S))


async def call(socket: Socket, method: str, *params: object) -> Any:
    message = {"method": method, "params": list(params), "id": 1}
    await socket.send_str(json.dumps(message))
    return await receive(socket)


async def silent_until_asked(socket: Socket) -> bool:
    """Say whether nothing was sent before the answer to a question."""
    return "result" in await call(socket, "LIST_SUBSCRIPTIONS")


async def get(
    http: aiohttp.ClientSession,
    simulator: Simulator,
    path: str,
    *,
    unit: str = "MILLISECOND",
    **query: str,
) -> Any:
    url = f"{simulator.base_url}/binance/api/v3/{path}"
    headers = {"X-MBX-TIME-UNIT": unit}
    async with http.get(url, params=query, headers=headers) as response:
        return await response.json()


def step(simulator: Simulator, clock: SimpleNamespace, ms: int) -> None:
    clock.ms += ms
    simulator.step()


async def test_a_kline_that_runs_comes_every_two_seconds_if_it_changed(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await call(socket, "SUBSCRIBE", "btcusdt@kline_1m")
    simulator.market.trade("binance", "BTCUSDT", "120000", "2")
    step(simulator, clock, 1_000)
    assert await silent_until_asked(socket)
    step(simulator, clock, 1_000)
    message = await receive(socket)
    assert message["stream"] == "btcusdt@kline_1m"
    kline = message["data"]["k"]
    assert kline["t"] == clock.ms - 2_000
    assert kline["T"] == kline["t"] + MINUTE_MS - 1
    assert (kline["c"], kline["v"], kline["n"]) == (
        "120000.00000000",
        "2.00000000",
        1,
    )
    assert kline["x"] is False
    assert kline["f"] == kline["L"]
    step(simulator, clock, 4_000)
    assert await silent_until_asked(socket)


async def test_a_kline_is_closed_at_its_end_also_without_a_trade(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    simulator.market.trade("binance", "BTCUSDT", "120000")
    await call(socket, "SUBSCRIBE", "btcusdt@kline_1m", "btcusdt@kline_1s")
    step(simulator, clock, 1_000)
    second = (await receive(socket))["data"]["k"]
    assert (second["i"], second["x"], second["n"]) == ("1s", True, 1)
    step(simulator, clock, 59_000)
    rows = [(await receive(socket))["data"]["k"] for _ in range(60)]
    minute = next(row for row in rows if row["i"] == "1m")
    assert (minute["x"], minute["n"], minute["c"]) == (True, 1, "120000.00000000")
    flat = [row for row in rows if row["i"] == "1s"]
    assert {(row["x"], row["n"], row["f"], row["L"], row["c"]) for row in flat} == {
        (True, 0, -1, -1, "120000.00000000")
    }
    assert [row["t"] - second["t"] for row in flat] == [n * 1_000 for n in range(1, 60)]


async def test_after_a_long_sleep_klines_go_on_with_the_one_that_runs(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    await call(socket, "SUBSCRIBE", "btcusdt@kline_1s")
    step(simulator, clock, HOUR_MS)
    rows = [(await receive(socket))["data"]["k"] for _ in range(60)]
    assert all(row["x"] for row in rows)
    ping = await socket.receive(timeout=LIMIT_S)
    assert ping.type is aiohttp.WSMsgType.PING
    simulator.market.trade("binance", "BTCUSDT")
    step(simulator, clock, 1_000)
    assert (await receive(socket))["data"]["k"]["t"] == clock.ms - 1_000


async def test_days_of_another_zone_begin_at_its_midnight(
    simulator: Simulator,
    socket: Socket,
    http: aiohttp.ClientSession,
    clock: SimpleNamespace,
) -> None:
    query = {"symbol": "BTCUSDT", "interval": "1d", "limit": "2"}
    for zone, ahead_ms in (("8", 8), ("05:45", 5.75), ("-1:00", -1)):
        rows = await get(http, simulator, "klines", **query, timeZone=zone)
        starts = [(row[0] + int(ahead_ms * HOUR_MS)) % DAY_MS for row in rows]
        assert starts == [0, 0]
    await call(socket, "SUBSCRIBE", "btcusdt@kline_1d@+08:00")
    simulator.market.trade("binance", "BTCUSDT")
    step(simulator, clock, 2_000)
    message = await receive(socket)
    assert message["stream"] == "btcusdt@kline_1d@+08:00"
    assert (message["data"]["k"]["t"] + 8 * HOUR_MS) % DAY_MS == 0
    month = await get(
        http, simulator, "klines", symbol="BTCUSDT", interval="1M", timeZone="8"
    )
    assert (month[-1][0] + 8 * HOUR_MS) % DAY_MS == 0


async def test_partial_books_come_by_the_second_or_tenth(
    simulator: Simulator, socket: Socket, clock: SimpleNamespace
) -> None:
    streams = ("btcusdt@depth5", "btcusdt@depth10@100ms", "btcusdt@depth20@1000ms")
    await call(socket, "SUBSCRIBE", *streams, "btcusdt@depth7", "nousdt@depth5")
    step(simulator, clock, 100)
    first = await receive(socket)
    assert first["stream"] == "btcusdt@depth10@100ms"
    assert len(first["data"]["bids"]) == len(first["data"]["asks"]) == 10
    step(simulator, clock, 900)
    rows = [await receive(socket) for _ in range(2)]
    assert [len(row["data"]["bids"]) for row in rows] == [5, 20]
    step(simulator, clock, 100)
    assert await silent_until_asked(socket)
    simulator.market.trade("binance", "BTCUSDT", "120000")
    step(simulator, clock, 100)
    book = (await receive(socket))["data"]
    assert book["asks"][0][0] == "120000.00000000"
    assert set(book) == {"lastUpdateId", "bids", "asks"}
    await call(socket, "UNSUBSCRIBE", *streams)
    simulator.market.trade("binance", "BTCUSDT")
    step(simulator, clock, 1_000)
    assert await silent_until_asked(socket)


async def test_times_come_in_microseconds_where_asked_for(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    query = "streams=btcusdt@trade/btcusdt@kline_1m/!miniTicker@arr"
    base = f"{simulator.socket_url}/binance/stream?{query}"
    async with (
        http.ws_connect(f"{base}&timeUnit=microsecond") as micro,
        http.ws_connect(base) as milli,
    ):
        assert await silent_until_asked(micro)
        assert await silent_until_asked(milli)
        simulator.market.trade("binance", "BTCUSDT")
        step(simulator, clock, 2_000)
        fine = [(await receive(micro))["data"] for _ in range(3)]
        plain = [(await receive(milli))["data"] for _ in range(3)]
    by_kind = dict(zip(("trade", "kline", "array"), fine, strict=True))
    assert by_kind["trade"]["T"] == plain[0]["T"] * 1_000
    assert by_kind["trade"]["E"] == clock.ms * 1_000
    kline = by_kind["kline"]["k"]
    assert kline["t"] == plain[1]["k"]["t"] * 1_000
    assert kline["T"] == kline["t"] + MINUTE_MS * 1_000 - 1
    assert by_kind["array"][0]["E"] == clock.ms * 1_000


async def test_answers_have_microseconds_by_a_header(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    assert await get(http, simulator, "time", unit=MICRO) == {
        "serverTime": clock.ms * 1_000
    }
    stamp = str(clock.ms - MINUTE_MS)
    query = {"symbol": "BTCUSDT", "interval": "1m", "limit": "1"}
    (row,) = await get(http, simulator, "klines", **query, startTime=stamp)
    (fine,) = await get(
        http, simulator, "klines", unit=MICRO, **query, startTime=stamp + "000"
    )
    assert fine[0] == row[0] * 1_000
    assert fine[6] == (row[6] + 1) * 1_000 - 1
    assert fine[1:6] == row[1:6]
    day = await get(http, simulator, "ticker/24hr", unit=MICRO, symbol="BTCUSDT")
    assert day["closeTime"] == clock.ms * 1_000
    (trade,) = await get(
        http, simulator, "trades", unit=MICRO, symbol="BTCUSDT", limit="1"
    )
    assert trade["time"] % 1_000 == 0
    info = await get(http, simulator, "exchangeInfo", unit=MICRO, symbol="BTCUSDT")
    assert info["serverTime"] == clock.ms * 1_000


async def test_the_wrapping_is_a_property(simulator: Simulator, socket: Socket) -> None:
    await call(socket, "SUBSCRIBE", "btcusdt@trade")
    assert await call(socket, "GET_PROPERTY", "combined") == {"result": True, "id": 1}
    assert await call(socket, "SET_PROPERTY", "combined", False) == {
        "result": None,
        "id": 1,
    }
    simulator.market.trade("binance", "BTCUSDT")
    simulator.step()
    assert (await receive(socket))["s"] == "BTCUSDT"
    assert (await call(socket, "GET_PROPERTY", "combined"))["result"] is False


async def test_an_unknown_property_is_refused_with_its_id(socket: Socket) -> None:
    answer = await call(socket, "GET_PROPERTY", "colour")
    assert answer == {"code": 0, "msg": "Unknown property", "id": 1}
    answer = await call(socket, "SET_PROPERTY", "combined", "yes")
    assert answer["code"] == 1


async def test_aggregates_are_found_by_number_and_by_time(
    simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    ask = {"symbol": "BTCUSDT"}
    newest = await get(http, simulator, "aggTrades", **ask, limit="20")
    assert len(newest) == 20
    assert [row["T"] for row in newest] == sorted(row["T"] for row in newest)
    one = newest[5]
    by_number = await get(
        http, simulator, "aggTrades", **ask, fromId=str(one["a"]), limit="3"
    )
    assert by_number == newest[5:8]
    start, end = str(newest[3]["T"]), str(newest[9]["T"])
    by_time = await get(http, simulator, "aggTrades", **ask, startTime=start)
    assert by_time[-1] == newest[-1]
    between = await get(
        http, simulator, "aggTrades", **ask, startTime=start, endTime=end
    )
    assert {newest[3]["a"], newest[9]["a"]} <= {row["a"] for row in between}
    before = await get(http, simulator, "aggTrades", **ask, endTime=end, limit="2")
    assert before[-1]["T"] == newest[9]["T"]
    both = await get(http, simulator, "aggTrades", **ask, fromId="1", startTime=start)
    assert both["code"] == -1128
    assert len(await get(http, simulator, "aggTrades", **ask)) == 500
    assert len(await get(http, simulator, "trades", **ask, limit="9999")) == 1_000


async def test_a_market_that_never_trades_has_no_trades(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    ask = {"symbol": "WAVESUSDT"}
    assert await get(http, full_simulator, "trades", **ask) == []
    assert await get(http, full_simulator, "aggTrades", **ask, startTime="0") == []
    assert await get(http, full_simulator, "aggTrades", **ask, fromId="5") == []


async def test_the_average_is_of_five_minutes(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    average = await get(http, simulator, "avgPrice", symbol="BTCUSDT")
    last = await get(http, simulator, "ticker/price", symbol="BTCUSDT")
    assert average["mins"] == 5
    assert abs(float(average["price"]) / float(last["price"]) - 1) < 0.01


async def test_deep_books_go_on_below_the_first_levels(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    deep = await get(http, simulator, "depth", symbol="BTCUSDT", limit="5000")
    assert len(deep["bids"]) == len(deep["asks"]) == 1_000
    usual = await get(http, simulator, "depth", symbol="BTCUSDT")
    assert len(usual["bids"]) == 100
    assert usual["bids"] == deep["bids"][:100]
    assert all(float(size) > 0 for _, size in deep["asks"])


async def test_rules_can_be_filtered(
    full_simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    whole = await get(http, full_simulator, "exchangeInfo", permissions="SPOT")
    assert whole["symbols"][0]["permissionSets"] == [["SPOT"]]
    plain = await get(http, full_simulator, "exchangeInfo", showPermissionSets="false")
    assert plain["symbols"][0]["permissionSets"] == []
    none = await get(http, full_simulator, "exchangeInfo", permissions="LEVERAGED")
    assert none["symbols"] == []


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("ping", {"symbol": "BTCUSDT"}, -1101),
        ("trades", {"symbol": "BTCUSDT", "fromId": "5"}, -1104),
        ("trades", {"symbol": "btcusdt"}, -1100),
        ("trades", {"symbol": "NOUSDT"}, -1121),
        ("trades", {}, -1102),
        ("depth", {"symbol": "BTCUSDT", "limit": "-5"}, -1100),
        ("depth", {"symbol": "BTCUSDT", "limit": ""}, -1105),
        ("ticker/price", {"symbols": '["BTCUSDT","BTCUSDT"]'}, -1151),
        ("ticker/price", {"symbol": "BTCUSDT", "symbolStatus": "OPEN"}, -1122),
        ("ticker/price", {"symbol": "BTCUSDT", "symbolStatus": "BREAK"}, -1220),
        ("exchangeInfo", {"symbol": "BTCUSDT", "permissions": "SPOT"}, -1128),
        (
            "klines",
            {"symbol": "BTCUSDT", "interval": "1d", "timeZone": "15"},
            -1130,
        ),
        (
            "klines",
            {"symbol": "BTCUSDT", "interval": "1d", "timeZone": "Seoul"},
            -1130,
        ),
        (
            "klines",
            {"symbol": "BTCUSDT", "interval": "1d", "startTime": "now"},
            -1100,
        ),
    ],
)
async def test_strange_requests_have_a_code(
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


async def test_a_repeated_parameter_and_a_strange_unit_are_refused(
    simulator: Simulator, http: aiohttp.ClientSession
) -> None:
    base = f"{simulator.base_url}/binance/api/v3"
    async with http.get(f"{base}/trades?symbol=BTCUSDT&symbol=ETHUSDT") as response:
        assert (await response.json())["code"] == -1101
    headers = {"X-MBX-TIME-UNIT": "FORTNIGHT"}
    async with http.get(f"{base}/time", headers=headers) as response:
        assert (await response.json())["code"] == -1194
