"""Binance's REST side over a real connection."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.binance.rest import BinanceSource
from adapters.resilience.clock import SystemClock
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import UpstreamHttp
from adapters.resilience.monitor import UpstreamMonitor
from domain.model.event import QuoteUpdate
from domain.model.market import Channel, Exchange
from domain.ports.market_source import MarketSource

DAY = 20_000
DAY_MS = DAY * 86_400_000
MakeHttp = Callable[..., UpstreamHttp]


@pytest.fixture
def source(make_http: MakeHttp, monitor: UpstreamMonitor) -> BinanceSource:
    return BinanceSource(make_http(), SystemClock(), monitor.rejected)


def symbol(base: str, quote: str = "USDT", status: str = "TRADING") -> str:
    return (
        f'{{"symbol":"{base}{quote}","status":"{status}","baseAsset":"{base}",'
        f'"quoteAsset":"{quote}","filters":[]}}'
    )


def day(code: str, price: str = "2.50000000") -> str:
    return (
        f'{{"symbol":"{code}","lastPrice":"{price}","bidPrice":"2.4","askPrice":"2.6",'
        '"openPrice":"2.0","volume":"100","quoteVolume":"225.5","closeTime":17}'
    )


async def test_it_is_a_market_source(source: BinanceSource) -> None:
    port: MarketSource = source
    assert port.exchange is Exchange.BINANCE
    assert await port.price_points("BTCUSDT") == ()


async def test_markets_are_the_usdt_ones_with_their_state(
    source: BinanceSource, venue: Any, monitor: UpstreamMonitor
) -> None:
    listed = [symbol("BTC"), symbol("ETH", "BTC"), symbol("币安人生", status="BREAK")]
    body = f'{{"symbols":[{",".join(listed)},{{"symbol":7}}]}}'
    venue.bodies["/api/v3/exchangeInfo"] = body
    found = await source.markets()
    assert [(market.market, market.tradable) for market in found] == [
        ("BTCUSDT", True),
        ("币安人生USDT", False),
    ]
    assert venue.asked == [("/api/v3/exchangeInfo", {"showPermissionSets": "false"})]
    assert monitor.rejects == {"row": 1}


@pytest.mark.parametrize(
    "body", ['{"symbols":[]}', '{"symbols":[7]}', "[]", '{"code":-1}', "<html>"]
)
async def test_a_list_without_any_usdt_market_is_no_answer(
    source: BinanceSource, venue: Any, body: str
) -> None:
    venue.bodies["/api/v3/exchangeInfo"] = body
    with pytest.raises(UndecodableAnswer):
        await source.markets()


async def test_quotes_come_in_one_answer(
    source: BinanceSource, venue: Any, monitor: UpstreamMonitor
) -> None:
    items = [
        day("BTCUSDT"),
        day("LUNAUSDT", "0.00000000"),
        day("XRPUSDT", "1_0"),
        day("DOGEUSDT"),
    ]
    venue.bodies["/api/v3/ticker/24hr"] = f"[{','.join(items)}]"
    batch = await source.quotes({"BTCUSDT", "LUNAUSDT", "XRPUSDT"})
    assert (batch.exchange, batch.channel) == (Exchange.BINANCE, Channel.REST)
    assert batch.updates == (
        QuoteUpdate(
            market="BTCUSDT",
            price=Decimal("2.5"),
            exchange_ms=17,
            bid=Decimal("2.4"),
            ask=Decimal("2.6"),
            base_volume_24h=Decimal(100),
            quote_volume_24h=Decimal("225.5"),
            open_24h=Decimal(2),
        ),
    )
    assert venue.asked == [("/api/v3/ticker/24hr", {})]
    assert monitor.rejects == {"row": 1}


async def test_the_utc_open_is_the_open_of_the_days_candle(
    source: BinanceSource, venue: Any
) -> None:
    venue.bodies["/api/v3/klines"] = f'[[{DAY_MS},"7.5","9","5","8"]]'
    assert await source.utc_open("BTCUSDT", DAY) == Decimal("7.5")
    params = {
        "symbol": "BTCUSDT",
        "interval": "1d",
        "startTime": str(DAY_MS),
        "limit": "1",
    }
    assert venue.asked == [("/api/v3/klines", params)]
    venue.bodies["/api/v3/klines"] = "[]"
    assert await source.utc_open("BTCUSDT", DAY) is None


async def test_an_unusable_day_candle_is_no_answer(
    source: BinanceSource, venue: Any
) -> None:
    venue.bodies["/api/v3/klines"] = f'[[{DAY_MS},"0","9","5","8"]]'
    with pytest.raises(UndecodableAnswer):
        await source.utc_open("BTCUSDT", DAY)
