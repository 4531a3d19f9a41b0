"""Tickers by Upbit's REST side, and how it refuses."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from adapters.resilience.error import (
    RateLimited,
    RequestRejected,
    ServerFailed,
    UndecodableAnswer,
)
from adapters.resilience.monitor import UpstreamMonitor
from adapters.upbit.reader import UpbitReader
from domain.model.error import UnknownMarket, UpstreamUnavailable
from domain.model.event import QuoteUpdate
from domain.model.health import ServiceStatus
from domain.model.interval import Interval
from domain.model.market import Channel, Exchange
from domain.ports.market_reader import MarketReader
from tests.integration.venue.upbit_reader.conftest import (
    NOT_FOUND,
    refuses,
    status,
    ticker,
)


async def test_it_is_the_market_reader_of_its_channel(reader: UpbitReader) -> None:
    port: MarketReader = reader
    assert (port.exchange, port.channel) == (Exchange.UPBIT, Channel.REST)


async def test_tickers_come_in_one_request(reader: UpbitReader, venue: Any) -> None:
    venue.bodies["/v1/ticker"] = json.dumps(
        [ticker("KRW-ETH"), ticker("KRW-BTC"), ticker("KRW-NOT-ASKED")]
    )
    found = await reader.tickers(["KRW-BTC", "KRW-ETH", "KRW-BTC"])
    assert set(found) == {
        QuoteUpdate(code, Decimal("1.5"), 17) for code in ("KRW-BTC", "KRW-ETH")
    }
    assert venue.asked == [("/v1/ticker", {"markets": "KRW-BTC,KRW-ETH"})]
    assert all("Origin" not in headers for headers in venue.headers)


async def test_of_nothing_there_is_nothing_to_ask(
    reader: UpbitReader, venue: Any
) -> None:
    assert await reader.tickers([]) == []
    assert await reader.order_books([], 5) == []
    assert await reader.candles("KRW-BTC", Interval.M1, 5, before_ms=0) == ()
    assert venue.asked == []


async def test_a_bad_row_costs_itself_only_and_is_counted(
    reader: UpbitReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    hours_ahead = round(time.time() * 1000) + 2 * 3_600_000
    venue.bodies["/v1/ticker"] = json.dumps(
        [
            ticker("KRW-A", trade_price=-1),
            ticker("KRW-B", trade_price="NaN"),
            ticker("KRW-C", trade_timestamp=hours_ahead),
            {"x": 1},
            ticker("KRW-D"),
        ]
    )
    found = await reader.tickers([f"KRW-{name}" for name in "ABCD"])
    assert [update.market for update in found] == ["KRW-D"]
    assert monitor.rejects == {"row": 4}


async def test_an_answer_of_bad_rows_only_is_none(
    reader: UpbitReader, venue: Any
) -> None:
    venue.bodies["/v1/ticker"] = json.dumps([ticker("KRW-A", trade_price=0)])
    with pytest.raises(UndecodableAnswer):
        await reader.tickers(["KRW-A"])


@pytest.mark.parametrize("body", ["<html>", '{"a":1}', "[7]"])
async def test_garbage_is_no_answer(reader: UpbitReader, venue: Any, body: str) -> None:
    venue.bodies["/v1/ticker"] = body
    with pytest.raises(UndecodableAnswer):
        await reader.tickers(["KRW-A"])


async def test_one_unknown_code_that_is_asked_alone_is_named_at_once(
    reader: UpbitReader, venue: Any, monitor: UpstreamMonitor
) -> None:
    venue.bodies["/v1/ticker"] = refuses([], ticker)
    with pytest.raises(UnknownMarket) as caught:
        await reader.tickers(["KRW-NO"])
    assert (caught.value.exchange, caught.value.market) == ("UPBIT", "KRW-NO")
    assert len(venue.asked) == 1
    assert monitor.status().status is not ServiceStatus.UNAVAILABLE


async def test_one_unknown_code_among_many_is_found_by_halving(
    reader: UpbitReader, venue: Any
) -> None:
    codes = [f"KRW-C{n}" for n in range(150)]
    venue.bodies["/v1/ticker"] = refuses(set(codes) - {"KRW-C99"}, ticker)
    with pytest.raises(UnknownMarket, match="KRW-C99"):
        await reader.tickers(codes)
    assert len(venue.asked) <= 9


async def test_more_than_a_hundred_codes_are_asked_in_pieces(
    reader: UpbitReader, venue: Any
) -> None:
    codes = [f"KRW-C{n}" for n in range(150)]
    venue.bodies["/v1/ticker"] = refuses(codes, ticker)
    assert len(await reader.tickers(codes)) == 150
    assert len(venue.asked) == 2


@pytest.mark.parametrize("code", ["", "krw-btc", "KRW-A,KRW-B", "BTC", "KRW-A B"])
async def test_what_is_no_code_is_not_even_asked(
    reader: UpbitReader, venue: Any, code: str
) -> None:
    for question in (
        reader.tickers([code]),
        reader.order_books([code], 1),
        reader.candles(code, Interval.M1, 1),
        reader.trades(code, 1),
    ):
        with pytest.raises(UnknownMarket):
            await question
    assert venue.asked == []


async def test_a_path_that_is_missing_is_no_unknown_market(
    reader: UpbitReader, venue: Any
) -> None:
    missing = status(404, '{"error":{"name":404,"message":"no Route matched"}}')
    for path in ("/v1/ticker", "/v1/trades/ticks"):
        venue.bodies[path] = missing
    with pytest.raises(RequestRejected):
        await reader.tickers(["KRW-BTC"])
    with pytest.raises(RequestRejected):
        await reader.trades("KRW-BTC", 1)


async def test_a_failing_venue_is_asked_once_and_is_unavailable(
    reader: UpbitReader, venue: Any
) -> None:
    venue.bodies["/v1/orderbook"] = status(503)
    with pytest.raises(ServerFailed):
        await reader.order_books(["KRW-BTC"], 1)
    assert len(venue.asked) == 1
    venue.bodies["/v1/orderbook"] = status(429)
    with pytest.raises(RateLimited):
        await reader.order_books(["KRW-BTC"], 1)


async def test_a_failure_while_the_unknown_code_is_sought_is_passed_on(
    reader: UpbitReader, venue: Any
) -> None:
    async def answer(request: web.Request) -> web.Response:
        first = len(venue.asked) == 1
        return web.Response(status=404 if first else 503, text=NOT_FOUND)

    venue.bodies["/v1/ticker"] = answer
    with pytest.raises(UpstreamUnavailable):
        await reader.tickers(["KRW-A", "KRW-B"])
