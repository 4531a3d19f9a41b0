"""Candle, trade and ticker, over stream and REST, tell the same prices."""

import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from itertools import groupby
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from adapters.simulator.server import Simulator, SimulatorOptions

LIMIT_S = 5
SECONDS = 130
STEP_MS = 100
Row = dict[str, Any]


@pytest.fixture
async def busy_simulator(clock: SimpleNamespace) -> AsyncIterator[Simulator]:
    """Trades as usual, begun in the middle of a minute."""
    clock.ms += 17_250
    options = SimulatorOptions(coins=5)
    async with Simulator(options, now_ms=lambda: clock.ms) as running:
        yield running


def loads(data: str | bytes) -> Any:
    return json.loads(data, parse_float=Decimal)


async def get(http: aiohttp.ClientSession, url: str) -> Any:
    async with http.get(url) as response:
        assert response.status == 200, await response.text()
        return loads(await response.read())


async def listen(
    socket: aiohttp.ClientWebSocketResponse,
    simulator: Simulator,
    clock: SimpleNamespace,
    question: str,
    is_answer: Callable[[Row], bool],
) -> list[Row]:
    """Let time pass and return all frames, with a question a second as a mark."""
    frames: list[Row] = []
    for _ in range(SECONDS):
        for _ in range(1_000 // STEP_MS):
            clock.ms += STEP_MS
            simulator.step()
        await socket.send_str(question)
        while True:
            message = await socket.receive(timeout=LIMIT_S)
            row = loads(message.data)
            if is_answer(row):
                break
            frames.append(row)
    return frames


def ohlc(prices: list[Decimal]) -> list[Decimal]:
    return [prices[0], max(prices), min(prices), prices[-1]]


def last_by(rows: list[Row], key: str) -> dict[Any, Row]:
    return {row[key]: row for row in rows}


UPBIT_PRICES = ("opening_price", "high_price", "low_price", "trade_price")
UPBIT_CANDLE = (
    "candle_date_time_utc",
    "candle_date_time_kst",
    *UPBIT_PRICES,
    "candle_acc_trade_volume",
    "candle_acc_trade_price",
    "timestamp",
)


async def test_upbits_channels_agree(
    busy_simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    simulator, base = busy_simulator, f"{busy_simulator.base_url}/upbit/v1"
    types = ("trade", "ticker", "candle.1s", "candle.1m")
    request = [
        {"ticket": "t"},
        *({"type": kind, "codes": ["KRW-BTC"]} for kind in types),
    ]
    url = f"{simulator.socket_url}/upbit/websocket/v1"
    async with http.ws_connect(url) as socket:
        await socket.send_str(json.dumps(request))
        frames = await listen(
            socket,
            simulator,
            clock,
            '[{"ticket":"t"},{"method":"LIST_SUBSCRIPTIONS"}]',
            lambda row: "method" in row,
        )
    live = [row for row in frames if row["stream_type"] == "REALTIME"]
    by_type = {kind: [r for r in live if r["type"] == kind] for kind in types}
    trades = by_type["trade"]
    assert len(trades) > SECONDS

    await _upbits_rest_agrees(http, base, by_type)
    await _upbits_ticker_agrees(http, base, trades[-1])
    seconds = last_by(by_type["candle.1s"], "candle_date_time_utc")
    _seconds_are_of_trades(seconds, trades)
    assert simulator.violations.count == 0


def _seconds_are_of_trades(seconds: dict[Any, Row], trades: list[Row]) -> None:
    """Check that what was streamed last of each second is what its trades make."""
    traded = [
        (second, list(rows))
        for second, rows in groupby(
            trades, key=lambda row: f"{row['trade_date']}T{row['trade_time']}"
        )
    ]
    for second, rows in traded[1:-2]:
        candle = seconds[second]
        made = [candle[name] for name in UPBIT_PRICES]
        assert made == ohlc([row["trade_price"] for row in rows])
        volume = sum(row["trade_volume"] for row in rows)
        assert candle["candle_acc_trade_volume"] == volume
        assert candle["timestamp"] == rows[-1]["trade_timestamp"]


async def _upbits_rest_agrees(
    http: aiohttp.ClientSession, base: str, by_type: dict[str, list[Row]]
) -> None:
    """Check that REST has the same seconds, minutes and trades."""
    told = list(last_by(by_type["candle.1s"], "candle_date_time_utc").values())
    path = f"{base}/candles/seconds?market=KRW-BTC&count=60"
    rest = last_by(await get(http, path), "candle_date_time_utc")
    assert len(rest) == 60
    for candle in told[-40:-1]:
        row = rest[candle["candle_date_time_utc"]]
        assert [row[name] for name in UPBIT_CANDLE] == [
            candle[name] for name in UPBIT_CANDLE
        ]
    minutes = last_by(by_type["candle.1m"], "candle_date_time_utc")
    assert len(minutes) == 3
    rest = await get(http, f"{base}/candles/minutes/1?market=KRW-BTC&count=3")
    for row in rest[1:]:
        candle = minutes[row["candle_date_time_utc"]]
        assert [row[name] for name in UPBIT_CANDLE] == [
            candle[name] for name in UPBIT_CANDLE
        ]
    ticks = await get(http, f"{base}/trades/ticks?market=KRW-BTC&count=300")
    names = ("sequential_id", "trade_price", "trade_volume", "ask_bid")
    assert [[row[n] for n in names] for row in reversed(ticks)] == [
        [row[n] for n in names] for row in by_type["trade"][-300:]
    ]


async def _upbits_ticker_agrees(
    http: aiohttp.ClientSession, base: str, last: Row
) -> None:
    """Check that the ticker is the last trade, and the day candle is the ticker."""
    (ticker,) = await get(http, f"{base}/ticker?markets=KRW-BTC")
    assert ticker["trade_price"] == last["trade_price"]
    assert ticker["trade_timestamp"] == last["trade_timestamp"]
    (day,) = await get(http, f"{base}/candles/days?market=KRW-BTC")
    shared = (*UPBIT_PRICES, "prev_closing_price")
    assert [ticker[name] for name in shared] == [day[name] for name in shared]
    assert ticker["acc_trade_volume"] == day["candle_acc_trade_volume"]
    days = await get(http, f"{base}/candles/days?market=KRW-BTC&count=2")
    assert ticker["prev_closing_price"] == days[1]["trade_price"]


async def test_binances_channels_agree(
    busy_simulator: Simulator, http: aiohttp.ClientSession, clock: SimpleNamespace
) -> None:
    simulator = busy_simulator
    base = f"{simulator.base_url}/binance/api/v3"
    streams = "btcusdt@trade/btcusdt@aggTrade/btcusdt@kline_1s/btcusdt@kline_1m"
    url = f"{simulator.socket_url}/binance/stream?streams={streams}/btcusdt@depth5"
    async with http.ws_connect(url) as socket:
        frames = await listen(
            socket,
            simulator,
            clock,
            '{"method":"LIST_SUBSCRIPTIONS","id":1}',
            lambda row: "result" in row,
        )
    data = [(row["stream"].partition("@")[2], row["data"]) for row in frames]
    trades = [row for kind, row in data if kind == "trade"]
    assert len(trades) > SECONDS

    for name in ("1s", "1m"):
        klines = [row["k"] for kind, row in data if kind == f"kline_{name}"]
        await _klines_agree(http, base, name, klines, trades)
    told = [row for kind, row in data if kind == "aggTrade"][-300:]
    await _binances_trades_agree(http, base, trades, told)
    books = [row for kind, row in data if kind == "depth5"]
    await _binances_prices_agree(http, base, trades[-1], books[-1])
    assert simulator.violations.count == 0


async def _klines_agree(
    http: aiohttp.ClientSession,
    base: str,
    name: str,
    klines: list[Row],
    trades: list[Row],
) -> None:
    """Check that closed klines are what their trades make, and are what REST has."""
    closed = [kline for kline in klines if kline["x"]]
    starts = [kline["t"] for kline in closed]
    assert starts == sorted(set(starts))
    assert len(closed) >= (2 if name == "1m" else SECONDS - 1)
    path = f"{base}/klines?symbol=BTCUSDT&interval={name}"
    query = f"&startTime={starts[0]}&endTime={starts[-1]}"
    rows = await get(http, path + query)
    keys = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q", "B")
    assert [kline["B"] for kline in closed] == ["0"] * len(closed)
    assert rows == [[kline[key] for key in keys] for kline in closed]
    for kline in closed[1:]:
        inside = [row for row in trades if kline["t"] <= row["T"] <= kline["T"]]
        assert kline["n"] == len(inside)
        if inside:
            made = [Decimal(kline[key]) for key in "ohlc"]
            assert made == ohlc([Decimal(row["p"]) for row in inside])
            assert (kline["f"], kline["L"]) == (inside[0]["t"], inside[-1]["t"])
            bought = [Decimal(row["q"]) for row in inside if not row["m"]]
            assert Decimal(kline["V"]) == sum(bought)
        else:
            assert kline["f"] == kline["L"] == -1


async def _binances_trades_agree(
    http: aiohttp.ClientSession, base: str, trades: list[Row], told: list[Row]
) -> None:
    """Check that trades and aggregates are the same over both."""
    rest = await get(http, f"{base}/trades?symbol=BTCUSDT&limit=300")
    assert [(r["id"], r["price"], r["qty"], r["time"]) for r in rest] == [
        (row["t"], row["p"], row["q"], row["T"]) for row in trades[-300:]
    ]
    path = f"{base}/aggTrades?symbol=BTCUSDT&fromId={told[0]['a']}"
    rest = await get(http, path)
    fields = ("a", "p", "q", "f", "l", "T", "m", "M")
    assert [[row[name] for name in fields] for row in rest] == [
        [row[name] for name in fields] for row in told
    ]


async def _binances_prices_agree(
    http: aiohttp.ClientSession, base: str, last: Row, book: Row
) -> None:
    """Check that prices and books are the same over both."""
    price = await get(http, f"{base}/ticker/price?symbol=BTCUSDT")
    assert price["price"] == last["p"]
    day = await get(http, f"{base}/ticker/24hr?symbol=BTCUSDT")
    assert (day["lastPrice"], day["lastId"]) == (last["p"], last["t"])
    assert len(book["bids"]) == len(book["asks"]) == 5
    top = await get(http, f"{base}/ticker/bookTicker?symbol=BTCUSDT")
    depth = await get(http, f"{base}/depth?symbol=BTCUSDT&limit=5")
    assert depth["bids"][0] == [top["bidPrice"], top["bidQty"]]
    assert depth["asks"][0] == [top["askPrice"], top["askQty"]]
    if depth["lastUpdateId"] == book["lastUpdateId"]:
        assert depth == book
