"""Tickers by Binance's REST side, and how it refuses."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest

from adapters.binance.reader import (
    BinanceReader,
)
from adapters.resilience.error import (
    RequestRejected,
    ServerFailed,
    UndecodableAnswer,
)
from adapters.resilience.monitor import UpstreamMonitor
from domain.model.error import UnknownMarket
from domain.model.event import QuoteUpdate
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.ports.market_reader import MarketReader
from tests.integration.venue.binance_reader.conftest import (
    ILLEGAL,
    INVALID,
    day,
    refuses,
    status,
)


async def test_it_is_the_market_reader_of_its_channel(reader: BinanceReader) -> None:
    port: MarketReader = reader
    assert (port.exchange, port.channel) == (Exchange.BINANCE, Channel.REST)


async def test_tickers_are_asked_by_name(reader: BinanceReader, venue: Any) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps([day("BTCUSDT"), day("XUSDT")])
    assert await reader.tickers(["BTCUSDT", "ETHUSDT"]) == [
        QuoteUpdate(
            market="BTCUSDT",
            price=Decimal("1.50"),
            exchange_ms=17,
            bid=Decimal("1.4"),
            ask=Decimal("1.6"),
            base_volume_24h=Decimal(3),
            quote_volume_24h=Decimal("4.5"),
            open_24h=Decimal("1.2"),
        )
    ]
    assert venue.asked == [
        ("/api/v3/ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'})
    ]


async def test_symbols_of_other_scripts_are_asked_as_they_are(
    reader: BinanceReader, venue: Any
) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = refuses(["币安人生USDT"])
    (found,) = await reader.tickers(["币安人生USDT"])
    assert found.market == "币安人生USDT"


async def test_more_than_a_hundred_tickers_are_taken_from_the_whole_list(
    reader: BinanceReader, venue: Any
) -> None:
    symbols = [f"C{n}USDT" for n in range(150)]
    venue.bodies["/api/v3/ticker/24hr"] = refuses([*symbols, "OTHERUSDT"])
    found = await reader.tickers(symbols)
    assert {update.market for update in found} == set(symbols)
    assert venue.asked == [("/api/v3/ticker/24hr", {})]
    with pytest.raises(UnknownMarket, match="NOUSDT"):
        await reader.tickers([*symbols, "NOUSDT"])


async def test_a_bad_row_of_the_whole_list_makes_no_market_unknown(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    symbols = [f"C{n}USDT" for n in range(101)]
    rows = [day(symbol) for symbol in symbols[:-1]] + [{"symbol": 7}]
    rows.append(day("OTHERUSDT", lastPrice="NaN"))
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps(rows)
    assert len(await reader.tickers(symbols)) == 100
    assert monitor.rejects == {"row": 1}


async def test_a_bad_row_costs_itself_only_and_is_counted(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    hours_ahead = round(time.time() * 1000) + 2 * 3_600_000
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps(
        [
            day("A", lastPrice="-1"),
            day("B", lastPrice="1e999999999"),
            day("C", closeTime=hours_ahead),
            day("D"),
        ]
    )
    found = await reader.tickers(["A", "B", "C", "D"])
    assert [update.market for update in found] == ["D"]
    assert monitor.rejects == {"row": 3}


async def test_a_market_without_a_trade_has_no_ticker(
    reader: BinanceReader, venue: Any
) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = json.dumps([day("A", lastPrice="0.00")])
    assert list(await reader.tickers(["A"])) == []


@pytest.mark.parametrize("body", ["<html>", "7", "[7]", '[{"symbol":"A"}]'])
async def test_garbage_is_no_answer(
    reader: BinanceReader, venue: Any, body: str
) -> None:
    venue.bodies["/api/v3/ticker/24hr"] = body
    with pytest.raises(UndecodableAnswer):
        await reader.tickers(["A"])


async def test_one_unknown_symbol_among_many_is_found_by_halving(
    reader: BinanceReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    symbols = [f"C{n}USDT" for n in range(60)]
    venue.bodies["/api/v3/ticker/24hr"] = refuses(set(symbols) - {"C42USDT"})
    with pytest.raises(UnknownMarket, match="C42USDT"):
        await reader.tickers(symbols)
    assert len(venue.asked) <= 7
    # The venue is well: what was refused is our caller's.
    assert monitor.failures == 0


@pytest.mark.parametrize("symbol", ["", "A,B", 'A"', "A B", "A" * 51])
async def test_what_is_no_symbol_is_not_even_asked(
    reader: BinanceReader, venue: Any, symbol: str
) -> None:
    for question in (
        reader.tickers([symbol]),
        reader.order_books([symbol], 1),
        reader.candles(symbol, Interval.M1, 1),
        reader.trades(symbol, 1),
    ):
        with pytest.raises(UnknownMarket):
            await question
    assert venue.asked == []


@pytest.mark.parametrize(
    ("code", "body", "condition"),
    [
        (400, INVALID, UnknownMarket),
        (400, json.dumps({"code": -1100, "msg": ILLEGAL.format("symbol")}), 1),
        (400, f"{INVALID[:-1]},{' ' * 300}}}", UnknownMarket),
        (400, json.dumps({"code": -1100, "msg": ILLEGAL.format("limit")}), 0),
        (400, '{"code":-1003,"msg":"Too much"}', 0),
        (400, "<html>", 0),
        (404, INVALID, 0),
    ],
)
async def test_only_a_refused_symbol_is_an_unknown_market(
    reader: BinanceReader, venue: Any, code: int, body: str, condition: Any
) -> None:
    expected = UnknownMarket if condition else RequestRejected
    for path in ("ticker/24hr", "depth", "klines", "trades"):
        venue.bodies[f"/api/v3/{path}"] = status(code, body)
    for question in (
        reader.tickers(["A"]),
        reader.order_books(["A"], 1),
        reader.candles("A", Interval.M1, 1),
        reader.trades("A", 1),
    ):
        with pytest.raises(expected):
            await question


async def test_a_failing_venue_is_asked_once_and_is_unavailable(
    reader: BinanceReader, venue: Any
) -> None:
    venue.bodies["/api/v3/trades"] = status(503)
    with pytest.raises(ServerFailed):
        await reader.trades("BTCUSDT", 1)
    assert len(venue.asked) == 1
