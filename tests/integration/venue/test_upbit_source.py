"""Upbit's REST side over a real connection."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from adapters.resilience.clock import SystemClock
from adapters.resilience.error import RequestRejected, UndecodableAnswer
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.monitor import UpstreamMonitor
from adapters.upbit.rest import CODES_PER_REQUEST, UpbitSource
from domain.model.error import UpstreamUnavailable
from domain.model.event import QuoteUpdate
from domain.model.market import Channel, Exchange
from domain.ports.market_source import MarketSource, PricePoint

DAY = 20_000  # 2024-10-04
MIDNIGHT_MS = DAY * 86_400_000
MakeHttp = Callable[..., UpstreamHttp]


@pytest.fixture
def source(make_http: MakeHttp, monitor: UpstreamMonitor) -> UpbitSource:
    return UpbitSource(make_http(), SystemClock(), monitor.rejected)


def ticker(code: str, price: str = "1.50") -> str:
    return (
        f'{{"market":"{code}","trade_price":{price},"trade_timestamp":17,'
        '"prev_closing_price":1.25,"acc_trade_price_24h":9.5,'
        '"acc_trade_volume_24h":"8.50"}'
    )


def candle(start: str, price: str) -> str:
    return (
        f'{{"market":"KRW-BTC","candle_date_time_utc":"{start}","opening_price":1,'
        f'"high_price":1,"low_price":1,"trade_price":{price},"prev_closing_price":6}}'
    )


def rows(*items: str) -> str:
    return f"[{','.join(items)}]"


async def test_it_is_a_market_source(source: UpbitSource) -> None:
    port: MarketSource = source
    assert port.exchange is Exchange.UPBIT


async def test_markets_are_asked_with_their_details(
    source: UpbitSource, venue: Any
) -> None:
    venue.bodies["/v1/market/all"] = rows(
        '{"market":"KRW-BTC","korean_name":"비트코인","english_name":"Bitcoin"}',
        '{"market":"BTC-ETH"}',
        '{"market":7}',
    )
    assert [market.market for market in await source.markets()] == ["KRW-BTC"]
    assert venue.asked == [("/v1/market/all", {"is_details": "true"})]
    assert all("Origin" not in headers for headers in venue.headers)


@pytest.mark.parametrize(
    "body", ["[]", '[{"market":"BTC-ETH"}]', "[7]", "{}", "<html>"]
)
async def test_a_list_without_any_won_market_is_no_answer(
    source: UpbitSource, venue: Any, body: str
) -> None:
    venue.bodies["/v1/market/all"] = body
    with pytest.raises(UndecodableAnswer):
        await source.markets()


async def test_quotes_come_in_one_answer(source: UpbitSource, venue: Any) -> None:
    venue.bodies["/v1/ticker/all"] = rows(ticker("KRW-ETH"), ticker("KRW-BTC"))
    batch = await source.quotes({"KRW-BTC", "KRW-XRP"})
    assert (batch.exchange, batch.channel) == (Exchange.UPBIT, Channel.REST)
    assert abs(batch.received_ms - time.time() * 1000) < 60_000
    assert batch.updates == (
        QuoteUpdate(
            market="KRW-BTC",
            price=Decimal("1.50"),
            exchange_ms=17,
            base_volume_24h=Decimal("8.50"),
            quote_volume_24h=Decimal("9.5"),
            open_utc=Decimal("1.25"),
        ),
    )
    assert venue.asked == [("/v1/ticker/all", {"quote_currencies": "KRW"})]


async def test_a_bad_row_costs_itself_only_and_is_counted(
    source: UpbitSource, venue: Any, monitor: UpstreamMonitor
) -> None:
    venue.bodies["/v1/ticker/all"] = rows(
        ticker("KRW-A", "0E-8"), ticker("KRW-B", '"NaN"'), '{"x":1}', ticker("KRW-C")
    )
    batch = await source.quotes({"KRW-A", "KRW-B", "KRW-C"})
    assert [update.market for update in batch.updates] == ["KRW-C"]
    assert monitor.rejects == {"row": 3}
    details = [kept.reject.detail for kept in monitor.kept_rejects]
    assert any("KRW-B" in detail for detail in details)


async def test_without_ticker_all_the_codes_are_asked_in_pieces(
    source: UpbitSource, venue: Any
) -> None:
    codes = [f"KRW-C{n:03}" for n in range(CODES_PER_REQUEST + 1)]
    venue.bodies["/v1/ticker"] = answer_codes(set(codes))
    batch = await source.quotes(codes)
    assert [update.market for update in batch.updates] == codes
    paths = [path for path, _ in venue.asked]
    assert paths == ["/v1/ticker/all", "/v1/ticker", "/v1/ticker"]
    await source.quotes(codes[:1])
    assert [path for path, _ in venue.asked[3:]] == ["/v1/ticker"]


async def test_one_unknown_code_does_not_cost_the_others(
    source: UpbitSource, venue: Any
) -> None:
    codes = [f"KRW-C{n}" for n in range(8)]
    venue.bodies["/v1/ticker"] = answer_codes(set(codes) - {"KRW-C5"})
    batch = await source.quotes(codes)
    assert len(batch.updates) == 7


def answer_codes(known: set[str]) -> object:
    async def handle(request: web.Request) -> web.Response:
        asked = request.query["markets"].split(",")
        if not known.issuperset(asked):
            return web.Response(status=404, text="{}")
        return web.Response(text=rows(*map(ticker, asked)))

    return handle


async def test_a_refusal_other_than_not_found_is_passed_on(
    source: UpbitSource, venue: Any
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=400, text="{}")

    venue.bodies["/v1/ticker/all"] = refuse
    with pytest.raises(RequestRejected):
        await source.quotes({"KRW-BTC"})
    del venue.bodies["/v1/ticker/all"]
    venue.bodies["/v1/ticker"] = refuse
    with pytest.raises(RequestRejected):
        await source.quotes({"KRW-BTC"})


async def test_the_utc_open_is_the_price_before_the_days_candle(
    source: UpbitSource, venue: Any
) -> None:
    venue.bodies["/v1/candles/days"] = rows(candle("2024-10-04T00:00:00", "8"))
    assert await source.utc_open("KRW-BTC", DAY) == 6
    params = {"market": "KRW-BTC", "count": "1", "to": "2024-10-05T00:00:00Z"}
    assert venue.asked == [("/v1/candles/days", params)]
    venue.bodies["/v1/candles/days"] = "[]"
    assert await source.utc_open("KRW-BTC", DAY) is None


async def test_an_unusable_day_candle_is_no_answer(
    source: UpbitSource, venue: Any
) -> None:
    venue.bodies["/v1/candles/days"] = rows(candle("whenever", "8"))
    with pytest.raises(UpstreamUnavailable):
        await source.utc_open("KRW-BTC", DAY)


async def test_price_points_ascend_and_bad_candles_are_counted(
    source: UpbitSource, venue: Any, monitor: UpstreamMonitor
) -> None:
    venue.bodies["/v1/candles/minutes/10"] = rows(
        candle("2024-10-04T00:20:00", "3"),
        candle("2024-10-04T00:10:00", "0"),
        candle("2024-10-04T00:00:00", "1.50"),
    )
    assert await source.price_points("KRW-BTC") == (
        PricePoint(MIDNIGHT_MS + 600_000, Decimal("1.50")),
        PricePoint(MIDNIGHT_MS + 1_800_000, Decimal(3)),
    )
    params = {"market": "KRW-BTC", "count": "200"}
    assert venue.asked == [("/v1/candles/minutes/10", params)]
    assert monitor.rejects == {"row": 1}


async def test_what_the_venue_does_not_have_is_unavailable(
    source: UpbitSource, venue: Any
) -> None:
    for ask in (source.markets(), source.price_points("KRW-BTC")):
        with pytest.raises(UpstreamUnavailable):
            await ask
